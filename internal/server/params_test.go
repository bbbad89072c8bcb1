package server

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

var testNow = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

func TestTimesOfRequests(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]time.Time{
		"now": testNow, "now-1h": testNow.Add(-time.Hour), "now-1h30m": testNow.Add(-90 * time.Minute), "now-7d": testNow.AddDate(0, 0, -7),
		"now-2w": testNow.AddDate(0, 0, -14), "now+5m": testNow.Add(5 * time.Minute),
		"2026-01-02T03:04:05Z": at, "2026-01-02T05:04:05+02:00": at, "2026-01-02T03:04:05.123456789Z": at.Add(123456789),
		"1767323045": at, "1767323045000": at, "1767323045000000": at, "1767323045000000000": at, "1767323045.5": at.Add(time.Second / 2),
		"0": time.Unix(0, 0),
	}
	for text, want := range tests {
		got, err := parseTime(text, testNow)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, bad := range []string{
		"", "yesterday", "now-", "now-1", "now-1y", "now1h", "now-0s", "now--1h", "-5", "+5", "1e9", "1767323045.", "1.1234567890", "now-99999999999999d",
		"2026-01-02", "2026-13-02T03:04:05Z", "9999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "99999999999999999999", "now-101w1000000h", "1767323045000.5",
	} {
		if got, err := parseTime(bad, testNow); !errors.Is(err, errTime) {
			t.Errorf("%q: got %v, %v, want errTime", bad, got, err)
		}
	}
}

func TestPatternsAreAnOperatorAndAText(t *testing.T) {
	f, err := parseFilters(url.Values{"pattern": {"|>a <_>", "!~^b"}})
	if want := []loki.LineFilter{{Op: "|>", Text: "a <_>"}, {Op: "!~", Text: "^b"}}; err != nil || !slices.Equal(f.selection.Lines, want) {
		t.Errorf("got %+v, %v, want %+v", f.selection.Lines, err, want)
	}
	for _, bad := range []string{"", "|", "|>", "|=a", "a|>", `"} or`, "|~" + strings.Repeat("x", textMax+1)} {
		if _, err := parseFilters(url.Values{"pattern": {bad}}); err == nil {
			t.Errorf("%q was taken", shorten(bad))
		}
	}
	if _, err := parseFilters(url.Values{"pattern": {"|>a"}, "query": {`{a="b"}`}}); err == nil {
		t.Error("a pattern was taken beside a query")
	}
}

func TestStepsFitTheRange(t *testing.T) {
	tests := []struct {
		length time.Duration
		text   string
		want   time.Duration
	}{
		{time.Minute, "", time.Second}, {time.Hour, "auto", 30 * time.Second}, {24 * time.Hour, "", 15 * time.Minute},
		{7 * 24 * time.Hour, "", 2 * time.Hour}, {30 * 24 * time.Hour, "", 6 * time.Hour}, {365 * 24 * time.Hour, "", 7 * 24 * time.Hour},
		{time.Hour, "10s", 10 * time.Second}, {time.Hour, "1h30m", 90 * time.Minute},
	}
	for _, test := range tests {
		got, err := parseStep(url.Values{"step": {test.text}}, span{testNow, testNow.Add(test.length)})
		if err != nil || got != test.want {
			t.Errorf("%s of %s: got %s, %v, want %s", test.text, test.length, got, err, test.want)
		}
	}
}

func TestFiltersBecomeASelection(t *testing.T) {
	tests := map[string]string{
		"":                                `{job=~".+"}`,
		"service=a":                       `{job=~".+", service="a"}`,
		"service=a&service=b&env=!demo":   `{job=~".+", env!="demo", service=~"a|b"}`,
		"level=error&level=fatal":         `{job=~".+", level=~"error|fatal"}`,
		"service=!a&service=b":            `{job=~".+", service!="a", service="b"}`,
		"service=&env=!":                  `{job=~".+"}`,
		"q=Pool+timeout&q=x&q=":           `{job=~".+"} |~ "(?i)Pool timeout" |~ "(?i)x"`,
		`q="}`:                            `{job=~".+"} |~ "(?i)\"\\}"`,
		"host=h&container=c&job=j&other=": `{job=~".+", container="c", host="h", job="j"}`,
	}
	for text, want := range tests {
		params, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parseFilters(params)
		if err != nil || f.selection.LogQL(loki.DefaultSelector) != want {
			t.Errorf("%s: got %s, %v, want %s", text, f.selection.LogQL(loki.DefaultSelector), err, want)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"now-1h", "2026-01-02T03:04:05Z", "1767323045.5", "1767323045000000000", "now+", "now-9w9d9h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseTime(text, testNow)
		if err != nil {
			if !errors.Is(err, errTime) {
				t.Fatalf("%q: got %v, want errTime", text, err)
			}
			return
		}
		if back := time.Unix(0, at.UnixNano()); !back.Equal(at) || at.Before(timeMin) {
			t.Fatalf("%q gives %v, which Loki cannot store", text, at)
		}
	})
}

func FuzzParseFilters(f *testing.F) {
	f.Add("service=a&level=!error&q=x")
	f.Add(`query={a="b"}`)
	f.Fuzz(func(t *testing.T, text string) {
		params, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		got, err := parseFilters(params)
		if err != nil {
			if len(err.Error()) > 1000 || !utf8.ValidString(strings.ToValidUTF8(err.Error(), "")) {
				t.Fatalf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		if query := got.selection.LogQL(loki.DefaultSelector); !strings.HasPrefix(query, "{") || !utf8.ValidString(query) {
			t.Fatalf("%q gives %q", text, query)
		}
		parseRange(params, testNow) // none of these may panic
		parseLimit(params, 1, 2)
		parseBy(params)
		parseDirection(params)
		if r, err := parseRange(params, testNow); err == nil {
			parseStep(params, r)
		}
	})
}
