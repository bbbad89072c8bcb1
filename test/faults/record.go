package faults

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// appendRecord appends a record of size bytes, or of as many as its frame
// needs: "#web-12:40 filler web-12~". The number stands at both ends and the
// length in front, so that what was cut, joined or mixed is no record.
func appendRecord(dst []byte, writer string, seq, size int) []byte {
	return appendFramed(dst, writer, seq, size, func(dst []byte, n int) []byte {
		for n > 0 {
			k := min(n, len(filler))
			dst = append(dst, filler[:k]...)
			n -= k
		}
		return dst
	})
}

const filler = "GET /api/games/availability?from=monday HTTP/1.1 200 served from the cache in 12 ms, user unknown; "

// appendTraceback appends a record of several lines.
func appendTraceback(dst []byte, writer string, seq int) []byte {
	body := "ERROR request failed\nTraceback (most recent call last):\n" +
		"  File \"/srv/app/views.py\", line 41, in dispatch\n    return self.handle(request)\n" +
		"  File \"/srv/app/games.py\", line 7, in handle\n    return seats[request.seat]\nKeyError:"
	return appendFramed(dst, writer, seq, 0, func(dst []byte, _ int) []byte { return append(dst, body...) })
}

// appendFramed writes a record's frame around what body appends, n bytes if
// the whole is to have size bytes.
func appendFramed(dst []byte, writer string, seq, size int, body func(dst []byte, n int) []byte) []byte {
	frame := len("#-:  -~") + 2*(len(writer)+digits(seq))
	middle := body(nil, size-frame-digits(size))
	size = frame + len(middle)
	size += digits(size + digits(size))
	dst = fmt.Appendf(dst, "#%s-%d:%d ", writer, seq, size)
	dst = append(dst, middle...)
	return fmt.Appendf(dst, " %s-%d~", writer, seq)
}

func digits(n int) int { return len(strconv.Itoa(n)) }

// parseRecord finds the record in an entry's text, which may have something in
// front of it and has nothing behind it. It reports false for what is not whole.
func parseRecord(text string) (writer string, seq int, ok bool) {
	_, record, found := strings.Cut(text, "#")
	head, _, found2 := strings.Cut(record, " ")
	id, size, found3 := strings.Cut(head, ":")
	i := strings.LastIndexByte(id, '-')
	if !found || !found2 || !found3 || i < 0 {
		return "", 0, false
	}
	seq, err := strconv.Atoi(id[i+1:])
	length, err2 := strconv.Atoi(size)
	if err != nil || err2 != nil || strconv.Itoa(seq) != id[i+1:] || seq < 0 || length != len(record)+1 || !strings.HasSuffix(record, " "+id+"~") {
		return "", 0, false
	}
	return id[:i], seq, true
}

// Tally counts how often each record came. It is safe for concurrent use.
type Tally struct {
	mu       sync.Mutex
	counts   map[string][]uint16 // by writer and number
	distinct int
	all      int
	damaged  []string // entries that are no record, the first few
	bad      int
}

// maxSeq bounds the memory that a damaged number could ask for.
const maxSeq = 1 << 26

// Add counts an entry.
func (y *Tally) Add(text string) {
	writer, seq, ok := parseRecord(text)
	y.mu.Lock()
	defer y.mu.Unlock()
	if !ok || seq >= maxSeq {
		y.bad++
		if len(y.damaged) < 5 {
			y.damaged = append(y.damaged, fmt.Sprintf("%d bytes: %.120q", len(text), text))
		}
		return
	}
	if y.counts == nil {
		y.counts = map[string][]uint16{}
	}
	counts := y.counts[writer]
	for seq >= len(counts) {
		counts = append(counts, make([]uint16, max(1024, len(counts)))...)
	}
	y.counts[writer] = counts
	if counts[seq] == 0 {
		y.distinct++
	}
	counts[seq]++
	y.all++
}

// Times is how often a record came.
func (y *Tally) Times(writer string, seq int) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	if counts := y.counts[writer]; seq < len(counts) {
		return int(counts[seq])
	}
	return 0
}

// Distinct is how many records came, each counted once.
func (y *Tally) Distinct() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.distinct
}

// All is how many records came, repetitions included.
func (y *Tally) All() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.all
}

// Repeated is how many times a record came that had come before.
func (y *Tally) Repeated() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.all - y.distinct
}

// Damaged is how many entries were no record, with the first few in words.
func (y *Tally) Damaged() (int, []string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.bad, append([]string(nil), y.damaged...)
}

// partJoiner puts lines together again that were sent in parts. It takes the
// entries of a stream in order; parts that are repeated begin anew.
type partJoiner map[string]*bytes.Buffer

// add calls whole with an entry's text once all its parts are there. Part and
// parts are the metadata of the same names, "" for a line that is whole.
func (p partJoiner) add(stream, text, part, parts string, whole func(string)) {
	if part == "" {
		whole(text)
		return
	}
	buf := p[stream]
	if buf == nil {
		buf = &bytes.Buffer{}
		p[stream] = buf
	}
	if part == "1" {
		buf.Reset()
	}
	buf.WriteString(text)
	if part == parts {
		whole(buf.String())
		buf.Reset()
	}
}
