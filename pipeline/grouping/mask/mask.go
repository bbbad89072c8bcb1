// Package mask replaces what varies in a log message by placeholders, so that
// messages of one place in the code become equal.
package mask

// Append appends message to dst with its numbers replaced by <num> and returns
// the longer slice. The two must not overlap. Nothing is allocated when dst
// has room.
func Append(dst, message []byte) []byte {
	for i := 0; i < len(message); i++ {
		if !isDigit(message[i]) {
			dst = append(dst, message[i])
			continue
		}
		for i+1 < len(message) && isDigit(message[i+1]) {
			i++
		}
		dst = append(dst, "<num>"...)
	}
	return dst
}

func isDigit(c byte) bool { return c-'0' <= 9 }
