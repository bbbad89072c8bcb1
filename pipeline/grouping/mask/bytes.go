package mask

// class says what a byte can be part of.
type class uint8

const (
	digit class = 1 << iota
	hexLetter
	letter // of ASCII, or a byte of another script's letter
	mark   // inside a word: ./:-_@ and so on
	upper

	alnum  = digit | letter
	inWord = alnum | mark
)

// classes is the class of each byte. It is never written after its
// initialisation.
var classes = func() (table [256]class) {
	for c := range table {
		switch b := byte(c); {
		case b >= '0' && b <= '9':
			table[c] = digit
		case b >= 'a' && b <= 'f':
			table[c] = letter | hexLetter
		case b >= 'A' && b <= 'F':
			table[c] = letter | hexLetter | upper
		case b >= 'A' && b <= 'Z':
			table[c] = letter | upper
		case b >= 'a' && b <= 'z' || b >= 0x80:
			table[c] = letter
		}
	}
	for _, c := range []byte("./:-_@+%#&?*~$^") {
		table[c] = mark
	}
	return table
}()

func isDigit(c byte) bool  { return c-'0' <= 9 }
func isLetter(c byte) bool { return classes[c]&letter != 0 }
func isAlnum(c byte) bool  { return classes[c]&alnum != 0 }
func isHex(c byte) bool    { return classes[c]&(digit|hexLetter) != 0 }
func isBlank(c byte) bool  { return c == ' ' || c >= '\t' && c <= '\r' }

// runEnd returns where the bytes of a class end that start at i.
func runEnd(text []byte, i int, of class) int {
	for i < len(text) && classes[text[i]]&of != 0 {
		i++
	}
	return i
}

func digitsEnd(text []byte, i int) int { return runEnd(text, i, digit) }
func hexEnd(text []byte, i int) int    { return runEnd(text, i, digit|hexLetter) }
func alnumEnd(text []byte, i int) int  { return runEnd(text, i, alnum) }

// at returns the byte at i, and 0 outside the text.
func at(text []byte, i int) byte {
	if i < 0 || i >= len(text) {
		return 0
	}
	return text[i]
}

// inRange reports whether there are one to four digits in [i, end) whose value
// is in [low, high].
func inRange(text []byte, i, end, low, high int) bool {
	if end <= i || end-i > 4 {
		return false
	}
	n := 0
	for _, c := range text[i:end] {
		n = n*10 + int(c-'0')
	}
	return n >= low && n <= high
}
