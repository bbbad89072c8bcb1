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

// relabelRig is a rig of a journal job with relabel_configs.
func relabelRig(t testing.TB, rules, stages string) *rig {
	t.Helper()
	indent := func(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") }
	cfg, err := config.Parse("test.yaml", []byte("clients: [{url: 'http://192.0.2.1/loki/api/v1/push'}]\nscrape_configs:\n- job_name: test\n"+
		"  journal: {labels: {env: prod, __class: a}}\n  relabel_configs:\n  "+indent(rules)+"\n  pipeline_stages:\n  "+indent(stages)+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	job := cfg.ScrapeConfigs[0]
	p, err := Compile(job.PipelineStages, NewMetrics(time.Now))
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, p)
	opts := r.feed.opts
	opts.Relabel, opts.Job = job.RelabelConfigs, job.JobName
	for _, name := range []string{"__class", "env"} {
		opts.Labels = append(opts.Labels, pipeline.Label{Name: name, Value: job.Journal.Labels[name]})
	}
	r.feed = p.NewFeed(opts)
	return r
}

// pushFields feeds one line with fields, in their order.
func (r *rig) pushFields(line string, fields ...string) {
	l := pipeline.Line{Text: []byte(line), Ledger: r.ledger, Range: pipeline.Range{Start: r.offset, End: r.offset + 1}}
	r.offset++
	r.ledger.Read(r.offset)
	for i := 0; i < len(fields); i += 2 {
		l.Fields = append(l.Fields, pipeline.Field{Name: fields[i], Value: []byte(fields[i+1])})
	}
	r.feed.Push(&l, r.now, r.outbox)
	for _, f := range l.Fields { // the memory is used again
		copy(f.Value, strings.Repeat("#", len(f.Value)))
	}
	r.outbox.Flush()
}

func TestEntriesAreRelabelledByTheirFields(t *testing.T) {
	r := relabelRig(t, `
- {source_labels: [__journal_priority], regex: '7', action: drop}
- {source_labels: [__journal__systemd_unit], target_label: unit}
- {source_labels: [__class, env], separator: '-', target_label: class}`, "- labels: {boot: __journal__boot_id}")
	r.pushFields("one", "__journal__systemd_unit", "ssh.service", "__journal__boot_id", "b1", "unit", "not a label", "__journal__pid", "1")
	r.pushFields("debug", "__journal_priority", "7", "__journal__systemd_unit", "ssh.service")
	r.pushFields("two", "__journal_priority", "6", "__journal__systemd_unit", "cron.service")
	r.pushFields("three", "__journal__pid", "2", "__journal__systemd_unit", "ssh.service", "__journal_priority", "6")
	r.pushFields("none")
	r.want(
		entry{`{boot="b1", class="a-prod", env="prod", job="test", unit="ssh.service"}`, "-", "one", ""},
		entry{`{class="a-prod", env="prod", job="test", unit="cron.service"}`, "-", "two", ""},
		entry{`{class="a-prod", env="prod", job="test", unit="ssh.service"}`, "-", "three", ""},
		entry{`{class="a-prod", env="prod", job="test"}`, "-", "none", ""},
	)
	if want := []string{"relabel 5"}; !slices.Equal(r.dropped, want) {
		t.Errorf("dropped %q, want %q", r.dropped, want)
	}
	r.wantSettled()
}

func TestRelabelledToNothingIsDropped(t *testing.T) {
	r := relabelRig(t, `
- {regex: __journal_(unit), action: labelmap}
- {regex: 'unit|__.*', action: labelkeep}`, "- docker:")
	r.pushFields("no label")
	r.pushFields("a label", "__journal_unit", "a")
	r.want(entry{`{job="test", unit="a"}`, "-", "a label", ""})
	if want := []string{"relabel 8"}; !slices.Equal(r.dropped, want) {
		t.Errorf("dropped %q, want %q", r.dropped, want)
	}
	r.wantSettled()
}

// Lines of two units that come in turn are two joined entries: what relabelling
// made counts as the stream.
func TestRelabelledStreamsJoinApart(t *testing.T) {
	r := relabelRig(t, `
- {source_labels: [__journal__systemd_unit], target_label: unit}
- {source_labels: [__journal__pid], target_label: pid}`, `
- labeldrop: [pid]
- multiline: {firstline: '^>'}`)
	for _, line := range []string{"> a", "b"} {
		for i, unit := range []string{"x", "y"} {
			r.pushFields(line+unit, "__journal__systemd_unit", unit, "__journal__pid", fmt.Sprint(line, i))
		}
	}
	r.flush(0, true)
	r.want(
		entry{`{env="prod", job="test", unit="x"}`, "-", "> ax\nbx", ""},
		entry{`{env="prod", job="test", unit="y"}`, "-", "> ay\nby", ""},
	)
	r.wantSettled()
}

func TestRelabellingAKnownLabelSetAllocatesNothing(t *testing.T) {
	r := relabelRig(t, `- {source_labels: [__journal__systemd_unit], target_label: unit}`, "- labeldrop: [x]")
	fields := []pipeline.Field{{Name: "__journal__systemd_unit", Value: []byte("ssh.service")}, {Name: "__journal__pid", Value: []byte("1")}}
	r.feed.fields.of(fields)
	if got := testing.AllocsPerRun(1000, func() { r.feed.fields.of(fields) }); got > 0 {
		t.Errorf("%v allocations for an entry, want 0", got)
	}
}

func TestWhatIsRememberedOfRelabellingIsBounded(t *testing.T) {
	r := relabelRig(t, `- {regex: '__journal_(.+)', action: labelmap}`, "- labeldrop: [x]")
	for i := range maxLabelSets + 10 {
		r.feed.fields.of([]pipeline.Field{{Name: "__journal_a", Value: fmt.Append(nil, i)}})
	}
	if n := len(r.feed.fields.bases); n > maxLabelSets {
		t.Errorf("%d label sets are remembered, want at most %d", n, maxLabelSets)
	}
	for i := range maxFields + 10 {
		r.feed.fields.of([]pipeline.Field{{Name: fmt.Sprint("__journal_x", i), Value: []byte("v")}})
	}
	if n := len(r.feed.fields.slots); n > maxFields+1 {
		t.Errorf("%d names are remembered, want at most %d", n, maxFields+1)
	}
	if b := r.feed.fields.of([]pipeline.Field{{Name: "__journal_x7", Value: []byte("new")}}); b == nil || !slices.Contains(b.others, pipeline.Label{Name: "x7", Value: "new"}) {
		t.Errorf("a field that was forgotten gives %+v, want its label", b)
	}
}

func BenchmarkRelabelledJournalEntry(b *testing.B) {
	r := relabelRig(b, `
- {source_labels: [__journal__systemd_unit], target_label: unit}
- {source_labels: [__journal_priority_keyword], target_label: level}`, "- labeldrop: [x]")
	fields := []pipeline.Field{
		{Name: "__journal__systemd_unit", Value: []byte("ssh.service")}, {Name: "__journal_priority_keyword", Value: []byte("info")},
	}
	for i := range 23 {
		fields = append(fields, pipeline.Field{Name: fmt.Sprint("__journal_field_", i), Value: []byte("value")})
	}
	b.ReportAllocs()
	for b.Loop() {
		r.feed.fields.of(fields)
	}
}
