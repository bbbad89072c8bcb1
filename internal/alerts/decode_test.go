package alerts

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// recorded decodes a recorded notification.
func recorded(t testing.TB, file string) Notification {
	t.Helper()
	body, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNotificationsOfEachVersionAreUnderstood(t *testing.T) {
	t.Parallel()
	for file, extra := range map[string]string{
		"v0.31.json": `{}`,
		"v0.32.json": `{"notification_reason":"first notification"}`,
		"v0.34.json": `{"notification_reason":"repeat interval elapsed","routeLabels":{"team":"platform","pager":"false"},"somethingNew":{"nested":[1,null]}}`,
	} {
		n := recorded(t, file)
		if len(n.Alerts) != 2 || n.Malformed != 0 || n.Receiver != "dashboard" {
			t.Fatalf("%s: %+v", file, n)
		}
		first, second := n.Alerts[0], n.Alerts[1]
		if first.Resolved || first.Fingerprint != "1a30ba71cca2921f" || first.Labels["env"] != "production" || first.Annotations["summary"] != "backend does not answer" {
			t.Errorf("%s: the first is %+v", file, first)
		}
		if want := time.Date(2026, 3, 1, 14, 3, 7, 123456789, time.UTC); !first.StartsAt.Equal(want) || first.EndsAt.Year() != 1 {
			t.Errorf("%s: the first is from %v to %v", file, first.StartsAt, first.EndsAt)
		}
		// The status of the group is firing: that of the alert counts.
		if !second.Resolved || !second.EndsAt.Equal(time.Date(2026, 3, 1, 14, 2, 0, 5e8, time.UTC)) {
			t.Errorf("%s: the second is %+v", file, second)
		}
		if got := extraOf(n.Extra, first.Extra); got != extra {
			t.Errorf("%s: extra is %s, want %s", file, got, extra)
		}
	}
	if n := recorded(t, "v0.34.json"); n.Truncated != 7 {
		t.Errorf("%d are left out, want 7", n.Truncated)
	}
}

// alertJSON is an alert with labels as JSON.
func alertJSON(labels string) string {
	return `{"status":"firing","labels":` + labels + `,"startsAt":"2026-03-01T14:00:00Z","fingerprint":"abc"}`
}

func TestWhatCannotBeUnderstoodIsCountedAndTheRestIsTaken(t *testing.T) {
	t.Parallel()
	body := `{"alerts":[` + strings.Join([]string{
		`null`, `7`, `[]`, `{}`, `{"labels":{"alertname":"A"}}`, `{"labels":{"alertname":"A"},"startsAt":"soon"}`,
		`{"labels":{"alertname":"A"},"startsAt":"0001-01-01T00:00:00Z"}`, alertJSON(`{}`), alertJSON(`{"alertname":1}`), alertJSON(`null`),
		alertJSON(`{"alertname":"Good"}`),
	}, ",") + `],"truncatedAlerts":"many","receiver":{},"version":5}`
	n, err := Decode([]byte(body))
	if err != nil || len(n.Alerts) != 1 || n.Malformed != 10 || n.Alerts[0].Labels["alertname"] != "Good" || n.Truncated != 0 {
		t.Errorf("got %+v, %v", n, err)
	}
}

func TestOnlyWhatIsNoNotificationIsUnparsable(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `null`, `[]`, `"x"`, `{`, `{}`, `{"alerts":7}`, `{"alerts":null}`, "\xff", strings.Repeat("[", 20000)} {
		if _, err := Decode([]byte(body)); !errors.Is(err, ErrUnparsable) {
			t.Errorf("%.20q: %v", body, err)
		}
	}
	if n, err := Decode([]byte(`{"alerts":[]}`)); err != nil || len(n.Alerts) != 0 {
		t.Errorf("no alerts: %+v, %v", n, err)
	}
}

func TestHostileLabelsAreBounded(t *testing.T) {
	t.Parallel()
	labels := `{"alertname":"<img src=x onerror=alert(1)>","long":"` + strings.Repeat("é", 5000) + `","control":"a\u0000b\u001b[31m\u0085c\nd","bad":"` + "\xff" + `"`
	for i := range 200 {
		labels += fmt.Sprintf(`,"x%03d":"v"`, i)
	}
	n, err := Decode([]byte(`{"alerts":[` + alertJSON(labels+`}`) + `]}`))
	if err != nil || len(n.Alerts) != 1 {
		t.Fatalf("got %+v, %v", n, err)
	}
	got := n.Alerts[0].Labels
	if len(got) != pairsMax || got["alertname"] != "<img src=x onerror=alert(1)>" {
		t.Errorf("%d labels, the name is %q", len(got), got["alertname"])
	}
	if v := got["long"]; len(v) > labelMax+len("…")+utf8.UTFMax || !strings.HasSuffix(v, "…") || !utf8.ValidString(v) {
		t.Errorf("long has %d bytes", len(v))
	}
	if v := got["control"]; v != "a\uFFFDb\uFFFD[31m\uFFFDc\nd" {
		t.Errorf("control is %q", v)
	}
}

func TestAMissingFingerprintIsAlertmanagers(t *testing.T) {
	t.Parallel()
	// What Alertmanager 0.31.1 gives for these labels.
	body := `{"alerts":[{"labels":{"alertname":"Watchdog","severity":"none"},"startsAt":"2026-03-01T14:00:00Z","fingerprint":"../x"}]}`
	n, err := Decode([]byte(body))
	if err != nil || len(n.Alerts) != 1 || n.Alerts[0].Fingerprint != "448881ef475b9b26" {
		t.Fatalf("got %+v, %v", n, err)
	}
}

func TestOnlyAddressesOfTheWebAreFollowed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://example.org/runbooks/A?x=1#y": "https://example.org/runbooks/A?x=1#y", "http://127.0.0.1:9090/graph": "http://127.0.0.1:9090/graph",
		"javascript:alert(1)": "", "data:text/html,x": "", "//example.org": "", "https:///x": "", "": "", "runbook": "", "http://[": "", "file:///etc/passwd": "",
	} {
		if got := SafeURL(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, file := range []string{"v0.31.json", "v0.34.json"} {
		body, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"alerts":[` + alertJSON(`{"a":"b"}`) + `],"truncatedAlerts":-1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := Decode(body)
		if err != nil && !errors.Is(err, ErrUnparsable) {
			t.Fatalf("another error: %v", err)
		}
		if n.Truncated < 0 {
			t.Errorf("%d are left out", n.Truncated)
		}
		for _, a := range n.Alerts {
			if !isFingerprint(a.Fingerprint) || len(a.Labels) == 0 || len(a.Labels) > pairsMax || a.StartsAt.UnixMilli() <= 0 {
				t.Errorf("not bounded: %+v", a)
			}
			for name, value := range a.Labels {
				if !utf8.ValidString(name+value) || strings.ContainsRune(name+value, 0) {
					t.Errorf("label %q=%q", name, value)
				}
			}
			tell(a, n) // it encodes
		}
	})
}
