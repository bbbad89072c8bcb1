package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// documents are the seeds of the fuzz tests and the table of TestValid.
var documents = []string{
	`{}`, `[]`, ` { } `, `{"a":1}`, `{"a":1,"a":2}`, `{"a":{"b":[1,{"c":null}]},"d":true}`,
	`null`, `true`, `false`, `"x"`, `""`, `0`, `-0`, `-`, `01`, `1.`, `.5`, `1.5`, `1e`, `1e+`, `1E-7`, `-12.5e+10`,
	`{"a":}`, `{"a"}`, `{a:1}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `[1,]`, `[,1]`, `[1 2]`, `{"a":1}x`, `{"a":1} {}`,
	`{"a":tru}`, `{"a":truex}`, `{"a":nul`, `{`, `[`, `"`, `"\`, `"\u12`, `"\u12g4"`, `"\x"`, `"\'"`,
	`"\"\\\/\b\f\n\r\t\u0041"`, `"\ud83c\udfae"`, `"\ud83c"`, `"\udfae"`, `"\ud83c\ud83c\udfae"`, `"\ud83cx"`, `"\ud83c\n"`, `"\uD800\uFFFD"`,
	"\"tab\tinside\"", "\"nul\x00\"", "\x00", "{\"a\":1\x00}", "\"\xff\"", "\"a\xc3\"", "\"\xed\xa0\x80\"", "{\"\xff\":1}",
	`{"level":NaN}`, `NaN`, `Infinity`, `-Infinity`, `{"a":-Infinity,"b":[Infinity,NaN]}`, `NaNa`, `-Inf`,
	"\ufeff{}", "{\"\u05e9\u05dc\u05d5\u05dd\":\"\U0001F3AE\"}", `{"12345678":"123456789012345678901234567890\n1234567\""}`,
	strings.Repeat("[", 50) + strings.Repeat("]", 50), strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50), "",
}

func TestValidAgreesWithEncodingJSON(t *testing.T) {
	for _, doc := range documents {
		if got, want := Valid([]byte(doc)), json.Valid([]byte(doc)); got != want {
			t.Errorf("Valid(%q) = %v, encoding/json says %v", doc, got, want)
		}
	}
}

func TestNestingIsBoundedAsInEncodingJSON(t *testing.T) {
	for _, depth := range []int{MaxDepth, MaxDepth + 1} {
		for _, brackets := range []string{"[]", "{}"} {
			doc := []byte(strings.Repeat("[", depth-1) + brackets + strings.Repeat("]", depth-1))
			if got, want := Valid(doc), json.Valid(doc); got != want || got != (depth <= MaxDepth) {
				t.Errorf("depth %d of %s: Valid = %v, encoding/json says %v", depth, brackets, got, want)
			}
			member := append(append([]byte(`{"a":`), doc...), '}')
			err := Fields(member, func(_, _ []byte, _ Kind) bool { return true })
			if got, want := err == nil, json.Valid(member); got != want {
				t.Errorf("depth %d of %s in a member: Fields = %v, encoding/json says %v", depth, brackets, err, want)
			}
		}
	}
}

func TestFieldsInOrderWithRepeatedKeys(t *testing.T) {
	doc := ` { "a" : 1 , "b\n":"x\ty","a":[1, {"b":2}], "":{"c":[]} ,"n":null,"t":true,"f":-1.5e3}`
	want := []string{`a 1 number`, `b\n x\ty string`, `a [1, {"b":2}] array`, ` {"c":[]} object`, `n null null`, `t true bool`, `f -1.5e3 number`}
	var got []string
	err := Fields([]byte(doc), func(key, value []byte, kind Kind) bool {
		got = append(got, string(key)+" "+string(value)+" "+kind.String())
		return true
	})
	if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

func TestFieldsStopsWhenToldTo(t *testing.T) {
	visits := 0
	err := Fields([]byte(`{"a":1,"b":2,broken`), func(_, _ []byte, _ Kind) bool {
		visits++
		return visits < 2
	})
	if err != nil || visits != 2 {
		t.Errorf("got %d visits, %v; want 2 and no error", visits, err)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		doc    string
		want   error
		offset int
	}{
		{`[1]`, ErrNotObject, 0},
		{``, ErrNotObject, 0},
		{`12`, ErrNotObject, 0},
		{`{"a":1`, ErrSyntax, 6},
		{`{"a":1}x`, ErrSyntax, 7},
		{`{"a":1,}`, ErrSyntax, 7},
		{`{"a" 1}`, ErrSyntax, 5},
		{`{"a":[1,}`, ErrSyntax, 8},
		{`{"a":"\q"}`, ErrSyntax, 7},
		{`{"a":"\u00x0"}`, ErrSyntax, 10},
		{`{"a":NaN}`, ErrSyntax, 5},
	}
	for _, test := range tests {
		err := Fields([]byte(test.doc), func(_, _ []byte, _ Kind) bool { return true })
		if !errors.Is(err, test.want) {
			t.Errorf("Fields(%q) = %v, want %v", test.doc, err, test.want)
		}
		var syntax *SyntaxError
		if errors.As(err, &syntax) && syntax.Offset != test.offset {
			t.Errorf("Fields(%q): offset %d, want %d", test.doc, syntax.Offset, test.offset)
		}
	}
}

func TestLenientTakesWhatPythonWrites(t *testing.T) {
	doc := []byte(`{"a": NaN, "b": [Infinity, -Infinity], "c": -Infinity, "d": -1, "level": "INFO"}`)
	m := Iterate(doc, Lenient)
	var kinds []Kind
	for m.Next() {
		kinds = append(kinds, m.Kind)
	}
	want := []Kind{NotFinite, Array, NotFinite, Number, String}
	if m.Err() != nil || len(kinds) != len(want) {
		t.Fatalf("got kinds %v, %v; want %v", kinds, m.Err(), want)
	}
	for i := range want {
		if kinds[i] != want[i] {
			t.Errorf("member %d: kind %v, want %v", i, kinds[i], want[i])
		}
	}
}

func TestStartsObject(t *testing.T) {
	for doc, want := range map[string]bool{
		`{}`: true, ` {"a":1}`: true, `{"a" : {"b":1} , oops`: true, `{"a":"cut off`: false, `{a:1}`: false, `{"a" 1}`: false, `{`: false, `[1]`: false, ``: false, `{"a":NaN}`: false,
	} {
		if got := StartsObject([]byte(doc), Strict); got != want {
			t.Errorf("StartsObject(%s) = %v", doc, got)
		}
	}
	if !StartsObject([]byte(`{"a":NaN}`), Lenient) {
		t.Error("lenient refuses NaN")
	}
}

func TestGet(t *testing.T) {
	tests := []struct {
		doc, path, want string
		kind            Kind
	}{
		{`{"a":{"b":{"c":"x"}}}`, "a.b.c", "x", String},
		{`{"a":{"b":1}}`, "a", `{"b":1}`, Object},
		{`{"a":1,"a":2}`, "a", "2", Number},
		{`{"a":{"b":1},"a":{"c":2}}`, "a.b", "", Invalid},
		{`{"a":{"b":1},"a":5}`, "a.b", "", Invalid},
		{`{"a.b":1}`, "a.b", "", Invalid},
		{`{"\u0061":1}`, "a", "1", Number},
		{`{"":{"":1}}`, ".", "1", Number},
		{`{"a":null}`, "a", "null", Null},
		{`{"a":1`, "a", "", Invalid},
		{`{"a":1}x`, "a", "", Invalid},
		{`[1]`, "a", "", Invalid},
	}
	for _, test := range tests {
		got, kind := Get([]byte(test.doc), test.path)
		if string(got) != test.want || kind != test.kind {
			t.Errorf("Get(%s, %s) = %q %v, want %q %v", test.doc, test.path, got, kind, test.want, test.kind)
		}
	}
}

func TestUnescapeAgreesWithEncodingJSON(t *testing.T) {
	for _, doc := range documents {
		var want string
		if json.Unmarshal([]byte(doc), &want) != nil || doc[0] != '"' {
			continue
		}
		raw := []byte(doc[1 : len(doc)-1])
		checkUnescape(t, raw, want)
	}
}

func TestUnescapeLeavesWhatIsNoJSON(t *testing.T) {
	for _, raw := range []string{`\`, `a\`, `\q`, `\u12`, `\u12xy`, `\ud83c\`} {
		if got := AppendUnescape(nil, []byte(raw)); !bytes.HasSuffix(got, []byte(raw[len(raw)-1:])) {
			t.Errorf("AppendUnescape(%q) = %q", raw, got)
		}
	}
}

func checkUnescape(t *testing.T, raw []byte, want string) {
	t.Helper()
	got := string(AppendUnescape([]byte("kept "), raw))
	if string([]rune(got)) != "kept "+want { // which makes U+FFFD of bytes that are not UTF-8
		t.Errorf("AppendUnescape(%q) = %q, encoding/json says %q", raw, got, want)
	}
	if !Equal(raw, want) {
		t.Errorf("Equal(%q, %q) = false", raw, want)
	}
	if Equal(raw, want+"x") || want != "" && Equal(raw, want[:len(want)-1]) {
		t.Errorf("Equal(%q) is true for text that differs from %q", raw, want)
	}
	if Plain(raw) != ("kept "+string(raw) == got) {
		t.Errorf("Plain(%q) = %v, but it stands for %q", raw, Plain(raw), got)
	}
}

func TestNoAllocations(t *testing.T) {
	doc := record()
	broken := append(bytes.Clone(doc[:len(doc)-1]), " oops"...)
	dst := make([]byte, 0, 4096)
	check := func(name string, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
	check("Valid", func() { Valid(doc) })
	check("Fields", func() {
		count := 0
		var level []byte
		_ = Fields(doc, func(key, value []byte, _ Kind) bool {
			count++
			if string(key) == "level" {
				level = value
			}
			return true
		})
		if count == 0 || len(level) == 0 {
			t.Fatal("no members")
		}
	})
	check("Members of a broken document", func() {
		m := Iterate(broken, Lenient)
		for m.Next() {
		}
	})
	check("Get", func() { Get(doc, "exception.type") })
	check("AppendUnescape", func() { dst = AppendUnescape(dst[:0], doc) })
}

func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Add(record())
	f.Fuzz(func(t *testing.T, doc []byte) {
		if got, want := Valid(doc), json.Valid(doc); got != want {
			t.Fatalf("Valid = %v, encoding/json says %v", got, want)
		}
		compareMembers(t, doc)
		AppendUnescape(nil, doc)
		m := Iterate(doc, Lenient)
		for m.Next() {
		}
		if json.Valid(doc) && bytes.HasPrefix(bytes.TrimLeft(doc, " \t\r\n"), []byte("{")) && m.Err() != nil {
			t.Fatalf("lenient refuses what is valid: %v", m.Err())
		}
	})
}

// compareMembers holds Fields against encoding/json's decoder, member by
// member.
func compareMembers(t *testing.T, doc []byte) {
	keys, values, ok := referenceMembers(doc)
	n := 0
	err := Fields(doc, func(key, value []byte, kind Kind) bool {
		if !ok {
			return true
		}
		if n == len(keys) {
			t.Fatalf("more members than %d", len(keys))
		}
		checkUnescape(t, key, keys[n])
		checkValue(t, value, kind, values[n])
		n++
		return true
	})
	if (err == nil) != ok {
		t.Fatalf("Fields: %v, encoding/json: valid object %v", err, ok)
	}
	if ok && n != len(keys) {
		t.Fatalf("%d members, want %d", n, len(keys))
	}
}

func checkValue(t *testing.T, value []byte, kind Kind, want json.RawMessage) {
	t.Helper()
	if kind != String {
		if !bytes.Equal(value, want) {
			t.Fatalf("value %q, want %q", value, want)
		}
		return
	}
	var text string
	if err := json.Unmarshal(want, &text); err != nil {
		t.Fatalf("string value %q where encoding/json has %q", value, want)
	}
	checkUnescape(t, value, text)
}

func referenceMembers(doc []byte) (keys []string, values []json.RawMessage, ok bool) {
	if !json.Valid(doc) {
		return nil, nil, false
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, nil, false
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, nil, false
		}
		keys, values = append(keys, token.(string)), append(values, value)
	}
	return keys, values, true
}

// record is a log record as a web application's JSON formatter writes it.
func record() []byte {
	return []byte(`{"timestamp": "2026-11-22T21:53:16.269284+00:00", "level": "ERROR", "logger": "flask.app", "message": "Exception on /api/games [GET] \u05e9\u05dc\u05d5\u05dd", "service": "backend", "environment": "production", "hostname": "web-1", "correlation_id": "18072e8c-35bf-4992-9dc9-e9c616612e76", "file": "app.py", "line": 1741, "function": "log_exception", "attempt": 5, "exception": {"type": "KeyError", "message": "'availability'", "traceback": ["Traceback (most recent call last):\n", "  File \"/app/cases.py\", line 18, in f\n    {}[\"availability\"]\n", "KeyError: 'availability'\n"]}}`)
}

func BenchmarkValid(b *testing.B) {
	doc := record()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		Valid(doc)
	}
}

func BenchmarkFields(b *testing.B) {
	doc := record()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		_ = Fields(doc, func(_, _ []byte, _ Kind) bool { n++; return true })
	}
}

func BenchmarkEncodingJSONValid(b *testing.B) {
	doc := record()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		json.Valid(doc)
	}
}

func BenchmarkAppendUnescape(b *testing.B) {
	raw := []byte(`  File \"/app/cases.py\", line 18, in f\n    {}[\"availability\"]\n \u05e9\u05dc\u05d5\u05dd \ud83c\udfae and a longer run of ordinary text behind it`)
	dst := make([]byte, 0, len(raw))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendUnescape(dst[:0], raw)
	}
}
