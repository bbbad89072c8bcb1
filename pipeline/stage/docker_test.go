package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/test/corpus"
)

// dockerLine is a record as Docker's json-file driver writes it.
func dockerLine(stream, stamp, log string) string {
	text, _ := json.Marshal(log)
	return fmt.Sprintf(`{"log":%s,"stream":%q,"time":%q}`, text, stream, stamp)
}

const dockerTime = "2026-11-22T10:00:00.%09dZ"

func dockerAt(ns int, stream, log string) string {
	return dockerLine(stream, fmt.Sprintf(dockerTime, ns), log)
}

func TestDocker(t *testing.T) {
	runCases(t, []pipelineCase{
		{
			name:   "takes line, stream and time, and leaves the newline as promtail does",
			stages: "- docker: {}",
			lines:  []string{dockerAt(5, "stderr", "a \"b\"\n")},
			want:   []entry{{`{stream="stderr"}`, "2026-11-22T10:00:00.000000005Z", "a \"b\"\n", ""}},
		},
		{
			name:   "joining removes the newline",
			stages: "- docker: {join: true}",
			lines:  []string{dockerAt(5, "stdout", "text\n"), dockerAt(6, "stdout", "\n")},
			want: []entry{
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000005Z", "text", ""},
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000006Z", "", ""},
			},
		},
		{
			name:   "parts of two streams interleave; an entry has its first part's time",
			stages: "- docker: {join: true}",
			lines: []string{
				dockerAt(1, "stdout", "out1 "), dockerAt(2, "stderr", "err1 "), dockerAt(1, "stdout", "out2 "),
				dockerAt(2, "stderr", "err2\n"), dockerAt(1, "stdout", "out3\n"), dockerAt(6, "stdout", "next\n"),
			},
			want: []entry{
				{`{stream="stderr"}`, "2026-11-22T10:00:00.000000002Z", "err1 err2", ""},
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000001Z", "out1 out2 out3", ""},
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000006Z", "next", ""},
			},
		},
		{
			name:   "a part whose rest never came is no beginning of the next line",
			stages: "- docker: {join: true}",
			lines: []string{
				dockerAt(1, "stdout", "killed "), dockerAt(2, "stdout", "new "), dockerAt(2, "stdout", "line\n"),
			},
			want: []entry{
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000001Z", "killed ", ""},
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000002Z", "new line", ""},
			},
		},
		{
			name:   "a part whose rest never comes is sent at the end",
			stages: "- docker: {join: true}",
			lines:  []string{dockerAt(1, "stdout", "half")},
			want:   []entry{{`{stream="stdout"}`, "2026-11-22T10:00:00.000000001Z", "half", ""}},
		},
		{
			name:   "other members and their order do not matter",
			stages: "- docker: {join: true}",
			lines:  []string{` {"time":"2026-11-22T10:00:00Z","attrs":{"log":"no","tag":[1]},"stream":"stdout","log":"שלום é\n"} `},
			want:   []entry{{`{stream="stdout"}`, "2026-11-22T10:00:00Z", "שלום é", ""}},
		},
		{
			name:   "what is no record passes as it is, and the next one is good again",
			stages: "- docker: {join: true}",
			failed: slices.Repeat([]string{"scrape_configs[0].pipeline_stages[0].docker: docker_record: "}, 4),
			lines:  []string{"\x00\x00\x00", `{"log":"cut`, `["log"]`, "", dockerAt(1, "stdout", "good\n")},
			want: []entry{
				{"{}", "now", "\x00\x00\x00", ""}, {"{}", "now+1", `{"log":"cut`, ""}, {"{}", "now+2", `["log"]`, ""},
				{"{}", "now+3", "", ""}, {`{stream="stdout"}`, "2026-11-22T10:00:00.000000001Z", "good", ""},
			},
		},
		{
			name:   "a damaged record between good ones has the last good time of its labels, which are the target's",
			stages: "- docker: {}",
			labels: []string{"stream", "stdout"},
			failed: slices.Repeat([]string{"docker_record"}, 2),
			lines:  []string{dockerAt(7, "stdout", "good\n"), "damaged", "damaged", dockerAt(9, "stdout", "good\n")},
			want: []entry{
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000007Z", "good\n", ""},
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000008Z", "damaged", ""},
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000009Z", "damaged", ""},
				{`{stream="stdout"}`, "2026-11-22T10:00:00.000000009Z", "good\n", ""},
			},
		},
		{
			name:   "members of other types are texts, as they are for promtail",
			stages: "- docker: {}",
			lines:  []string{`{"log":12.50,"stream":true,"time":null}`, `{"log":null}`},
			want:   []entry{{`{stream="true"}`, "now", "12.5", ""}, {"{}", "now+1", `{"log":null}`, ""}},
		},
	})
}

func TestDockerPartsJoinAcrossGenerations(t *testing.T) {
	r := newRig(t, compile(t, "- docker: {join: true}"))
	r.push(dockerAt(1, "stdout", "before "))
	first, firstEnd := r.ledger, r.offset
	r.ledger, r.offset = pipeline.NewLedger(0), 0
	r.push(dockerAt(2, "stderr", "between\n"), dockerAt(1, "stdout", "after\n"))
	r.want(
		entry{`{stream="stderr"}`, "-", "between", ""},
		entry{`{stream="stdout"}`, "2026-11-22T10:00:00.000000001Z", "before after", ""},
	)
	if n := first.Unsettled(); n != firstEnd {
		t.Errorf("%d bytes of the first generation are unsettled before the entry is, want %d", n, firstEnd)
	}
	r.wantSettled()
	if at, _ := first.Position(); at != firstEnd {
		t.Errorf("position %d in the first generation, want %d", at, firstEnd)
	}
}

func TestDockerPartsWaitForTheirRest(t *testing.T) {
	r := newRig(t, compile(t, "- docker: {join: true}"))
	r.push(dockerAt(1, "stdout", "half "))
	if due := r.flush(partWait-1, false); !due.Equal(testNow.Add(partWait)) {
		t.Errorf("due %v, want %v", due, testNow.Add(partWait))
	}
	r.want()
	if due := r.flush(1, false); !due.IsZero() {
		t.Errorf("due %v after everything was given back", due)
	}
	r.want(entry{"-", "-", "half ", ""})
	r.push(dockerAt(2, "stdout", "late rest\n"))
	r.want(entry{"-", "-", "late rest", ""})
	r.wantSettled()
}

func TestJoinedLineIsBounded(t *testing.T) {
	r := newRig(t, compile(t, "- docker: {join: true}"))
	part := dockerAt(1, "stdout", strings.Repeat("x", 16<<10))
	for range 2*maxJoined/(16<<10) + 1 {
		r.push(part)
	}
	r.push(dockerAt(1, "stdout", "end\n"))
	sizes := []int{}
	for _, e := range r.entries {
		sizes = append(sizes, len(e.Line))
	}
	if fmt.Sprint(sizes) != fmt.Sprint([]int{maxJoined, maxJoined, 16<<10 + 3}) {
		t.Errorf("got entries of %d bytes", sizes)
	}
	if kept := cap(r.feed.joins[0].byKey[string(r.feed.key)].text); kept > keptJoined {
		t.Errorf("%d bytes are kept after a long line", kept)
	}
	r.wantSettled()
}

// The corpus is what Docker wrote of a program, with the hash of each write.
func TestDockerWritesComeOutWhole(t *testing.T) {
	writes := map[string]int{}
	for _, truth := range corpus.Rows[corpus.Write](t, "testdata/direct.truth.jsonl.gz") {
		if truth.Found {
			writes[truth.SHA256]++
		}
	}
	if len(writes) < 100 {
		t.Fatalf("only %d writes", len(writes))
	}
	r := newRig(t, compile(t, "- docker: {join: true}"))
	r.push(corpus.Lines(t, "testdata/direct.docker-json.log.gz")...)
	r.flush(0, true)
	for _, e := range r.entries {
		sum := sha256.Sum256([]byte(e.Line + "\n"))
		writes[hex.EncodeToString(sum[:])]--
	}
	missing := 0
	for _, n := range writes {
		missing += max(0, n)
	}
	if missing > 0 {
		t.Errorf("%d writes did not come out as one entry", missing)
	}
	r.wantSettled()
}
