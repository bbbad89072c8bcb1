package journal

// cursors remembers, for each number of lines that were handed out, journald's
// cursor of the last entry before the next line. Its memory is reused.
type cursors struct {
	from int64      // the number of lines that ring[head] belongs to
	ring []cursorAt // its length is a power of two
	head int
	n    int // at least 1
}

type cursorAt struct {
	cursor []byte
	bytes  int64 // of all entries up to here
}

func newCursors(from int64, cursor string) *cursors {
	c := &cursors{from: from, ring: make([]cursorAt, 64), n: 1}
	c.ring[0].cursor = []byte(cursor)
	return c
}

func (c *cursors) len() int { return c.n }

// end is how many lines were handed out.
func (c *cursors) end() int64 { return c.from + int64(c.n) - 1 }

func (c *cursors) at(i int) *cursorAt { return &c.ring[(c.head+i)&(len(c.ring)-1)] }

// push notes the cursor of the line that was handed out now.
func (c *cursors) push(cursor []byte, bytes int64) {
	if c.n == len(c.ring) {
		c.grow()
	}
	c.n++
	last := c.at(c.n - 1)
	last.cursor = append(last.cursor[:0], cursor...)
	last.bytes = bytes
}

func (c *cursors) grow() {
	ring := make([]cursorAt, 2*len(c.ring))
	for i := range c.n {
		ring[i] = *c.at(i)
	}
	c.ring, c.head = ring, 0
}

// replace notes the cursor of an entry that gave no line.
func (c *cursors) replace(cursor []byte) {
	if len(cursor) > 0 {
		last := c.at(c.n - 1)
		last.cursor = append(last.cursor[:0], cursor...)
	}
}

// trim forgets everything before position, the newest cursor excepted.
func (c *cursors) trim(position int64) {
	for c.from < position && c.n > 1 {
		c.head = (c.head + 1) & (len(c.ring) - 1)
		c.n--
		c.from++
	}
}

// first is the lowest position that is remembered, with its cursor.
func (c *cursors) first() (position int64, cursor string) { return c.from, string(c.at(0).cursor) }

// bytesBefore is the size of all entries before the first position.
func (c *cursors) bytesBefore() int64 { return c.at(0).bytes }
