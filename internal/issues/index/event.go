package index

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// lower are the values of a level by which a line is no error. What has none of
// them is read, and looked at here.
const lower = `"(?i)(trace|debug|info|information|notice|warn|warning|unknown)"`

// queryOf returns the log query for lines that may be errors. A label that lines
// lack passes: Loki 2.9 has no detected_level.
func queryOf(among loki.Selector) string {
	return "{" + string(among) + ", level!~" + lower + "} | detected_level!~\"(?i)(trace|debug|info|warn)\""
}

// source is what lines of one set of labels and metadata share.
type source struct {
	labels map[string]string
	// stream is the label set of the stream, all that with the metadata, each in
	// one form for one set.
	stream, all         string
	env, service, group string
	correlation         string
	level               level.Level
	// detect is whether the line itself says its level; part is whether it is not
	// the first part of a line that was too long for Loki.
	detect, part bool
	tags         map[string]string
}

// sources are the sources of one page of entries, by their map of labels, which
// entries of one set share.
type sources map[uintptr]*source

func (s sources) of(e *loki.Entry) *source {
	at := reflect.ValueOf(e.Labels).Pointer()
	found, ok := s[at]
	if !ok {
		found = newSource(e.Labels, e.Metadata)
		s[at] = found
	}
	return found
}

func newSource(labels, metadata map[string]string) *source {
	all := maps.Clone(labels)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, metadata)
	first := func(names ...string) string {
		for _, name := range names {
			if value := all[name]; value != "" {
				return value
			}
		}
		return ""
	}
	s := &source{
		labels: labels, stream: boundStream(labelSet(labels)), all: labelSet(all),
		env:         first("env", "environment", "deployment_environment"),
		service:     first("service", "service_name", "app", "container", "job"),
		group:       first("error_group"),
		correlation: first("correlation_id", "request_id", "trace_id"),
		part:        all["part"] != "" && all["part"] != "1",
		tags:        map[string]string{},
	}
	s.level = level.Parse(first("level", "detected_level", "severity"))
	s.detect = s.level == level.Unknown && labels["level"] == ""
	for name, value := range map[string]string{
		"host": first("host", "hostname", "instance"), "endpoint": first("request_path", "endpoint", "path"),
		"user": first("user_id", "username", "user"), "release": first("release", "version", "image"),
		"container": first("container"), "logger": first("logger"),
	} {
		if value != "" {
			s.tags[name] = value
		}
	}
	return s
}

// boundStream is a stream's text as the store keeps it.
func boundStream(stream string) string {
	e := issues.Event{Stream: stream}
	e.Bound()
	return e.Stream
}

// labelSet renders labels as Loki writes streams.
func labelSet(labels map[string]string) string {
	text := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if len(text) > 1 {
			text = append(text, ", "...)
		}
		text = append(append(text, name...), '=')
		text = strconv.AppendQuote(text, labels[name])
	}
	return string(append(text, '}'))
}

// isEvent reports whether a line is an event, and returns its level.
func (s *source) isEvent(line string) (level.Level, bool) {
	if s.part {
		return level.Unknown, false
	}
	l := s.level
	if s.detect {
		l = level.Detect([]byte(line))
	}
	return l, l >= level.Error
}

// id is the identity of a line. It does not depend on which of its names Loki's
// index had when it was read.
func (s *source) id(e *loki.Entry) issues.ID { return issues.NewID(s.all, e.TS, "", e.Line) }

// maker makes events of lines. One goroutine uses it.
type maker struct {
	grouper *grouping.Grouper
	result  grouping.Result
}

// event makes the event of a line.
func (m *maker) event(e *loki.Entry, s *source, l level.Level) life.Seen {
	r := &m.result
	m.grouper.Group(grouping.Event{Text: []byte(e.Line), Level: l, Service: s.service}, r)
	event := &issues.Event{
		ID: s.id(e), Time: e.TS, Key: r.Key, Exception: r.ExceptionHash,
		Stream: s.stream, Env: s.env, Service: s.service, Level: l.String(),
		Type: string(r.Type), Message: string(r.Message), Culprit: r.Culprit(),
		Correlation: cmp.Or(string(r.CorrelationID), s.correlation), Tags: tagsOf(s.tags, e.Line),
	}
	if len(r.Type) > 0 && len(r.Value) > 0 {
		event.Message = string(r.Value)
	}
	if event.Message != e.Line {
		event.Text = e.Line
	}
	if key, err := grouping.ParseHash(s.group); err == nil && key != 0 {
		event.Key = key
	}
	return life.Seen{Event: event, Line: e.Line, Labels: s.labels, Group: s.group}
}

// recordTags are the members of JSON records that are tags.
var recordTags = map[string]string{
	"path": "endpoint", "endpoint": "endpoint", "request_path": "endpoint",
	"user_id": "user", "username": "user", "release": "release", "version": "release", "hostname": "host", "logger": "logger",
}

// tagsOf returns the tags of a line: those of its source and, if it is a JSON
// record, those that the record says and the source does not.
func tagsOf(base map[string]string, line string) map[string]string {
	if line == "" || line[0] != '{' {
		return base
	}
	tags := base
	_ = jsonscan.Fields([]byte(line), func(key, value []byte, kind jsonscan.Kind) bool { // what is no JSON has no tags
		name, ok := recordTags[string(key)]
		if !ok || (kind != jsonscan.String && kind != jsonscan.Number) || len(value) == 0 || tags[name] != "" {
			return true
		}
		if len(tags) == len(base) {
			tags = maps.Clone(base)
		}
		tags[name] = string(jsonscan.AppendUnescape(nil, value))
		return true
	})
	return tags
}
