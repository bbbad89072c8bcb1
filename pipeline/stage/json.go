package stage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jmespath/go-jmespath"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// jsonStage extracts members of an object. Expressions that are plain names
// with dots between them are looked up while the document is scanned; all
// others go through the JMESPath library.
type jsonStage struct {
	source        int
	dropMalformed bool
	docker        string // the place of the docker stage that this is a part of, "" for none
	members       []member
	paths         []jsonPath
}

// member is the value of a name, or below it that of a dotted path.
type member struct {
	name, below string
	slot        int
}

type jsonPath struct {
	slot int
	expr *jmespath.JMESPath
}

var plainPath = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

func (c *compiler) json(st *config.Stage) error {
	cfg := st.JSON
	s := &jsonStage{source: c.source(cfg.Source), dropMalformed: cfg.DropMalformed}
	for _, e := range cfg.Expressions {
		slot := c.name(e.Name)
		if plainPath.MatchString(e.Text) {
			name, below, _ := strings.Cut(e.Text, ".")
			s.members = append(s.members, member{name, below, slot})
			continue
		}
		expr, err := jmespath.Compile(e.Text)
		if err != nil {
			return &config.Error{
				Pos: e.Pos, Path: st.Path + ".expressions." + e.Name,
				Message: fmt.Sprintf("%q is not JMESPath: %v; put a name with special characters in double quotes", e.Text, err),
			}
		}
		s.paths = append(s.paths, jsonPath{slot, expr})
	}
	c.add(s)
	return nil
}

func (s *jsonStage) run(f *Feed, r *record) verdict {
	doc, ok := r.input(s.source)
	if !ok {
		return next
	}
	if !s.lookUp(f, doc) {
		if s.dropMalformed {
			return f.drop(r, "malformed_json")
		}
		if s.docker != "" {
			f.fail(s.docker, "docker_record", stageError("the line is no record of Docker's json-file driver"))
		}
		return next
	}
	if len(s.paths) > 0 {
		s.search(r, doc)
	}
	for i, m := range s.members {
		r.slots[m.slot] = f.found[i]
	}
	return next
}

// lookUp finds the members of doc and reports whether it is one JSON object, or
// null, which is one without members; nothing is extracted from anything else. A
// member that is not there is null.
func (s *jsonStage) lookUp(f *Feed, doc []byte) bool {
	f.found = f.found[:0]
	for range s.members {
		f.found = append(f.found, value{state: null})
	}
	it := jsonscan.Iterate(doc, jsonscan.Strict)
	for it.Next() {
		for i, m := range s.members {
			if jsonscan.Equal(it.Key, m.name) {
				f.found[i] = f.jsonMember(it.Value, it.Kind, m.below)
			}
		}
	}
	return it.Err() == nil || string(bytes.Trim(doc, " \t\r\n")) == "null"
}

func (f *Feed) jsonMember(raw []byte, kind jsonscan.Kind, below string) value {
	if below == "" {
		return f.jsonValue(raw, kind)
	}
	if kind != jsonscan.Object {
		return value{state: null}
	}
	return f.jsonValue(jsonscan.Get(raw, below))
}

// jsonValue converts as promtail does: numbers are printed as a float64 is,
// objects and arrays are JSON again.
func (f *Feed) jsonValue(raw []byte, kind jsonscan.Kind) value {
	switch kind {
	case jsonscan.String:
		return f.unescape(raw)
	case jsonscan.Number:
		return f.number64(raw)
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

// unescape returns the text of a JSON string.
func (f *Feed) unescape(raw []byte) value {
	if jsonscan.Plain(raw) {
		return text(raw)
	}
	start := len(f.scratch)
	f.scratch = jsonscan.AppendUnescape(f.scratch, raw)
	return f.copied(start)
}

func (f *Feed) number64(raw []byte) value {
	if len(raw) <= 15 && isDigits(raw) {
		return text(raw)
	}
	n, err := strconv.ParseFloat(view(raw), 64)
	if err != nil {
		return value{state: null}
	}
	start := len(f.scratch)
	f.scratch = strconv.AppendFloat(f.scratch, n, 'f', -1, 64)
	return f.copied(start)
}

func isDigits(raw []byte) bool {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(raw) > 0
}

// search evaluates the JMESPath expressions. One that fails leaves the value
// as it was, as in promtail.
func (s *jsonStage) search(r *record, doc []byte) {
	var v map[string]any
	if json.Unmarshal(doc, &v) != nil {
		return
	}
	for _, p := range s.paths {
		if found, err := p.expr.Search(v); err == nil {
			r.slots[p.slot] = anyValue(found)
		}
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
