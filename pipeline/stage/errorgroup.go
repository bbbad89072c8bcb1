package stage

import (
	"bytes"
	"sync"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// maxTypeBytes is how many bytes of an exception's type are sent.
const maxTypeBytes = 128

// errorGroup adds to entries at level error and above which group they are of,
// as structured metadata: error_group, exception_type, exception_hash, pattern.
type errorGroup struct {
	level, service int // labels
	grouper        *grouping.Grouper
	results        sync.Pool // *grouping.Result, for feeds of all workers
}

func (c *compiler) errorGroup(st *config.Stage) error {
	cfg := st.ErrorGroup
	var rules grouping.Rules
	if cfg.Rules != "" {
		var err error
		if rules, err = grouping.LoadRules(cfg.Rules); err != nil {
			return &config.Error{Pos: cfg.RulesPos, Path: st.Path + ".rules", Message: err.Error()}
		}
	}
	s := &errorGroup{level: c.name(cfg.LevelLabel), service: c.name("service"), grouper: grouping.New(rules)}
	s.results.New = func() any { return new(grouping.Result) }
	c.add(s)
	return nil
}

func (s *errorGroup) run(f *Feed, r *record) verdict {
	l := level.Unknown
	if label := r.labels[s.level]; label.state == present {
		l = level.Parse(label.text)
	} else {
		l = level.Detect(r.line)
	}
	if l < level.Error {
		return next
	}
	result := s.results.Get().(*grouping.Result)
	s.grouper.Group(grouping.Event{Text: r.line, Level: l, Service: string(r.labels[s.service].text)}, result)
	s.addHash(f, r, "error_group", result.Key)
	if result.Kind == grouping.Failure {
		if len(result.Type) > 0 {
			start := len(f.scratch)
			name := bytes.ToValidUTF8(result.Type[:min(len(result.Type), maxTypeBytes)], nil)
			f.scratch = append(f.scratch, name...)
			r.meta = append(r.meta, pipeline.Field{Name: "exception_type", Value: f.copied(start).text})
		}
		s.addHash(f, r, "exception_hash", result.ExceptionHash)
	}
	s.addHash(f, r, "pattern", result.PatternHash)
	s.results.Put(result)
	return next
}

func (s *errorGroup) addHash(f *Feed, r *record, name string, hash grouping.Hash) {
	start := len(f.scratch)
	f.scratch = hash.AppendText(f.scratch)
	r.meta = append(r.meta, pipeline.Field{Name: name, Value: f.copied(start).text})
}
