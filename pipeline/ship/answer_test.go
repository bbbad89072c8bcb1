package ship

import (
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// The texts are Loki 3.7.8's own.
func TestRefusalsAsLokiWritesThem(t *testing.T) {
	at := func(s string) int64 {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixNano()
	}
	for _, c := range []struct {
		text          string
		reason        string
		all           bool
		before, after int64
	}{
		{
			"1 errors like: entry for stream '{app=\"a\"}' has timestamp too old: 2026-11-14T19:35:39Z, oldest acceptable timestamp is: 2026-11-16T04:35:47Z; 1 errors like: entry for stream '{app=\"a\"}' has timestamp too old: 2026-11-10T16:35:39Z, oldest acceptable timestamp is: 2026-11-16T04:35:47Z",
			"ingester_error", false, at("2026-11-16T04:35:47Z"), math.MaxInt64,
		},
		{
			"1 errors like: entry for stream '{app=\"a\"}' has timestamp too new: 2026-11-23T06:35:39Z; 1 errors like: entry for stream '{app=\"a\"}' has timestamp too new: 2026-11-23T07:35:39+02:00",
			"ingester_error", false, math.MinInt64, at("2026-11-23T05:35:40Z"),
		},
		{
			"entry with timestamp 2026-11-23 01:35:39.613497719 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-23T01:35:39Z, oldest acceptable timestamp is: 2026-11-23T03:35:39Z',\nentry with timestamp 2026-11-23 00:35:39.613497719 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-23T00:35:39Z, oldest acceptable timestamp is: 2026-11-23T03:35:40Z',\nuser 'fake', total ignored: 2 out of 3 for stream: {app=\"a\"}",
			"ingester_error", false, at("2026-11-23T03:35:40Z"), math.MaxInt64,
		},
		{
			"entry with timestamp 2026-11-23 01:35:39.613497719 +0000 UTC ignored, reason: 'entry out of order',\nuser 'fake', total ignored: 12 out of 12 for stream: {app=\"a\"}",
			"ingester_error", true, math.MinInt64, math.MaxInt64,
		},
		{
			"max entry size '262144' bytes exceeded for stream '{app=\"a\"}' while adding an entry with length '262145' bytes",
			"line_too_long", false, math.MinInt64, math.MaxInt64,
		},
		{
			"Max entry size '262144' bytes exceeded for stream '{app=\"a\"}' while adding an entry with length '262145' bytes", // 2.9
			"line_too_long", false, math.MinInt64, math.MaxInt64,
		},
	} {
		out := classify(&http.Response{StatusCode: 400}, c.text, nil)
		if out.verdict != refused || out.reason != c.reason || out.all != c.all || out.before != c.before || out.after != c.after {
			t.Errorf("%.80s…: got %+v", c.text, out)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]time.Duration{
			"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "999999999999": time.Hour,
			time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat):  9 * time.Second,
			time.Now().Add(-9 * time.Second).UTC().Format(http.TimeFormat): 0,
			time.Now().Add(9 * time.Hour).UTC().Format(http.TimeFormat):    time.Hour,
		} {
			if got := retryAfter(&http.Response{Header: http.Header{"Retry-After": {header}}}); got != want {
				t.Errorf("%q: got %v, want %v", header, got, want)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(400, "oldest acceptable timestamp is: 2026-11-16T04:35:47Z total ignored: 1 out of 2")
	f.Add(429, "stream limit")
	f.Fuzz(func(t *testing.T, status int, text string) {
		out := classify(&http.Response{StatusCode: status}, text, nil)
		if (out.verdict == stored) != (status/100 == 2 && status != statusBlocked) {
			t.Errorf("%d is verdict %d", status, out.verdict)
		}
		if out.verdict != stored && (out.err == nil || out.reason == "") {
			t.Errorf("%d: %+v", status, out)
		}
	})
}

func TestErrorsDoNotShowTheQueryOfAnAddress(t *testing.T) {
	inner := &url.Error{Op: "Post", URL: "http://192.0.2.2/token?key=hunter2", Err: io.EOF}
	err := unreachable(&url.Error{Op: "Post", URL: "http://192.0.2.1/push?key=hunter2", Err: inner}).err
	if text := err.Error(); strings.Contains(text, "hunter2") || !strings.Contains(text, "http://192.0.2.1/push") {
		t.Errorf("got %s", text)
	}
}

// Loki quotes the labels before it says what is wrong with them, and what is
// logged of that is bounded.
func TestRefusalOfALongLabelIsUnderstoodAndShort(t *testing.T) {
	value := strings.Repeat("v", 64<<10) + `"`
	labels := []pipeline.Label{{Name: "app", Value: value}, {Name: "job", Value: "x"}}
	text := "stream '" + pipeline.LabelText(labels) + "' has label value too long: '" + value + "'"
	if most := maxAnswer + quoted(labels); int64(len(text)) > most {
		t.Errorf("the answer has %d bytes, and %d are read", len(text), most)
	}
	out := classify(&http.Response{StatusCode: 400}, text, labels)
	if out.lokiReason != "label_value_too_long" || !out.all {
		t.Errorf("reason %q, whole stream %v", out.lokiReason, out.all)
	}
	if got := out.err.Error(); len(got) > 1000 || !strings.Contains(got, "label value too long") || !strings.Contains(got, `job="x"`) {
		t.Errorf("%d bytes: %.1000s", len(got), got)
	}
	if got := shortened(strings.Repeat("é", longText)); len(got) > longText+3 || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}
