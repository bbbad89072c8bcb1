package pipeline

import (
	"reflect"
	"testing"
)

func TestParseLabelsReadsWhatLabelTextWrote(t *testing.T) {
	for _, labels := range [][]Label{
		nil,
		{{"a", "b"}},
		{{"a", `say "hi", {x="y"}` + "\n\\"}, {"b", "é\x00�"}, {"c-d", "}"}},
	} {
		if got, err := ParseLabels(LabelText(labels)); err != nil || !reflect.DeepEqual(got, labels) {
			t.Errorf("got %v, %v, want %v", got, err, labels)
		}
	}
	for _, text := range []string{"", "{", "}", "{a}", "{a=}", "{a=b}", `{a="b"`, `{a="b",}`, `{a="b", }`, `{a="b"}}`, `{a='b'}`, "{a=`b`}", `a="b"}`, `{a="b" c="d"}`} {
		if got, err := ParseLabels(text); err == nil {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func FuzzParseLabels(f *testing.F) {
	f.Add(`{a="b", c="d"}`)
	f.Add(`{a="\x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := ParseLabels(text)
		if err != nil {
			return
		}
		again := LabelText(labels)
		if got, err := ParseLabels(again); err != nil || LabelText(got) != again {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	})
}
