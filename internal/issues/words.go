package issues

import (
	"strings"
	"unicode"

	"github.com/cespare/xxhash/v2"
)

// maxSearchText is how many bytes of a text can be searched.
const maxSearchText = 4 << 10

// SearchText returns what Search finds an event by: its words in lower case,
// each with a space before it.
func (e *Event) SearchText() string {
	return Words(e.Type + " " + e.Message + " " + e.Culprit + " " + e.Text)
}

// SearchHash tells different texts of a key apart without making them.
func (e *Event) SearchHash() uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, part := range [...]string{e.Type, e.Message, e.Culprit, e.Text} {
		_, _ = d.WriteString(part) // never fails
		_, _ = d.WriteString("\xff")
	}
	return d.Sum64()
}

// Words returns the words of a text, runs of letters and digits, in lower case,
// each with a space before it, of the first 4 KiB.
func Words(text string) string {
	text = cut(text, maxSearchText)
	var b strings.Builder
	b.Grow(len(text) + 1)
	inWord := false
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
			inWord = false
			continue
		}
		if !inWord {
			b.WriteByte(' ')
		}
		inWord = true
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// SearchTerms splits what was asked for at spaces. Each term is Words of its
// part: "user.py" asks for two words, one behind the other.
func SearchTerms(text string) []string {
	var terms []string
	for _, part := range strings.Fields(text) {
		if words := Words(part); words != "" {
			terms = append(terms, words)
		}
	}
	return terms
}
