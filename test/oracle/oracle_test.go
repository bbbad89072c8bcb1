package oracle

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// compared is one job whose entries are compared.
type compared struct {
	name   string
	stages string // YAML
	input  string // what is in the job's file
	later  later  // what is appended to it
	labels string // of the target, YAML in braces, besides case
	// job is the rest of the job instead of a target for its file, which is
	// {dir}/<name>.log.
	job    string
	files  map[string]string // further ones below {dir}; ! before the name of a log that is not to be read
	covers []string          // keys of the configuration: stage.key
	// sent is how many entries each sends before it is stopped, of files whose
	// reading does not show in bytes.
	sent int
	// differs are the rows of docs/promtail-differences.md that apply.
	differs []difference
	// loose says that promtail does not send a stream's entries in a fixed order.
	loose bool
}

// later is appended when so many entries of the case were sent by each.
type later struct {
	after int
	text  string
}

// difference is a row of docs/promtail-differences.md.
type difference struct {
	row string // its first cell
	// of makes the collector's entries of promtail's.
	of func(promtail []entry) []entry
	// both says that promtail has no fixed form, and of makes one of both sides'.
	both bool
}

const head = `
server: {http_listen_address: 127.0.0.1, http_listen_port: {port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: 0, log_level: error}
positions: {filename: "{positions}", sync_period: 250ms}
clients:
- {name: plain, url: "{sink}/plain/loki/api/v1/push", batchwait: 250ms}
- name: labelled
  url: "{sink}/labelled/loki/api/v1/push"
  batchwait: 100ms
  batchsize: 200000
  tenant_id: of-client
  external_labels: {region: north, env: of-client, filename: of-client}
`

func (c *compared) yaml(dir string) string {
	job := c.job
	if job == "" {
		job = fmt.Sprintf("static_configs: [{targets: [localhost], labels: {case: %s, __path__: '{dir}/%[1]s.log'}}]", c.name)
		if c.labels != "" {
			job = strings.Replace(job, "labels: {", "labels: {"+c.labels+", ", 1)
		}
	}
	text := "job_name: " + c.name + "\n" + job
	if c.stages != "" {
		text += "\npipeline_stages:\n" + strings.TrimSpace(c.stages)
	}
	text = strings.ReplaceAll(text, "{dir}", dir)
	return "- " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
}

// write writes the files of a case and returns those that are read.
func (c *compared) write(t *testing.T, dir string) []string {
	t.Helper()
	var written []string
	if c.input != "" {
		written = append(written, servers.WriteFile(t, filepath.Join(dir, c.name+".log"), c.input))
	}
	for name, text := range c.files {
		name, unread := strings.CutPrefix(name, "!")
		path := servers.WriteFile(t, filepath.Join(dir, name), strings.ReplaceAll(text, "{dir}", dir))
		if strings.HasSuffix(name, ".log") && !unread {
			written = append(written, path)
		}
	}
	return written
}

// writeLater appends what comes later.
func (c *compared) writeLater(t *testing.T, dir string, both []*shipper) {
	t.Helper()
	if c.later.text == "" {
		return
	}
	c.waitSent(t, dir, both, c.later.after)
	servers.AppendFile(t, filepath.Join(dir, c.name+".log"), c.later.text)
}

// waitSent waits until each has sent so many entries of a case.
func (c *compared) waitSent(t *testing.T, dir string, both []*shipper, entries int) {
	t.Helper()
	if entries == 0 {
		return
	}
	for _, s := range both {
		servers.Eventually(t, fmt.Sprintf("%s has sent %d entries of %s", s.name, entries, c.name), func() bool {
			return len(byCase(s.sink.of(t, "plain"), dir)[c.name]) >= entries
		})
	}
}

// waitSettled waits until all that the collector read was sent or dropped. What
// it holds when it is stopped it sends after the next start.
func waitSettled(t *testing.T, collector *servers.Process) {
	t.Helper()
	servers.Eventually(t, "everything is sent", func() bool {
		for _, target := range servers.Targets(t, collector).Targets {
			if target.Unsettled > 0 {
				return false
			}
		}
		return true
	})
}

func TestCollectorSendsWhatPromtailSends(t *testing.T) {
	compareAll(t, head, allCases(t), func(theirs, ours *shipper) {
		t.Run("metrics", func(t *testing.T) { compareMetrics(t, theirs, ours) })
	})
}

// compareAll runs both with the head of a configuration and all cases, asks them something when everything is
// read, and compares what they sent.
func compareAll(t *testing.T, head string, cases []compared, ask func(theirs, ours *shipper)) {
	t.Helper()
	dir := t.TempDir()
	config := head + "scrape_configs:\n"
	var files []string
	for _, c := range cases {
		config += c.yaml(dir)
		files = append(files, c.write(t, dir)...)
	}
	began := time.Now()
	theirs := startPromtail(t, config, newSink(t), filepath.Join(t.TempDir(), "positions.yaml"))
	ours := startCollector(t, config, newSink(t), filepath.Join(t.TempDir(), "positions.yaml"))
	both := []*shipper{theirs, ours}
	for _, s := range both {
		s.waitRead(t, files)
	}
	for _, c := range cases {
		c.writeLater(t, dir, both)
	}
	for _, s := range both {
		s.waitRead(t, files)
	}
	for _, c := range cases {
		c.waitSent(t, dir, both, c.sent)
	}
	waitSettled(t, ours.Process)
	ask(theirs, ours)
	for _, s := range both {
		s.Stop(t)
	}
	read := span{began, time.Now()}
	for _, client := range []string{"plain", "labelled"} {
		want, got := byCase(theirs.sink.of(t, client), dir), byCase(ours.sink.of(t, client), dir)
		for _, c := range cases {
			t.Run(client+"/"+c.name, func(t *testing.T) { c.compare(t, read, want[c.name], got[c.name]) })
			delete(want, c.name)
			delete(got, c.name)
		}
		for _, rest := range []map[string][]entry{want, got} {
			for _, all := range rest {
				t.Errorf("entries of no case: %v", all[0])
			}
		}
	}
}

// byCase sorts entries by their label case. The folder of the files is {dir}.
func byCase(all []entry, dir string) map[string][]entry {
	m := map[string][]entry{}
	for _, e := range all {
		for _, text := range []*string{&e.labels, &e.line, &e.meta} {
			*text = strings.ReplaceAll(*text, dir, "{dir}")
		}
		labels, _ := parseLabels(e.labels) // it was made from parsed ones
		m[string(labels["case"])] = append(m[string(labels["case"])], e)
	}
	return m
}

func (c *compared) compare(t *testing.T, read span, theirs, ours []entry) {
	want := slices.Clone(theirs)
	for _, d := range c.differs {
		before := texts(want, read, c.loose)
		want = d.of(slices.Clone(want))
		if !d.both && slices.Equal(before, texts(want, read, c.loose)) {
			t.Errorf("the difference %q does not show here", d.row)
		}
		if d.both {
			ours = d.of(slices.Clone(ours))
		}
	}
	diff(t, texts(want, read, c.loose), texts(ours, read, c.loose))
}

// texts is what is compared: the entries of each stream in their order. When
// something was read is no difference.
func texts(all []entry, read span, loose bool) []string {
	streams := map[string][]string{}
	for _, e := range all {
		stream := e.labels
		if e.tenant != "" {
			stream += " of tenant " + e.tenant
		}
		at := time.Unix(0, e.time).UTC().Format(time.RFC3339Nano)
		if read.holds(e.time) {
			at = "when read"
		}
		streams[stream] = append(streams[stream], fmt.Sprintf("%s | %s | %q | %s", stream, at, e.line, e.meta))
	}
	var out []string
	for _, stream := range slices.Sorted(maps.Keys(streams)) {
		if loose {
			slices.Sort(streams[stream])
		}
		out = append(out, streams[stream]...)
	}
	return out
}

// diff reports the first places where two lists part.
func diff(t *testing.T, want, got []string) {
	t.Helper()
	const shown = 3
	missing, surplus := minus(want, got), minus(got, want)
	for i, e := range missing[:min(shown, len(missing))] {
		t.Errorf("promtail sent, the collector did not (%d of %d): %.600s", i+1, len(missing), e)
	}
	for i, e := range surplus[:min(shown, len(surplus))] {
		t.Errorf("the collector sent, promtail did not (%d of %d): %.600s", i+1, len(surplus), e)
	}
	if len(missing)+len(surplus) == 0 && !slices.Equal(want, got) {
		for i := range want {
			if want[i] != got[i] {
				t.Errorf("the order differs: entry %d is\n%.500s\nwant\n%.500s", i, got[i], want[i])
				return
			}
		}
	}
}

// minus is what is in a more often than in b.
func minus(a, b []string) []string {
	count := map[string]int{}
	for _, e := range b {
		count[e]++
	}
	var rest []string
	for _, e := range a {
		if count[e]--; count[e] < 0 {
			rest = append(rest, e)
		}
	}
	return rest
}
