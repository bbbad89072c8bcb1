package stage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// containerRig is a rig of a container's log, with the labels of its streams.
type containerRig struct {
	*rig
	counted, corrupt int
}

func newContainerRig(t testing.TB, stages string, stdout, stderr []pipeline.Label) *containerRig {
	t.Helper()
	text := "clients: [{url: 'http://192.0.2.1/loki/api/v1/push'}]\nscrape_configs:\n- job_name: test\n" +
		"  docker_sd_configs: [{host: 'unix:///s'}]\n  pipeline_stages:\n" +
		"  " + strings.ReplaceAll(strings.TrimSpace(stages), "\n", "\n  ") + "\n"
	cfg, err := config.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := CompileContainer(cfg.ScrapeConfigs[0].PipelineStages, NewMetrics(func() time.Time { return testNow }))
	if err != nil {
		t.Fatal(err)
	}
	r := &containerRig{rig: newRig(t, p)}
	opts := r.feed.opts
	opts.Container = &ContainerOptions{
		Stdout: stdout, Stderr: stderr, Entry: func() { r.counted++ }, Corrupt: func() { r.corrupt++ },
	}
	r.feed = p.NewFeed(opts)
	return r
}

func streamLabel(value string) []pipeline.Label { return []pipeline.Label{{Name: "s", Value: value}} }

// api feeds a record as source/docker reads it.
func (r *containerRig) api(stream string, at int64, text string) {
	r.ledger.Read(r.offset + 1)
	r.feed.Push(&pipeline.Line{
		Text: []byte(text), Time: at, Ledger: r.ledger, Range: pipeline.Range{Start: r.offset, End: r.offset + 1},
		Fields: []pipeline.Field{{Name: pipeline.ContainerStream, Value: []byte(stream)}},
	}, r.now, r.outbox)
	r.offset++
	r.outbox.Flush()
}

const nothing = "- labeldrop: [gone]"

func TestContainerLinesAreTheSameFromDiskAndByTheAPI(t *testing.T) {
	type rec struct {
		ns           int64
		stream, text string
	}
	records := []rec{
		{1, "stdout", "one\n"}, {2, "stderr", "two\r\n"}, {3, "stdout", "part "}, {4, "stderr", "between\n"}, {3, "stdout", "rest\n"},
		{5, "stdout", "\n"}, {6, "stdout", "never ended"}, {7, "stdout", "ön \"quoted\"\n"},
	}
	second := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var want []entry
	for _, e := range []rec{{1, "out", "one"}, {2, "err", "two"}, {4, "err", "between"}, {3, "out", "part rest"}, {5, "out", ""}, {6, "out", "never ended"}, {7, "out", `ön "quoted"`}} {
		want = append(want, entry{Labels: `{s="` + e.stream + `"}`, Time: second.Add(time.Duration(e.ns)).Format(time.RFC3339Nano), Line: e.text, Meta: "-"})
	}
	for _, disk := range []bool{true, false} {
		r := newContainerRig(t, nothing, streamLabel("out"), streamLabel("err"))
		r.now = second.Add(time.Hour)
		for _, rec := range records {
			if disk {
				r.push(dockerLine(rec.stream, second.Add(time.Duration(rec.ns)).Format(time.RFC3339Nano), rec.text))
			} else {
				r.api(rec.stream, second.UnixNano()+rec.ns, rec.text)
			}
		}
		r.want(want...)
		if r.counted != len(want) || r.corrupt != 0 || len(r.dropped) != 0 {
			t.Errorf("disk %t: %d lines counted, %d corrupt, dropped %v", disk, r.counted, r.corrupt, r.dropped)
		}
		r.done()
		if n := r.ledger.Unsettled(); n != 0 {
			t.Errorf("disk %t: %d are unsettled", disk, n)
		}
	}
}

// Both streams may have the same labels: their parts are still not mixed.
func TestPartsOfTwoStreamsWithOneLabelSetAreNotMixed(t *testing.T) {
	r := newContainerRig(t, nothing, streamLabel("x"), streamLabel("x"))
	r.api("stdout", 1, "a")
	r.api("stderr", 2, "1")
	r.api("stdout", 1, "b\n")
	r.api("stderr", 2, "2\n")
	r.want(entry{"-", "-", "ab", "-"}, entry{"-", "-", "12", "-"})
}

func TestDamagedRecordsAreCountedAndTheNextIsRead(t *testing.T) {
	for name, line := range map[string]string{
		"nul": "\x00\x00x", "text": "hello", "no log": `{"stream":"stdout","time":"2026-11-23T12:00:00Z"}`, "no object": `["log"]`,
		"no time": `{"log":"x\n","stream":"stdout"}`, "cut": `{"log":"x\n","str`, "empty": "", "log is no text": `{"log":1,"time":"2026-11-23T12:00:00Z"}`,
	} {
		r := newContainerRig(t, nothing, streamLabel("out"), streamLabel("err"))
		r.push(line, dockerAt(1, "stdout", "good\n"))
		r.want(entry{`{s="out"}`, "-", "good", "-"})
		if r.corrupt != 1 || !slices.Equal(r.dropped, []string{fmt.Sprintf("docker_record %d", len(line))}) {
			t.Errorf("%s: %d corrupt, dropped %v", name, r.corrupt, r.dropped)
		}
		r.done()
		if n := r.ledger.Unsettled(); n != 0 {
			t.Errorf("%s: %d bytes are unsettled", name, n)
		}
	}
}

// A crash of the engine leaves half a record, and the next one behind it in the
// same line.
func TestARecordBehindHalfARecordIsRead(t *testing.T) {
	r := newContainerRig(t, nothing, streamLabel("out"), streamLabel("err"))
	r.push(`{"log":"half of a li` + dockerAt(1, "stderr", `good {"log":`+"\n"))
	r.want(entry{`{s="err"}`, "-", `good {"log":`, "-"})
	if r.corrupt != 1 || len(r.dropped) != 0 {
		t.Errorf("%d corrupt, dropped %v", r.corrupt, r.dropped)
	}
}

func TestAStreamThatRelabellingDropsIsDropped(t *testing.T) {
	r := newContainerRig(t, nothing, streamLabel("out"), nil)
	r.api("stderr", 1, "x\n")
	r.api("stdout", 2, "y\n")
	r.want(entry{`{s="out"}`, "-", "y", "-"})
	if !slices.Equal(r.dropped, []string{"relabel 2"}) {
		t.Errorf("dropped %v", r.dropped)
	}
}

// The user's own docker stage finds no record, as in promtail, and the stages see
// nothing of the steps before them.
func TestStagesOfContainersGetThePlainLine(t *testing.T) {
	r := newContainerRig(t, `
- docker: {}
- json: {expressions: {level: , stream: }}
- labels: {level: , stream: , __container_stream: }
- output: {source: level}`, streamLabel("out"), streamLabel("err"))
	r.push(dockerAt(5, "stdout", `{"level":"info"}`+"\n"))
	r.want(entry{`{level="info", s="out"}`, "-", "info", "-"})
}

// Lines without labels go on: a stage or a client may give them some.
func TestAContainerWithoutLabelsIsNotDropped(t *testing.T) {
	r := newContainerRig(t, "- static_labels: {a: b}", []pipeline.Label{}, nil)
	r.api("stdout", 1, "x\n")
	r.want(entry{`{a="b"}`, "-", "x", "-"})
}

func TestContainerRecordsDoNotAllocate(t *testing.T) {
	r := newContainerRig(t, nothing, streamLabel("out"), streamLabel("err"))
	line := []byte(dockerAt(123456789, "stdout", `a line with "quotes"`+"\n"))
	fields := []pipeline.Field{{Name: pipeline.ContainerStream, Value: []byte("stderr")}}
	for name, l := range map[string]pipeline.Line{
		"disk": {Text: line, Ledger: r.ledger}, "api": {Text: []byte("line\n"), Time: 5, Fields: fields, Ledger: r.ledger},
	} {
		push := func() {
			l.Range = pipeline.Range{Start: r.offset, End: r.offset + 10}
			r.offset += 10
			r.ledger.Read(r.offset)
			r.feed.Push(&l, r.now, r.outbox)
		}
		for range 100 {
			push()
		}
		if n := testing.AllocsPerRun(100, push); n > 0 {
			t.Errorf("%s: %v allocations for a record", name, n)
		}
	}
}

// FuzzContainerJSON: whatever a file holds, each line is an entry or counted, and
// settled.
func FuzzContainerJSON(f *testing.F) {
	f.Add(dockerAt(1, "stdout", "x\n"))
	f.Add(`{"log":"half` + dockerAt(1, "stderr", "x\n"))
	f.Add("\x00\x00")
	f.Fuzz(func(t *testing.T, line string) {
		r := newContainerRig(t, nothing, streamLabel("out"), streamLabel("err"))
		r.push(line)
		r.flush(time.Minute, true)
		r.done()
		if len(r.entries)+len(r.dropped) != 1 || r.ledger.Unsettled() != 0 {
			t.Fatalf("%d entries, dropped %v, %d unsettled", len(r.entries), r.dropped, r.ledger.Unsettled())
		}
	})
}
