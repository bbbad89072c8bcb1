package journal

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func newParser(asJSON bool) *parser { return &parser{json: asJSON, names: names{}} }

func field(l pipeline.Line, name string) string {
	for _, f := range l.Fields {
		if f.Name == name {
			return string(f.Value)
		}
	}
	return ""
}

func TestMessageForms(t *testing.T) {
	for _, c := range []struct{ message, want, why string }{
		{`"plain"`, "plain", ""},
		{`""`, "", ""},
		{`"a \"quoted\"\nline \u00e9 \ud83c\udfae"`, "a \"quoted\"\nline é 🎮", ""},
		{`[102, 111,111,0,255]`, "foo\x00\xff", ""},
		{`[["a"],[98,99]]`, "bc", ""},
		{`["first","last \u0041"]`, "last A", ""},
		{`[[98],[]]`, "", skippedNoMessage},
		{`[]`, "", skippedNoMessage},
		{`[256]`, "", skippedNoMessage},
		{`[null]`, "", skippedNoMessage},
		{`null`, "", skippedNoMessage},
		{`nul`, "", skippedNotJSON},
	} {
		entry := `{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795000000059299","MESSAGE":` + c.message + `}`
		l, cursor, why := newParser(false).line([]byte(entry))
		if string(l.Text) != c.want || why != c.why {
			t.Errorf("%s gives %q, %q, want %q, %q", c.message, l.Text, why, c.want, c.why)
		}
		if want := map[bool]string{true: "", false: "s=1"}[why == skippedNotJSON]; string(cursor) != want {
			t.Errorf("%s has cursor %q, want %q", c.message, cursor, want)
		}
		if why == "" && l.Time != 1795000000059299000 {
			t.Errorf("%s has time %d", c.message, l.Time)
		}
	}
}

func TestEntryWithoutMessage(t *testing.T) {
	entry := []byte(`{"__CURSOR":"s=1","COREDUMP_PID":"4"}`)
	if _, cursor, why := newParser(false).line(entry); why != skippedNoMessage || string(cursor) != "s=1" {
		t.Errorf("got %q, %q", cursor, why)
	}
	l, _, why := newParser(true).line(entry)
	if why != "" || string(l.Text) != `{"COREDUMP_PID":"4"}` {
		t.Errorf("as JSON it gives %q, %q", l.Text, why)
	}
}

func TestDerivedFields(t *testing.T) {
	for _, c := range []struct{ entry, name, want string }{
		{`"_SYSTEMD_UNIT":"a.service","UNIT":"b.service"`, "unit", "a.service"},
		{`"_SYSTEMD_UNIT":"init.scope","UNIT":"b.service","_PID":"1"`, "unit", "b.service"},
		{`"_SYSTEMD_UNIT":"init.scope","_PID":"1"`, "unit", "init.scope"},
		{`"UNIT":"b@1.service"`, "unit", "b@1.service"},
		{`"_TRANSPORT":"kernel"`, "unit", ""},
		{`"SYSLOG_IDENTIFIER":"sshd","_COMM":"x"`, "identifier", "sshd"},
		{`"_COMM":"x"`, "identifier", "x"},
		{`"PRIORITY":"4"`, "priority_keyword", "warning"},
		{`"PRIORITY":"8"`, "priority_keyword", ""},
		{`"PRIORITY":"12"`, "priority_keyword", ""},
		{`"PRIORITY":"3"`, "__journal_priority_keyword", "error"},
		{`"PRIORITY":"3"`, "__journal_priority", "3"},
		{`"MY_OWN_FIELD":"caf\u00e9"`, "__journal_my_own_field", "café"},
		{`"__MONOTONIC_TIMESTAMP":"3"`, "__journal___monotonic_timestamp", ""},
	} {
		l, _, why := newParser(false).line([]byte(`{"MESSAGE":"x",` + c.entry + `}`))
		if got := field(l, c.name); got != c.want || why != "" {
			t.Errorf("%s has %s %q, %q, want %q", c.entry, c.name, got, why, c.want)
		}
	}
}

func TestWrongTimesAreNone(t *testing.T) {
	for _, text := range []string{"", "x", "-1", "9223372036854775807", "1e3"} {
		if got := nanoseconds([]byte(text)); got != 0 {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestNamesAreBounded(t *testing.T) {
	p := newParser(false)
	for i := range 3 * maxNames {
		name := strings.Repeat("A", i%7+1) + string(rune('A'+i%26)) + "_" + strings.Repeat("B", i/100)
		if got := p.names.get([]byte(name)).field; got != "__journal_"+strings.ToLower(name) {
			t.Fatalf("%s is %s", name, got)
		}
	}
	if len(p.names) > maxNames {
		t.Errorf("%d names are remembered", len(p.names))
	}
}

func TestLineAllocatesNothing(t *testing.T) {
	p := newParser(false)
	entry := []byte(`{"PRIORITY":"6","MESSAGE":"caf\u00e9","RAW":[1,2,255],"_SYSTEMD_UNIT":"nginx.service","_PID":"16787","__CURSOR":"s=1;i=1","__REALTIME_TIMESTAMP":"1795000000059299"}`)
	allocs := testing.AllocsPerRun(100, func() {
		p.reset()
		if _, _, why := p.line(entry); why != "" {
			t.Fatal(why)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations for a line", allocs)
	}
}

func BenchmarkLine(b *testing.B) {
	p := newParser(false)
	entry := []byte(`{"PRIORITY":"6","MESSAGE":"(root) CMD (run-parts /etc/cron.hourly) #829","_SYSTEMD_UNIT":"nginx.service","_HOSTNAME":"app-01","_COMM":"nginx","SYSLOG_IDENTIFIER":"nginx","_GID":"0","__MONOTONIC_TIMESTAMP":"1096034","_MACHINE_ID":"0123456789abcdef0123456789abcdef","__REALTIME_TIMESTAMP":"1795000000059299","__CURSOR":"s=3e2eb69ddbe8413495c8ac4ed0bde7cc;i=1;b=d95bafc8f2a4d27bdcf4bb99f4bea973;m=10b962;t=6608b016017a3;x=e5a582414aede9a0","_UID":"1000","_TRANSPORT":"stdout","_PID":"16787","SYSLOG_FACILITY":"3","_BOOT_ID":"d95bafc8f2a4d27bdcf4bb99f4bea973"}`)
	b.SetBytes(int64(len(entry)))
	b.ReportAllocs()
	for b.Loop() {
		p.reset()
		p.line(entry)
	}
}

// FuzzLine holds the parser against encoding/json: what the one takes the other
// takes, and texts are equal.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		`{"MESSAGE":"x","__CURSOR":"s=1","PRIORITY":"3","_PID":"1","UNIT":"a"}`,
		`{"MESSAGE":[1,2,255],"A":[["x"],[1]],"B":null,"C":3,"D":{"e":[]}}`,
		`{"MESSAGE":"\u00e9\ud83c"}`, `{}`, `[]`, `{"MESSAGE":[[[1]]]}`, `{"MESSAGE":[ ]}`, `{"MESSAGE":["\"]"]}`,
		`{"MESSAGE" : [ "a" , [ 1 , 2 ] ] }`, "{\"MESSAGE\":\"\xff\"}", `{"MESSAGE":[1,2,]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, entry []byte) {
		var object map[string]json.RawMessage
		isObject := json.Unmarshal(entry, &object) == nil && object != nil
		p, asJSON := newParser(false), newParser(true)
		l, _, why := p.line(entry)
		if (why == skippedNotJSON) == isObject {
			t.Fatalf("why is %q, and encoding/json's verdict %v", why, isObject)
		}
		var text string
		if isObject && json.Unmarshal(object["MESSAGE"], &text) == nil && string(object["MESSAGE"]) != "null" && string([]rune(string(l.Text))) != text {
			t.Fatalf("the text is %q, want %q", l.Text, text)
		}
		if l, _, why := asJSON.line(entry); why == "" && !(json.Valid(l.Text) && utf8.Valid(l.Text)) {
			t.Fatalf("as JSON: %q", l.Text)
		}
	})
}
