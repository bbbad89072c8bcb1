package pattern

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// learn returns the templates after the lines, sorted.
func learn(tree *Tree, lines ...string) []string {
	for _, l := range lines {
		tree.Learn([]byte(l))
	}
	var all []string
	for _, p := range tree.Patterns() {
		all = append(all, p.Template)
	}
	slices.Sort(all)
	return all
}

func TestTemplatesOfLines(t *testing.T) {
	for _, tc := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"values differ by their look", []string{"user 5 left", "user 17 left"}, []string{"user <num> left"}},
		{"two words may be two messages", []string{"session of alice was closed", "session of bob was closed"},
			[]string{"session of alice was closed", "session of bob was closed"}},
		{"three words in one place vary", []string{"session of alice was closed", "session of bob was closed", "session of eve was closed"},
			[]string{"session of <*> was closed"}},
		{"the first word never varies", []string{"cupsd startup of service succeeded", "ntpd startup of service succeeded", "sshd startup of service succeeded", "crond startup of service succeeded"},
			[]string{"crond startup of service succeeded", "cupsd startup of service succeeded", "ntpd startup of service succeeded", "sshd startup of service succeeded"}},
		{"three words that are half the message are three messages", []string{"link up", "link down", "link flapping"}, []string{"link down", "link flapping", "link up"}},
		{"states are not values", []string{"task t_1 went from NEW to RUNNING now", "task t_2 went from NEW to FAILED now", "task t_3 went from NEW to KILLED now"},
			[]string{"task t_<num> went from NEW to FAILED now", "task t_<num> went from NEW to KILLED now", "task t_<num> went from NEW to RUNNING now"}},
		{"words with a hyphen", []string{"the job-conf file of it", "the job-jar file of it"}, []string{"the job-conf file of it", "the job-jar file of it"}},
		{"two places at once need more", []string{"the class a.B goes for c.D", "the class e.F goes for g.H"},
			[]string{"the class a.B goes for c.D", "the class e.F goes for g.H"}},
		{"two places at once", []string{"the class a.B goes for c.D", "the class e.F goes for g.H", "the class i.J goes for k.L", "the class m.N goes for o.P"},
			[]string{"the class <*> goes for <*>"}},
		{"most of the message", []string{"go a.B c.D", "go e.F g.H", "go i.J k.L", "go m.N o.P"}, []string{"go a.B c.D", "go e.F g.H", "go i.J k.L", "go m.N o.P"}},
		{"one place after the other", []string{
			"now alice has left the red room", "now bob has left the red room", "now carl has left the tea room",
			"now dan has left the big room", "now eve has left the red room",
		}, []string{"now <*> has left the <*> room"}},
		{"names with marks are values", []string{"loading module core_auth for server", "loading module core_db for server"}, []string{"loading module <*> for server"}},
		{"values of one key", []string{"login done by=alice with method=otp", "login done by=bob with method=otp", "login done by=eve with method=otp"},
			[]string{"login done by=<*> with method=otp"}},
		{"other keys are other messages", []string{"env os_name=a_1", "env user_name=b_1", "env os_arch=c_1"}, []string{"env os_arch=c_<num>", "env os_name=a_<num>", "env user_name=b_<num>"}},
		{"an empty value", []string{"connection from 192.0.2.1 () at 10:00", "connection from 192.0.2.1 (a.example.org) at 10:00"}, []string{"connection from <host> (<*>) at <dur>"}},
		{"a number where a name was", []string{"invalid user bob from 192.0.2.1", "invalid user eve from 192.0.2.1", "invalid user 0101 from 192.0.2.1"}, []string{"invalid user <*> from <host>"}},
		{"lists of any length", []string{"deleting blk_1 blk_2", "deleting blk_3", "deleting blk_4 blk_5 blk_6 blk_7"}, []string{"deleting blk_<num>"}},
		{"lists of pairs", []string{"nodes n1 <ok> n2 <ok>", "nodes n1 <ok> n2 <ok> n3 <ok>"}, []string{"nodes n<num> <ok>"}},
		{"no words in common", []string{"5 : a_b", "5 : c_d"}, []string{"<num> : a_b", "<num> : c_d"}},
		{"two beginnings are two messages", []string{"mapRequest:<memory:5, cores:1>", "reduceRequest:<memory:5, cores:1>"},
			[]string{"mapRequest:<memory:<num>, cores:<num>>", "reduceRequest:<memory:<num>, cores:<num>>"}},
		{"beginnings with a value", []string{"wpad:80 could not resolve the proxy", "cache:81 could not resolve the proxy", "abcd:82 could not resolve the proxy"},
			[]string{"<*> could not resolve the proxy"}},
		{"routes at the beginning", []string{"/a/b is not a known route", "/c/d is not a known route", "/e is not a known route"}, []string{"<*> is not a known route"}},
		{"kinds of values", []string{"read at x:5; here", "read at x:0x1f; here"}, []string{"read at x:<*>; here"}},
		{"a number where a wildcard is", []string{
			"the user alice has left room a_1", "the user bob has left room a_2", "the user eve has left room a_2",
			"the user 5 has left room b_c", "the user frank has left room q_q",
		}, []string{"the user <*> has left room <*>"}},
		{"words of a script without capitals", []string{"המשתמש רות נכנס אל החדר", "המשתמש דן נכנס אל החדר", "המשתמש נועה נכנס אל החדר"}, []string{"המשתמש <*> נכנס אל החדר"}},
		{"marks around a wildcard stay", []string{`say "to alice", please now`, `say "to bob", please now`, `say "to eve", please now`}, []string{`say <str>, please now`}},
		{"an empty message", []string{""}, []string{""}},
	} {
		if got := learn(New(100), tc.lines...); !slices.Equal(got, tc.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", tc.name, got, tc.want)
		}
	}
}

func TestCountsAreAddedWhenTemplatesMerge(t *testing.T) {
	tree := New(100)
	learn(tree, "hello to alice from here", "hello to alice from here", "hello to bob from here", "hello to eve from here")
	if got, want := fmt.Sprint(tree.Patterns()), "[{hello to <*> from here 4}]"; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMatchDoesNotLearn(t *testing.T) {
	tree := New(100)
	if template, ok := tree.Match([]byte("user 5 left")); ok {
		t.Errorf("an empty tree matches %q", template)
	}
	tree.Learn([]byte("user 5 left"))
	if template, ok := tree.Match([]byte("user 7 left")); !ok || template != "user <num> left" {
		t.Errorf("got %q, %v", template, ok)
	}
	if template, ok := tree.Match([]byte("user 7 came")); ok || tree.Len() != 1 {
		t.Errorf("got %q, %d templates", template, tree.Len())
	}
}

func TestMatchAgreesWithLearnWhereTwoTemplatesFit(t *testing.T) {
	const saved = `{"version":1}
{"count":1,"first":"go","tokens":[{"t":"go"},{"t":"<*>","w":true},{"t":"x"}]}
{"count":1,"first":"go","tokens":[{"t":"go"},{"t":"a"},{"t":"<*>","w":true}]}`
	tree, err := Load(strings.NewReader(saved), 10)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		learned := tree.Learn([]byte("go a x"))
		if matched, _ := tree.Match([]byte("go a x")); matched != learned {
			t.Errorf("learned %q, matched %q", learned, matched)
		}
	}
}

func TestTheTemplateSeenLongestAgoIsForgotten(t *testing.T) {
	tree := New(2)
	got := learn(tree, "aa aa", "bb bb", "aa aa", "cc cc")
	if want := []string{"aa aa", "cc cc"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for i := range 1000 {
		tree.Learn([]byte(strings.Repeat("x ", i%70) + strings.Repeat("y", i%11)))
	}
	if tree.Len() != 2 || len(tree.leaves) > 2 {
		t.Errorf("%d templates in %d leaves", tree.Len(), len(tree.leaves))
	}
}

func TestALeafIsBounded(t *testing.T) {
	tree := New(10 * maxPerLeaf)
	for i := range 2 * maxPerLeaf {
		// Half of the words differ, so that they never merge.
		word := strings.Map(func(r rune) rune { return r - '0' + 'g' }, fmt.Sprintf("%03d", i))
		tree.Learn([]byte("the " + word + word + " " + word + "x"))
		tree.Learn([]byte("the one seen"))
	}
	if got, want := tree.Patterns()[0], (Pattern{Template: "the one seen", Count: 2 * maxPerLeaf}); got != want {
		t.Errorf("the template that is seen always: got %v, want %v", got, want)
	}
	if tree.Len() > maxPerLeaf {
		t.Errorf("%d templates in one leaf", tree.Len())
	}
}

func TestLongMessagesHaveBoundedTemplates(t *testing.T) {
	tree := New(10)
	template := tree.Learn([]byte(strings.Repeat("word other ", 100000)))
	if n := strings.Count(template, " ") + 1; n != maxTokens {
		t.Errorf("%d tokens", n)
	}
}

func TestSavedTreesGoOn(t *testing.T) {
	tree := New(1000)
	lines := append(strings.Split(strings.TrimSpace(shapes), "\n"), "go n1-m(2) now", "go n-m() now")
	learn(tree, lines...)
	var saved bytes.Buffer
	if err := tree.Save(&saved); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(bytes.NewReader(saved.Bytes()), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(loaded.Patterns()), fmt.Sprint(tree.Patterns()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := learn(loaded, lines...), learn(tree, lines...); !slices.Equal(got, want) {
		t.Errorf("after more lines: got  %q\nwant %q", got, want)
	}
	few, err := Load(bytes.NewReader(saved.Bytes()), 3)
	if err != nil {
		t.Fatal(err)
	}
	tree, err = Load(bytes.NewReader(saved.Bytes()), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(few.Patterns()), fmt.Sprint(tree.Patterns()[:3]); got != want {
		t.Errorf("with room for three: got %s, want %s", got, want)
	}
}

func TestWhatIsNotASavedTreeIsAnError(t *testing.T) {
	for _, text := range []string{"", "x", "{}", `{"version":2}`, `{"version":1}{"count":-1}`, `{"version":1}{"tokens":[`, `{"version":1}` + `{"tokens":[` + strings.Repeat(`{},`, maxTokens) + `{}]}`} {
		if tree, err := Load(strings.NewReader(text), 10); err == nil {
			t.Errorf("%q: no error, %d templates", text, tree.Len())
		}
	}
	if _, err := Load(strings.NewReader(`{"version":2}`), 10); !errors.Is(err, ErrVersion) {
		t.Errorf("version 2: %v", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestSaveReportsAFullDisk(t *testing.T) {
	tree := New(10)
	tree.Learn([]byte("user 5 left"))
	if err := tree.Save(fullDisk{}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got %v", err)
	}
}

func FuzzLearn(f *testing.F) {
	f.Add("go to alice now\ngo to bob now\ngo to eve now\nk=v (1.2.3.4) x\nk=w () x\n", 4)
	f.Add("a b\na c\na d\n\xff\x00\n<*> <num> =\n", 2)
	f.Fuzz(func(t *testing.T, text string, size int) {
		size = max(size%50, 1)
		tree := New(size)
		for line := range strings.Lines(text) {
			template := tree.Learn([]byte(line))
			if got, ok := tree.Match([]byte(line)); !ok || got != template {
				t.Fatalf("%q: learned %q, matched %q, %v", line, template, got, ok)
			}
			if !utf8.ValidString(template) || tree.Len() > size || len(tree.leaves) > size {
				t.Fatalf("%q: %q, %d templates in %d leaves", line, template, tree.Len(), len(tree.leaves))
			}
		}
		var saved bytes.Buffer
		if err := tree.Save(&saved); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(&saved, size)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(loaded.Patterns()), fmt.Sprint(tree.Patterns()); got != want {
			t.Fatalf("saved %s, loaded %s", want, got)
		}
		for line := range strings.Lines(text) {
			want, ok := tree.Match([]byte(line))
			if got, also := loaded.Match([]byte(line)); got != want || ok != also {
				t.Fatalf("%q: %q, %v; after loading %q, %v", line, want, ok, got, also)
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add(`{"version":1}{"count":1,"first":"a","tokens":[{"t":"a"},{"t":"<*>","w":true}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := Load(strings.NewReader(text), 10)
		if err != nil {
			return
		}
		tree.Learn([]byte("a b"))
		if tree.Len() > 10 {
			t.Fatalf("%q: %d templates", text, tree.Len())
		}
	})
}

func BenchmarkLearn(b *testing.B) {
	lines := bytes.Split([]byte(strings.TrimSpace(shapes)), []byte("\n"))
	tree := New(DefaultMaxClusters)
	b.ReportAllocs()
	for i := range b.N {
		tree.Learn(lines[i%len(lines)])
	}
}
