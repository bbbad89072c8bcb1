package jsonscan

// Members iterates over the members of one object, in the order of the
// document, repeated keys included:
//
//	m := jsonscan.Iterate(line, jsonscan.Strict)
//	for m.Next() {
//		use(m.Key, m.Value, m.Kind)
//	}
//	if err := m.Err(); err != nil { … the document is not one valid object … }
//
// It lives on the caller's stack and allocates nothing. Members seen before an
// error have been handed out by then: whoever needs the whole document to be
// valid looks at Err before using them.
type Members struct {
	Key   []byte // the member's name, still escaped, without its quotes
	Value []byte // the value; a string is still escaped, without its quotes
	Kind  Kind   // what the value is

	scan  scanner
	pos   int
	state membersState
}

type membersState uint8

const (
	atStart membersState = iota
	inObject
	atEnd
	notObject
	broken // pos is the offset of the error
)

// Iterate starts an iteration over the object that doc consists of. White
// space around it is allowed.
func Iterate(doc []byte, mode Mode) Members {
	return Members{scan: scanner{doc: doc, lenient: mode == Lenient}}
}

// Next moves to the next member and reports whether there is one. It is false
// at the end of the object and at the first error.
func (m *Members) Next() bool {
	switch m.state {
	case atStart:
		return m.first()
	case inObject:
		return m.following()
	}
	return false
}

// Err is nil when the document was one valid JSON object and nothing else, or
// when the end has not been reached yet. It is ErrNotObject, or a *SyntaxError.
func (m *Members) Err() error {
	switch m.state {
	case notObject:
		return ErrNotObject
	case broken:
		return &SyntaxError{Offset: m.pos}
	}
	return nil
}

func (m *Members) first() bool {
	pos := m.scan.space(0)
	if m.scan.at(pos) != '{' {
		return m.stop(notObject, pos)
	}
	pos = m.scan.space(pos + 1)
	if m.scan.at(pos) == '}' {
		return m.finish(pos + 1)
	}
	m.state = inObject
	return m.member(pos)
}

func (m *Members) following() bool {
	pos := m.scan.space(m.pos)
	switch m.scan.at(pos) {
	case ',':
		return m.member(m.scan.space(pos + 1))
	case '}':
		return m.finish(pos + 1)
	}
	return m.stop(broken, pos)
}

// member reads the name and the value that start at pos.
func (m *Members) member(pos int) bool {
	keyEnd, ok := m.scan.str(pos)
	if !ok {
		return m.stop(broken, keyEnd)
	}
	m.Key = m.scan.doc[pos+1 : keyEnd-1]
	colon := m.scan.space(keyEnd)
	if m.scan.at(colon) != ':' {
		return m.stop(broken, colon)
	}
	start := m.scan.space(colon + 1)
	end, kind := m.scan.value(start, 1)
	if kind == Invalid {
		return m.stop(broken, end)
	}
	m.Kind, m.Value, m.pos = kind, m.scan.doc[start:end], end
	if kind == String {
		m.Value = m.scan.doc[start+1 : end-1]
	}
	return true
}

// finish takes the end of the object: nothing but white space may follow.
func (m *Members) finish(pos int) bool {
	pos = m.scan.space(pos)
	if pos != len(m.scan.doc) {
		return m.stop(broken, pos)
	}
	return m.stop(atEnd, pos)
}

func (m *Members) stop(state membersState, pos int) bool {
	m.Key, m.Value, m.Kind = nil, nil, Invalid
	m.state, m.pos = state, pos
	return false
}

// StartsObject reports whether doc starts like an object: with at least one
// valid member, whatever follows it, or as an empty object.
func StartsObject(doc []byte, mode Mode) bool {
	s := scanner{doc: doc, lenient: mode == Lenient}
	i := s.space(0)
	if s.at(i) != '{' {
		return false
	}
	i = s.space(i + 1)
	if s.at(i) == '}' {
		return true
	}
	i, ok := s.str(i)
	if i = s.space(i); !ok || s.at(i) != ':' {
		return false
	}
	_, kind := s.value(s.space(i+1), 1)
	return kind != Invalid
}

// Get looks up a dotted path of member names ("http.status") in the object
// doc; there is no syntax for arrays, and a name that holds a dot cannot be
// written. Of repeated names the last counts, as in encoding/json. The value
// is a view as in Members. The kind is Invalid when there is no such member
// or doc is not a valid object.
func Get(doc []byte, path string) (value []byte, kind Kind) {
	for {
		name, rest, nested := cutDot(path)
		value, kind = last(doc, name)
		if !nested {
			return value, kind
		}
		if kind != Object {
			return nil, Invalid
		}
		doc, path = value, rest
	}
}

// last returns the last member of the object doc with the given name.
func last(doc []byte, name string) (value []byte, kind Kind) {
	m := Iterate(doc, Strict)
	for m.Next() {
		if Equal(m.Key, name) {
			value, kind = m.Value, m.Kind
		}
	}
	if m.state != atEnd {
		return nil, Invalid
	}
	return value, kind
}

func cutDot(path string) (name, rest string, found bool) {
	for i := range len(path) {
		if path[i] == '.' {
			return path[:i], path[i+1:], true
		}
	}
	return path, "", false
}
