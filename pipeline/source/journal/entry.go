package journal

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// Why an entry gives no line.
const (
	skippedNoMessage = "journal_no_message" // as promtail skips and counts it
	skippedNotJSON   = "journal_not_json"
	skippedTooLong   = "journal_too_long"
	skippedCorrupt   = "journal_corrupt" // counts stretches: how many entries is not known
)

// parser turns entries, as journalctl -o json prints them, into lines.
type parser struct {
	json    bool
	names   names
	fields  []pipeline.Field // of all lines since reset
	scratch []byte           // unescaped values of all lines since reset
	known   known            // of the current entry
}

// known are the members of one entry that have a meaning here.
type known [roleCount][]byte

// role is the meaning of a member.
type role uint8

const (
	noRole role = iota
	roleMessage
	roleCursor
	roleTime
	roleSystemdUnit
	roleUnit
	roleIdentifier
	roleComm
	rolePID
	rolePriority
	roleHostname
	roleTransport
	roleCount
)

var roles = map[string]role{
	"MESSAGE": roleMessage, "__CURSOR": roleCursor, "__REALTIME_TIMESTAMP": roleTime,
	"_SYSTEMD_UNIT": roleSystemdUnit, "UNIT": roleUnit, "SYSLOG_IDENTIFIER": roleIdentifier,
	"_COMM": roleComm, "_PID": rolePID, "PRIORITY": rolePriority, "_HOSTNAME": roleHostname,
	"_TRANSPORT": roleTransport,
}

// priorities are promtail's names of the values of PRIORITY.
var priorities = [8][]byte{
	[]byte("emerg"), []byte("alert"), []byte("crit"), []byte("error"),
	[]byte("warning"), []byte("notice"), []byte("info"), []byte("debug"),
}

// names interns the names of members, so that a line costs no allocation for
// them.
type names map[string]name

type name struct {
	role  role
	field string // promtail's __journal_<lower case>, "" for journald's own addresses
}

// maxNames bounds what a writer of ever new names can make the map hold.
const maxNames = 4096

func (n names) get(key []byte) name {
	if found, ok := n[string(key)]; ok {
		return found
	}
	text := string(key)
	added := name{role: roles[text]}
	if !strings.HasPrefix(text, "__") {
		added.field = fieldPrefix + strings.ToLower(text)
	}
	if len(n) < maxNames {
		n[text] = added
	}
	return added
}

const fieldPrefix = "__journal_"

// reset invalidates all lines that were returned.
func (p *parser) reset() { p.fields, p.scratch = p.fields[:0], p.scratch[:0] }

// line returns the line of an entry and the entry's cursor, or why it gives
// none. What it returns is valid until entry is changed or reset is called.
func (p *parser) line(entry []byte) (line pipeline.Line, cursor []byte, why string) {
	p.known = known{}
	k, start := &p.known, len(p.fields)
	m := jsonscan.Iterate(entry, jsonscan.Strict)
	for m.Next() {
		value := p.value(m.Value, m.Kind)
		if value == nil {
			continue
		}
		n := p.names.get(m.Key)
		k[n.role] = value
		if n.field != "" {
			p.fields = append(p.fields, pipeline.Field{Name: n.field, Value: value})
		}
	}
	switch {
	case m.Err() != nil:
		return line, nil, skippedNotJSON
	case p.json:
		k[roleMessage] = object(p.fields[start:])
	case k[roleMessage] == nil:
		return line, k[roleCursor], skippedNoMessage
	}
	for _, d := range derived {
		if value := d.of(k); len(value) > 0 {
			p.fields = append(p.fields, pipeline.Field{Name: d.name, Value: value})
		}
	}
	line.Text, line.Time = k[roleMessage], nanoseconds(k[roleTime])
	line.Fields = p.fields[start:len(p.fields):len(p.fields)]
	return line, k[roleCursor], ""
}

// derived are the fields that do not bear the name of a member: those of this
// project's own configurations, and promtail's second one for the priority.
var derived = []struct {
	name string
	of   func(*known) []byte
}{
	{"unit", unit},
	{"identifier", func(k *known) []byte { return either(k[roleIdentifier], k[roleComm]) }},
	{"pid", func(k *known) []byte { return k[rolePID] }},
	{"priority", func(k *known) []byte { return k[rolePriority] }},
	{"priority_keyword", priorityKeyword},
	{"hostname", func(k *known) []byte { return k[roleHostname] }},
	{"transport", func(k *known) []byte { return k[roleTransport] }},
	{fieldPrefix + "priority_keyword", priorityKeyword},
}

// unit is the unit that `journalctl -u` finds the entry under: what systemd
// itself, process 1, says about a unit belongs to that unit.
func unit(k *known) []byte {
	if string(k[rolePID]) == "1" {
		return either(k[roleUnit], k[roleSystemdUnit])
	}
	return either(k[roleSystemdUnit], k[roleUnit])
}

func either(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}

func priorityKeyword(k *known) []byte {
	p := k[rolePriority]
	if len(p) != 1 || p[0] < '0' || p[0] > '7' {
		return nil
	}
	return priorities[p[0]-'0']
}

// nanoseconds is the time of a decimal number of microseconds, 0 if there is
// none.
func nanoseconds(text []byte) int64 {
	us, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || us < 0 || us > (1<<63-1)/1000 {
		return 0
	}
	return us * 1000
}

// value is the text of a member: a string; an array of numbers, which are the
// bytes of what is no valid UTF-8; an array of these, for a field that the entry
// has several times, of which the last counts as in promtail; or nil for null.
func (p *parser) value(raw []byte, kind jsonscan.Kind) []byte {
	switch kind {
	case jsonscan.Null:
		return nil
	case jsonscan.String:
		return p.text(raw)
	case jsonscan.Array:
		return p.array(raw)
	}
	return raw
}

// text is a string's text; it is not nil.
func (p *parser) text(raw []byte) []byte {
	if jsonscan.Plain(raw) {
		return raw
	}
	start := len(p.scratch)
	p.scratch = jsonscan.AppendUnescape(p.scratch, raw)
	return p.scratch[start:len(p.scratch):len(p.scratch)]
}

func (p *parser) array(raw []byte) []byte {
	if numbers := p.bytes(raw); numbers != nil {
		return numbers
	}
	var values []json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil || len(values) == 0 {
		return nil
	}
	switch last := values[len(values)-1]; last[0] {
	case '"':
		return p.text(last[1 : len(last)-1])
	case '[':
		return p.bytes(last)
	}
	return nil
}

// bytes is the text of an array of numbers, nil if it is empty or holds
// anything else.
func (p *parser) bytes(raw []byte) []byte {
	start := len(p.scratch)
	for rest := raw[1 : len(raw)-1]; len(rest) > 0; {
		number, after, _ := bytes.Cut(rest, []byte{','})
		b, err := strconv.ParseUint(string(bytes.TrimSpace(number)), 10, 8)
		if err != nil {
			p.scratch = p.scratch[:start]
			return nil
		}
		p.scratch = append(p.scratch, byte(b))
		rest = after
	}
	if len(p.scratch) == start {
		return nil
	}
	return p.scratch[start:len(p.scratch):len(p.scratch)]
}

// object renders the fields as promtail does: a JSON object sorted by name,
// without journald's own addresses. Journalctl's own order differs from run to
// run, and an entry that is read again has to be the same.
func object(fields []pipeline.Field) []byte {
	members := make(map[string]string, len(fields))
	for _, f := range fields {
		members[strings.ToUpper(f.Name[len(fieldPrefix):])] = string(f.Value)
	}
	text, err := json.Marshal(members)
	if err != nil { // a map of strings always has a JSON form
		return []byte("{}")
	}
	return text
}
