package pattern

import "strings"

// token is a word of a masked message.
type token struct {
	text     string
	skeleton string // text without placeholders
	letters  int    // how many there are in skeleton
	wild     bool   // anything fits
	key      string // of key=value: key=
}

// How many different tokens in one place show that it varies; so many times two
// for two places at once.
const (
	enoughValues    = 2 // they look like values: paths, names with marks or digits in them
	enoughWords     = 3 // words
	enoughShort     = 8 // words that are most of the message
	enoughConstants = 8 // UPPER_CASE, as code names its states
)

// split appends the tokens of a masked message. Repetitions of one to three
// tokens with a placeholder in them are one: a list of any length has the same
// tokens.
func split(tokens []token, text string) []token {
	for len(text) > 0 && len(tokens) < maxTokens {
		word, rest, _ := strings.Cut(text, " ")
		text = rest
		tokens = fold(append(tokens, newToken(word)))
	}
	return tokens
}

func newToken(text string) token {
	skeleton, _ := strip(text)
	t := token{text: text, skeleton: skeleton, letters: letters(skeleton)}
	if i := strings.IndexByte(text, '='); i > 0 {
		t.key = text[:i+1]
	}
	return t
}

// fold drops the last one to three tokens if they repeat those before.
func fold(tokens []token) []token {
	const longest = 3
	for period := 1; period <= longest && 2*period <= len(tokens); period++ {
		last, before := tokens[len(tokens)-period:], tokens[len(tokens)-2*period:]
		varies, same := false, true
		for i := range last {
			same = same && number(last[i].text) == number(before[i].text)
			varies = varies || last[i].text != last[i].skeleton
		}
		if same && varies {
			return tokens[:len(tokens)-period]
		}
	}
	return tokens
}

// number returns text with hexadecimal digits and ids as numbers, which they can
// happen to look like.
func number(text string) string {
	if !strings.Contains(text, "<hex>") && !strings.Contains(text, "<id>") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "<hex>", "<num>"), "<id>", "<num>")
}

// strip returns text without its placeholders, and how many there are.
func strip(text string) (rest string, placeholders int) {
	if strings.IndexByte(text, '<') < 0 {
		return text, 0
	}
	var b strings.Builder
	for len(text) > 0 {
		end := placeholderEnd(text)
		if end == 0 {
			b.WriteByte(text[0])
			end = 1
		} else {
			placeholders++
		}
		text = text[end:]
	}
	return b.String(), placeholders
}

// placeholderEnd returns the length of the placeholder that text starts with, or 0.
func placeholderEnd(text string) int {
	if text[0] != '<' {
		return 0
	}
	end := 1
	for end < len(text) && (text[end] >= 'a' && text[end] <= 'z' || text[end] == '*') {
		end++
	}
	if end == 1 || end == len(text) || text[end] != '>' {
		return 0
	}
	return end + 1
}

// same reports whether two tokens differ in their placeholders at most, or one
// fits everything.
func (t token) same(other token) bool {
	return t.wild || other.wild || t.skeleton == other.skeleton || t.wildKey(other) || other.wildKey(t)
}

// wildKey reports whether t is key=<*> and other has that key.
func (t token) wildKey(other token) bool {
	return t.key != "" && t.key == other.key && t.text[len(t.key):] == Wildcard
}

// join returns the token for two, which is the more general one if they are the
// same.
func (t token) join(other token) token {
	switch {
	case t.text == other.text || t.wild || t.wildKey(other):
		return t
	case other.wild || other.wildKey(t):
		return other
	case t.skeleton == other.skeleton:
		return t.varied(other)
	case t.key != "" && t.key == other.key:
		return newToken(t.key + Wildcard)
	}
	return token{text: between(t.text, other.text), wild: true}
}

// between is a wildcard with the marks around it that both texts have.
func between(a, b string) string {
	head, tail := 0, 0
	for head < min(len(a), len(b)) && a[head] == b[head] && isMark(a[head]) {
		head++
	}
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] && isMark(a[len(a)-1-tail]) {
		tail++
	}
	return a[:head] + Wildcard + a[len(a)-tail:]
}

func isMark(c byte) bool { return strings.IndexByte("\"'()[]{},;:", c) >= 0 }

// varied is the token for two that differ in placeholders: what they have in
// common at both ends, and a wildcard in between.
func (t token) varied(other token) token {
	a, b := t.text, other.text
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	if open := strings.LastIndexByte(a[:head], '<'); open > strings.LastIndexByte(a[:head], '>') {
		head = open
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if end := strings.IndexByte(a[len(a)-tail:], '>'); end >= 0 {
		tail -= end + 1
	}
	t.text = a[:head] + Wildcard + a[len(a)-tail:]
	return t
}

// group is what the first token of a message puts it under: itself, unless there
// is a value in it.
func (t token) group() string {
	if t.text != t.skeleton || strings.HasPrefix(t.text, "/") {
		return ""
	}
	return t.text
}

// enough is how many different tokens such as these two show that their place
// varies. What both begin with up to a mark, as in at=alice or chdir(/tmp), does
// not count.
func enough(a, b token) int {
	head := 0
	for i := range min(len(a.text), len(b.text)) {
		if a.text[i] != b.text[i] {
			break
		}
		if strings.IndexByte("=:([{@", a.text[i]) >= 0 {
			head = i + 1
		}
	}
	return max(look(a.text[head:]), look(b.text[head:]))
}

// look is how many tokens such as this one show that their place varies.
func look(text string) int {
	value, placeholders := strip(text)
	value = strings.Trim(value, `.,:;!?()[]{}"'<>`)
	n := letters(value)
	switch {
	case n == 0 || placeholders > 1 || isLiteral(value):
		return enoughValues
	case n >= 2 && value == strings.ToUpper(value) && value != strings.ToLower(value):
		return enoughConstants
	case n+strings.Count(value, "-") < len(value) || strings.ToLower(value[1:]) != value[1:]:
		return enoughValues
	}
	return enoughWords
}

// isLiteral tells the words that stand where a value is missing or is one of two.
func isLiteral(word string) bool {
	switch strings.ToLower(word) {
	case "null", "nil", "none", "undefined", "nan", "true", "false", "yes", "no", "on", "off", "unknown", "n/a":
		return true
	}
	return false
}

func letters(text string) int {
	n := 0
	for i := range len(text) {
		if c := text[i] | 0x20; c >= 'a' && c <= 'z' || text[i] >= 0x80 {
			n++
		}
	}
	return n
}
