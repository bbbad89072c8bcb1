package quarantine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Entry is one log entry that Loki refused.
type Entry struct {
	Time     int64     // the entry's own, in unix nanoseconds
	Reason   string    // why Loki refused it, as the metrics count it
	Refused  time.Time // when
	Tenant   string    // X-Scope-OrgID, empty for the client's own
	Stream   string    // the label set as Loki's push API wants it: {a="b", c="d"}
	Line     string    // byte for byte
	Metadata []Field   // structured, in the order in which it was sent
}

// Field is one name and value of structured metadata.
type Field struct{ Name, Value string }

// record is an entry as it is stored: one line of JSON.
type record struct {
	Time       time.Time `json:"time"`
	Reason     string    `json:"reason"`
	Refused    time.Time `json:"refused"`
	Tenant     string    `json:"tenant,omitempty"`
	Stream     string    `json:"stream"`
	Line       string    `json:"line"`
	LineBase64 []byte    `json:"line_base64,omitempty"` // of a line that is not valid UTF-8
	Metadata   metadata  `json:"metadata,omitempty"`
}

// JSON returns the entry as it is stored, without the newline.
func (e *Entry) JSON() ([]byte, error) {
	r := record{
		Time: time.Unix(0, e.Time).UTC(), Reason: e.Reason, Refused: e.Refused.UTC(),
		Tenant: e.Tenant, Stream: e.Stream, Line: e.Line, Metadata: e.Metadata,
	}
	if !utf8.ValidString(e.Line) {
		r.Line, r.LineBase64 = strings.ToValidUTF8(e.Line, "�"), []byte(e.Line)
	}
	return marshal(r)
}

// parse reads what JSON returned.
func parse(line []byte) (Entry, error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return Entry{}, err
	}
	e := Entry{
		Time: r.Time.UnixNano(), Reason: r.Reason, Refused: r.Refused.UTC(),
		Tenant: r.Tenant, Stream: r.Stream, Line: r.Line, Metadata: r.Metadata,
	}
	if r.LineBase64 != nil {
		e.Line = string(r.LineBase64)
	}
	if !time.Unix(0, e.Time).Equal(r.Time) {
		return Entry{}, fmt.Errorf("time %v is not one of a log entry", r.Time)
	}
	return e, nil
}

// metadata is an object whose members keep their order. A value that is not
// valid UTF-8 is an object with the member base64.
type metadata []Field

type binary struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements json.Marshaler.
func (m metadata) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, f := range m {
		var value any = f.Value
		if !utf8.ValidString(f.Value) {
			value = binary{[]byte(f.Value)}
		}
		name, err1 := marshal(f.Name)
		text, err2 := marshal(value)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), text...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *metadata) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(errors.New("metadata is no object"), err)
	}
	*m = nil
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		value, err := parseValue(raw)
		if err != nil {
			return fmt.Errorf("metadata %v: %w", name, err)
		}
		*m = append(*m, Field{name.(string), value})
	}
	return nil
}

func parseValue(raw json.RawMessage) (string, error) {
	if raw[0] == '{' {
		var b binary
		err := json.Unmarshal(raw, &b)
		return string(b.Base64), err
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// marshal is json.Marshal that leaves <, > and & readable.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
