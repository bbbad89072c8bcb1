package config

import (
	"math"
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "500ms": 500 * time.Millisecond, "1m30s": 90 * time.Second, "1.5h": 90 * time.Minute,
		"1d": day, "2w": 14 * day, "1y": 365 * day, "1d12h": 36 * time.Hour, "1w2d": 9 * day, "10µs": 10 * time.Microsecond,
	} {
		var d Duration
		if err := d.decodeText(text); err != nil || d.Std() != want {
			t.Errorf("%s: got %s, %v, want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"10", "-1s", "+1s", "1x", "d", "1d-1h", "1h1d", "2d1w", "soon", "1 s", "300y", "99999999999999999999d"} {
		var d Duration
		if err := d.decodeText(text); err == nil {
			t.Errorf("%q: got %s, want an error", text, d)
		}
	}
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1048576": 1 << 20, "256kb": 256 << 10, "2M": 2 << 20, "1MiB": 1 << 20, "64 MiB": 64 << 20, "8KB": 8 << 10, "3b": 3, "1G": 1 << 30, "1TiB": 1 << 40,
	} {
		var b Bytes
		if err := b.decodeText(text); err != nil || b.Int64() != want {
			t.Errorf("%s: got %d, %v, want %d", text, b, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5MiB", "1XB", "9999999T", "99999999999999999999", "1 2"} {
		var b Bytes
		if err := b.decodeText(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, b)
		}
	}
}

func TestPrintedSizesReadBack(t *testing.T) {
	for _, b := range []Bytes{0, 1, 1023, 1024, 1025, 1 << 20, 3 << 30, 1 << 50, math.MaxInt64} {
		var again Bytes
		if err := again.decodeText(b.String()); err != nil || again != b {
			t.Errorf("%d: %s reads back as %d, %v", int64(b), b, again, err)
		}
	}
}

func TestNumbersAndTruthAsPromtailReadsThem(t *testing.T) {
	for text, want := range map[string]int{"9080": 9080, "0x10": 16, "010": 8, "1e3": 1000, "1_000": 1000} {
		c := mustParse(t, minimal+"server: {http_listen_port: "+text+"}\n")
		if c.Server.HTTPListenPort != want {
			t.Errorf("%s: got %d, want %d", text, c.Server.HTTPListenPort, want)
		}
	}
	for text, want := range map[string]bool{"true": true, "Yes": true, "ON": true, "y": true, "false": false, "no": false, "Off": false} {
		c := mustParse(t, minimal+"positions: {ignore_invalid_yaml: "+text+"}\n")
		if c.Positions.IgnoreInvalidYAML != want {
			t.Errorf("%s: got %v, want %v", text, c.Positions.IgnoreInvalidYAML, want)
		}
	}
}

func TestTruthInStagesMayBeQuoted(t *testing.T) {
	for text, want := range map[string]bool{"'true'": true, `"T"`: true, "1": true, "'false'": false, "0": false, "no": false} {
		c := mustParse(t, withStages("[{limit: {rate: 1, burst: 1, drop: "+text+"}}]"))
		if got := c.ScrapeConfigs[0].PipelineStages[0].Limit.Drop; got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestStagesMayBeEmptyAsInPromtail(t *testing.T) {
	c := mustParse(t, withStages("[{labels: {}}, {static_labels: {}}, {structured_metadata: {}}, {metrics: {}}, {cri: {max_partial_lines: 0}}]"))
	stages := c.ScrapeConfigs[0].PipelineStages
	if stages[0].Labels == nil || stages[1].StaticLabels == nil || stages[2].StructuredMetadata == nil || stages[3].Metrics == nil || stages[4].CRI.MaxPartialLines != 100 {
		t.Errorf("got %+v", stages)
	}
	if len(c.Warnings) != 4 {
		t.Errorf("got warnings %v, want one for each empty stage", c.Warnings)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"expression", "source", "job_name"}
	for name, want := range map[string]string{
		"expresion": "expression", "Source": "source", "soruce": "source", "jobname": "job_name", "banana": "", "x": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
