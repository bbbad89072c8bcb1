package stage

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// expression finds a match and its groups without allocating, which package
// regexp cannot: by backtracking over the program of package regexp/syntax, as
// regexp does for short texts. Where both branches of an alternative may match
// the next byte, what was tried is remembered, so that the time is bounded by
// the length of the text times that of the program. What is too long for that is
// left to package regexp. It may be used by several goroutines.
type expression struct {
	general  *regexp.Regexp
	prog     *syntax.Prog // nil if all is left to package regexp
	first    []byteSet    // by instruction: what a match from there may begin with
	alts     []int        // by instruction: the number of an alternative
	count    int          // of alternatives
	prefix   []byte       // what every match begins with
	anchored bool         // a match begins at the text's beginning
}

// byteSet holds the bytes that may come next. One that is empty-able may match
// without any.
type byteSet struct {
	bytes [4]uint64
	empty bool
}

func (s *byteSet) add(b byte)      { s.bytes[b>>6] |= 1 << (b & 63) }
func (s *byteSet) has(b byte) bool { return s.bytes[b>>6]&(1<<(b&63)) != 0 }

// addNonASCII adds what the encodings of other characters begin with.
func (s *byteSet) addNonASCII() { s.bytes[2], s.bytes[3] = ^uint64(0), ^uint64(0) }

func (s *byteSet) union(o *byteSet) (grown bool) {
	before := *s
	for i := range s.bytes {
		s.bytes[i] |= o.bytes[i]
	}
	s.empty = s.empty || o.empty
	return *s != before
}

// The bounds of what is not left to package regexp.
const (
	maxInstructions = 1000
	maxTried        = 1 << 18 // bits
)

func newExpression(general *regexp.Regexp) *expression {
	e := &expression{general: general}
	tree, err := syntax.Parse(general.String(), syntax.Perl)
	if err != nil {
		return e
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxInstructions {
		return e
	}
	e.prog = prog
	prefix, _ := prog.Prefix()
	e.prefix, e.anchored = []byte(prefix), prog.StartCond()&syntax.EmptyBeginText != 0
	e.alts = make([]int, len(prog.Inst))
	for i := range prog.Inst {
		if isAlt(&prog.Inst[i]) {
			e.alts[i] = e.count
			e.count++
		}
	}
	e.findFirst()
	return e
}

func isAlt(in *syntax.Inst) bool { return in.Op == syntax.InstAlt || in.Op == syntax.InstAltMatch }

// findFirst fills e.first: the least sets that fit each other.
func (e *expression) findFirst() {
	e.first = make([]byteSet, len(e.prog.Inst))
	for grown := true; grown; {
		grown = false
		for pc := range e.prog.Inst {
			set := e.firstOf(&e.prog.Inst[pc])
			grown = e.first[pc].union(&set) || grown
		}
	}
}

func (e *expression) firstOf(in *syntax.Inst) (set byteSet) {
	switch in.Op {
	case syntax.InstMatch:
		set.empty = true
	case syntax.InstFail:
	case syntax.InstAlt, syntax.InstAltMatch:
		set.union(&e.first[in.Out])
		set.union(&e.first[in.Arg])
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		set = e.first[in.Out]
	default:
		for r := range rune(utf8.RuneSelf) {
			if matchesRune(in, r) {
				set.add(byte(r))
			}
		}
		set.addNonASCII()
	}
	return set
}

func matchesRune(in *syntax.Inst, r rune) bool {
	switch in.Op {
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	case syntax.InstRune1:
		return r == in.Rune[0]
	default:
		return in.MatchRune(r)
	}
}

// groupFinder is the memory of a search. The zero value is ready; it must not be used
// by two goroutines at once.
type groupFinder struct {
	groups []int    // of the last match
	stack  []branch // what is still to be tried
	tried  []uint64 // bits by alternative and position
	dirty  bool     // a bit of tried is set
}

// branch is an instruction that is still to be tried at a position, or the number
// of a group, below 0, that gets its former value back.
type branch struct{ pc, at int }

// find returns the leftmost match of e in text and those of its groups, as
// regexp's FindSubmatchIndex does, or nil. It is valid until the next call.
func (m *groupFinder) find(e *expression, text []byte) []int {
	if e.prog == nil || e.count*(len(text)+1) > maxTried {
		return e.general.FindSubmatchIndex(text)
	}
	m.prepare(e, len(text))
	for at := 0; at <= len(text); {
		if len(e.prefix) > 0 {
			i := bytes.Index(text[at:], e.prefix)
			if i < 0 || i > 0 && e.anchored {
				return nil
			}
			at += i
		}
		if e.mayStart(e.prog.Start, text, at) && m.match(e, text, at) {
			return m.groups
		}
		if e.anchored {
			return nil
		}
		_, width := utf8.DecodeRune(text[at:])
		at += max(width, 1)
	}
	return nil
}

func (m *groupFinder) prepare(e *expression, length int) {
	need := (e.count*(length+1) + 63) / 64
	if cap(m.tried) < need {
		m.tried, m.dirty = make([]uint64, need), false
	}
	if m.tried = m.tried[:cap(m.tried)]; m.dirty {
		clear(m.tried)
		m.dirty = false
	}
	if n := e.prog.NumCap; cap(m.groups) < n {
		m.groups = make([]int, n)
	} else {
		m.groups = m.groups[:n]
	}
	for i := range m.groups {
		m.groups[i] = -1
	}
}

// mayStart reports whether a match from pc may begin with what is at a position.
func (e *expression) mayStart(pc int, text []byte, at int) bool {
	set := &e.first[pc]
	return set.empty || at < len(text) && set.has(text[at])
}

// match tries to match from the start of the program at a position.
func (m *groupFinder) match(e *expression, text []byte, at int) bool {
	begin := at
	m.stack = append(m.stack[:0], branch{e.prog.Start, at})
	for len(m.stack) > 0 {
		b := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if b.pc < 0 {
			m.groups[-b.pc] = b.at
			continue
		}
		if end := m.follow(e, text, b); end >= 0 {
			m.groups[0], m.groups[1] = begin, end
			return true
		}
	}
	return false
}

// follow runs the program from a branch to a match, and returns its end, or until
// it fails, -1.
func (m *groupFinder) follow(e *expression, text []byte, b branch) int {
	pc, at := b.pc, b.at
	for {
		in := &e.prog.Inst[pc]
		switch in.Op {
		case syntax.InstMatch:
			return at
		case syntax.InstFail:
			return -1
		case syntax.InstNop:
			pc = int(in.Out)
		case syntax.InstCapture:
			if slot := int(in.Arg); slot > 1 && slot < len(m.groups) {
				m.stack = append(m.stack, branch{-slot, m.groups[slot]})
				m.groups[slot] = at
			}
			pc = int(in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^context(text, at) != 0 {
				return -1
			}
			pc = int(in.Out)
		case syntax.InstAlt, syntax.InstAltMatch:
			out, arg := e.mayStart(int(in.Out), text, at), e.mayStart(int(in.Arg), text, at)
			switch {
			case out && arg:
				if m.isTried(e.alts[pc]*(len(text)+1) + at) {
					return -1
				}
				m.stack = append(m.stack, branch{int(in.Arg), at})
				pc = int(in.Out)
			case out:
				pc = int(in.Out)
			case arg:
				pc = int(in.Arg)
			default:
				return -1
			}
		default:
			n := e.step(pc, text, at)
			if n == 0 {
				return -1
			}
			pc, at = int(in.Out), at+n
		}
	}
}

// isTried reports whether a bit is set, and sets it.
func (m *groupFinder) isTried(bit int) bool {
	word, mask := &m.tried[bit>>6], uint64(1)<<(bit&63)
	if *word&mask != 0 {
		return true
	}
	*word |= mask
	m.dirty = true
	return false
}

// step is how many bytes of text the instruction matches, 0 for none.
func (e *expression) step(pc int, text []byte, at int) int {
	if at >= len(text) {
		return 0
	}
	if c := text[at]; c < utf8.RuneSelf {
		if e.first[pc].has(c) {
			return 1
		}
		return 0
	}
	r, n := utf8.DecodeRune(text[at:])
	if matchesRune(&e.prog.Inst[pc], r) {
		return n
	}
	return 0
}

// context is what holds at a position: the beginning of a line, of a word.
func context(text []byte, at int) syntax.EmptyOp {
	before, after := rune(-1), rune(-1)
	if at > 0 {
		before, _ = utf8.DecodeLastRune(text[:at])
	}
	if at < len(text) {
		after, _ = utf8.DecodeRune(text[at:])
	}
	return syntax.EmptyOpContext(before, after)
}
