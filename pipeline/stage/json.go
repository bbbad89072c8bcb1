package stage

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"

	"github.com/jmespath/go-jmespath"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// jsonStage extracts members of an object. Expressions that are a plain member
// name are looked up while the document is scanned; all others go through the
// JMESPath library.
type jsonStage struct {
	source        int // slot, or -1 for the line
	dropMalformed bool
	members       []member
	paths         []jsonPath
}

type member struct {
	name string
	slot int
}

type jsonPath struct {
	slot int
	expr *jmespath.JMESPath
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (c *compiler) json(cfg *config.JSONStage) error {
	s := &jsonStage{source: -1, dropMalformed: cfg.DropMalformed}
	if cfg.Source != "" {
		s.source = c.p.slots.slot(cfg.Source)
	}
	for _, e := range cfg.Expressions {
		slot := c.p.slots.slot(e.Name)
		if plainName.MatchString(e.Text) {
			s.members = append(s.members, member{e.Text, slot})
			continue
		}
		expr, err := jmespath.Compile(e.Text)
		if err != nil {
			return fmt.Errorf("expressions: %s: %q is not JMESPath: %w", e.Name, e.Text, err)
		}
		s.paths = append(s.paths, jsonPath{slot, expr})
	}
	c.add(s)
	return nil
}

func (s *jsonStage) run(f *Feed, r *record) verdict {
	doc, ok := input(r, s.source)
	if !ok {
		return next
	}
	if !s.valid(doc) {
		if s.dropMalformed {
			return f.drop(r, "malformed_json")
		}
		return next
	}
	s.lookUp(f, r, doc)
	if len(s.paths) > 0 {
		s.search(f, r, doc)
	}
	return next
}

// valid reports whether doc is one JSON object; nothing is extracted from
// anything else.
func (s *jsonStage) valid(doc []byte) bool {
	it := jsonscan.Iterate(doc, jsonscan.Strict)
	for it.Next() {
	}
	return it.Err() == nil
}

func (s *jsonStage) lookUp(f *Feed, r *record, doc []byte) {
	for _, m := range s.members {
		r.slots[m.slot] = value{state: null}
	}
	it := jsonscan.Iterate(doc, jsonscan.Strict)
	for it.Next() {
		for _, m := range s.members {
			if string(it.Key) == m.name {
				r.slots[m.slot] = f.jsonValue(it.Value, it.Kind)
			}
		}
	}
}

// jsonValue converts as promtail does: numbers are printed as a float64 is,
// objects and arrays are JSON again.
func (f *Feed) jsonValue(raw []byte, kind jsonscan.Kind) value {
	switch kind {
	case jsonscan.String:
		return f.unescape(raw)
	case jsonscan.Number:
		return f.number(raw)
	case jsonscan.Bool:
		return text(raw)
	case jsonscan.Object, jsonscan.Array:
		var v any
		if json.Unmarshal(raw, &v) != nil {
			return value{state: null}
		}
		return anyValue(v)
	}
	return value{state: null}
}

func (f *Feed) number(raw []byte) value {
	if len(raw) <= 15 && isInteger(raw) {
		return text(raw)
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return value{state: null}
	}
	start := len(f.scratch)
	f.scratch = strconv.AppendFloat(f.scratch, n, 'f', -1, 64)
	return text(f.scratch[start:len(f.scratch):len(f.scratch)])
}

func isInteger(raw []byte) bool {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// search evaluates the JMESPath expressions.
func (s *jsonStage) search(f *Feed, r *record, doc []byte) {
	var v any
	if json.Unmarshal(doc, &v) != nil {
		return
	}
	for _, p := range s.paths {
		found, err := p.expr.Search(v)
		if err != nil {
			continue // promtail: the value stays as it was
		}
		r.slots[p.slot] = anyValue(found)
	}
}

func anyValue(v any) value {
	switch v := v.(type) {
	case nil:
		return value{state: null}
	case string:
		return text([]byte(v))
	case float64:
		return text(strconv.AppendFloat(nil, v, 'f', -1, 64))
	case bool:
		return text(strconv.AppendBool(nil, v))
	}
	b, err := json.Marshal(v)
	if err != nil {
		return value{state: null}
	}
	return text(b)
}
