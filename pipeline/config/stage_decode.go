package config

import (
	"reflect"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// stageNames are the stages, in the order of the fields
// of Stage.
func stageNames() []string {
	return []string{
		"docker", "cri", "json", "logfmt", "regex", "replace", "template", "timestamp", "tenant", "sampling", "limit", "pack", "metrics", "eventlogmessage", "geoip", "decolorize", "labels", "multiline", "output", "drop", "match",
		"static_labels", "labeldrop", "labelallow", "structured_metadata", "level", "tracebacks", "rate_limit", "error_group",
	}
}

// config is where the configuration of the named stage is put: a pointer to a
// pointer, or to a slice.
func (s *Stage) config() any {
	switch s.Name {
	case "docker":
		return &s.Docker
	case "cri":
		return &s.CRI
	case "json":
		return &s.JSON
	case "logfmt":
		return &s.Logfmt
	case "regex":
		return &s.Regex
	case "replace":
		return &s.Replace
	case "template":
		return &s.Template
	case "timestamp":
		return &s.Timestamp
	case "tenant":
		return &s.Tenant
	case "sampling":
		return &s.Sampling
	case "limit":
		return &s.Limit
	case "pack":
		return &s.Pack
	case "metrics":
		return &s.Metrics
	case "eventlogmessage":
		return &s.EventLogMessage
	case "geoip":
		return &s.GeoIP
	case "decolorize":
		return &s.Decolorize
	case "labels":
		return &s.Labels
	case "multiline":
		return &s.Multiline
	case "output":
		return &s.Output
	case "drop":
		return &s.Drop
	case "match":
		return &s.Match
	case "static_labels":
		return &s.StaticLabels
	case "labeldrop":
		return &s.LabelDrop
	case "labelallow":
		return &s.LabelAllow
	case "structured_metadata":
		return &s.StructuredMetadata
	case "level":
		return &s.Level
	case "tracebacks":
		return &s.Traceback
	case "rate_limit":
		return &s.RateLimit
	case "error_group":
		return &s.ErrorGroup
	}
	return nil
}

func (s *Stage) decodeNode(d *decoder, n *yaml.Node, at *place) {
	if n.Kind != yaml.MappingNode {
		d.errorf(at, "a stage is a key with its configuration, not %s; end the stage's name with \":\"", kindOf(n))
		return
	}
	entries, ok := d.entries(n, at)
	if !ok || !d.oneStage(entries, at) {
		return
	}
	e := entries[0]
	s.Name = e.key
	if s.Name == "non_indexed_labels" {
		s.Name = "structured_metadata"
	}
	here := at.child(e.key, e.pos)
	s.Pos, s.Path = here.pos, here.path()
	d.stages++
	defer func() { d.stages-- }()
	target := s.config()
	if target == nil {
		d.unknownStage(e.key, here)
		return
	}
	d.stage(e.value, reflect.ValueOf(target).Elem(), here)
}

// oneStage reports an item that is not exactly one stage.
func (d *decoder) oneStage(entries []entry, at *place) bool {
	if len(entries) == 1 {
		return true
	}
	if len(entries) == 0 {
		d.errorf(at, "the stage is empty; name one or remove the item")
		return false
	}
	second := entries[1]
	here := at.child(second.key, second.pos)
	if isNull(entries[0].value) && !slices.Contains(stageNames(), second.key) {
		d.errorf(here, "indent this key further, so that it is below %s", entries[0].key)
		return false
	}
	d.errorf(here, "a stage has one key, and %s is there already; begin a new item with \"- \"", entries[0].key)
	return false
}

// stage decodes a stage's configuration. Nothing given is the same as {}, so
// that the checks run for it too.
func (d *decoder) stage(n *yaml.Node, out reflect.Value, at *place) {
	n, ok := d.enter(n, at)
	defer d.leave()
	if !ok {
		return
	}
	if isNull(n) {
		n = &yaml.Node{Kind: yaml.MappingNode, Line: at.pos.Line, Column: at.pos.Column}
		if out.Type() == reflect.TypeFor[LabelListStage]() {
			n.Kind = yaml.SequenceNode
		}
	}
	d.fill(n, out, at)
}

// unknownStage reports a stage that there is not.
func (d *decoder) unknownStage(name string, at *place) {
	if near := Nearest(name, stageNames()); near != "" {
		d.errorf(at, "unknown stage; did you mean %s?", near)
		return
	}
	d.errorf(at, "unknown stage; known stages: %s", strings.Join(stageNames(), ", "))
}

// emptyStage reports a stage without entries. As in promtail {} does nothing, and
// nothing at all is an error.
func (d *decoder) emptyStage(n *yaml.Node, at *place, remedy string) {
	if n.Style&yaml.FlowStyle != 0 {
		d.warn(at, "the stage is empty, so it does nothing")
		return
	}
	d.errorf(at, "the stage is empty; %s", remedy)
}

func (l *LabelsStage) decodeNode(d *decoder, n *yaml.Node, at *place) {
	entries, ok := d.entries(n, at)
	if !ok {
		return
	}
	if len(entries) == 0 {
		d.emptyStage(n, at, "give names of labels, each with the name of an extracted value or with nothing")
	}
	*l = LabelsStage{}
	for _, e := range entries {
		here := at.child(e.key, e.pos)
		if !d.checkLabel(e.key, here) {
			continue
		}
		source := e.key
		d.value(e.value, reflect.ValueOf(&source).Elem(), here)
		if source == "" {
			source = e.key
		}
		*l = append(*l, LabelSource{Pos: here.pos, Name: e.key, Source: source})
	}
}

func (l *StaticLabelsStage) decodeNode(d *decoder, n *yaml.Node, at *place) {
	entries, ok := d.entries(n, at)
	if !ok {
		return
	}
	if len(entries) == 0 {
		d.warn(at, "the stage is empty, so it sets nothing; give labels and their values")
	}
	*l = StaticLabelsStage{}
	for _, e := range entries {
		here := at.child(e.key, e.pos)
		if !d.checkOwnLabel(e.key, here) {
			continue
		}
		var value string
		d.value(e.value, reflect.ValueOf(&value).Elem(), here)
		if value != "" {
			*l = append(*l, Label{Pos: here.pos, Name: e.key, Value: value})
		}
	}
}

func (l *LabelListStage) decodeNode(d *decoder, n *yaml.Node, at *place) {
	d.slice(n, reflect.ValueOf((*[]string)(l)).Elem(), at)
	if len(*l) == 0 && !at.bad {
		d.errorf(at, "the list is empty; give names of labels, each after \"- \"")
	}
}

func (x *Expressions) decodeNode(d *decoder, n *yaml.Node, at *place) {
	entries, ok := d.entries(n, at)
	if !ok {
		return
	}
	for _, e := range entries {
		here := at.child(e.key, e.pos)
		var text string
		d.value(e.value, reflect.ValueOf(&text).Elem(), here)
		if text == "" {
			text = e.key
		}
		*x = append(*x, Expression{Pos: here.pos, Name: e.key, Text: text})
	}
}

func (c *CRIStage) validate(s scope) {
	if c.MaxPartialLines == 0 { // as in promtail
		c.setDefaults()
	}
	atLeast(s, "max_partial_lines", c.MaxPartialLines, 1)
}

func (c *JSONStage) validate(s scope) {
	if len(c.Expressions) == 0 {
		s.errorf("expressions", "required; give names of values and, after each, a JMESPath expression or nothing")
	}
	s.notEmpty("source", c.Source)
}

func (c *LogfmtStage) validate(s scope) {
	if len(c.Mapping) == 0 {
		s.errorf("mapping", "required; give names of values and, after each, a key or nothing")
	}
	s.notEmpty("source", c.Source)
}

func (c *RegexStage) validate(s scope) {
	s.regexp("expression", c.Expression)
	s.notEmpty("source", c.Source)
	if c.Expression.IsSet() && strings.Join(c.Expression.SubexpNames(), "") == "" {
		s.warnf("expression", "it has no named group (?P<name>...), so the stage extracts nothing")
	}
}

func (c *ReplaceStage) validate(s scope) {
	c.ReplacePos = s.place("replace").pos
	s.regexp("expression", c.Expression)
	s.notEmpty("source", c.Source)
}

func (c *TemplateStage) validate(s scope) {
	c.TemplatePos = s.place("template").pos
	s.required("source", c.Source, "the name of the extracted value to set")
	if c.Template == "" {
		s.warnf("template", "it is empty, so the stage removes the value")
	}
}

func (c *TimestampStage) validate(s scope) {
	s.required("source", c.Source, "the name of the extracted value that holds the time")
	s.required("format", c.Format, "a name such as RFC3339 or Unix, or a layout such as 2006-01-02 15:04:05")
	s.oneOf("action_on_failure", c.ActionOnFailure, ActionFudge, ActionSkip)
}

func (c *TenantStage) validate(s scope) {
	var given []string
	for _, key := range []string{"label", "source", "value"} {
		if s.given(key) {
			given = append(given, key)
		}
	}
	if len(given) == 0 {
		s.errorf("value", "required; give value, or label or source to take the tenant from")
	}
	if len(given) > 1 {
		s.errorf(given[1], "%s are given; keep one", strings.Join(given, " and "))
	}
	s.notEmpty("label", c.Label)
	s.notEmpty("source", c.Source)
	s.notEmpty("value", c.Value)
	if c.Value != "" && !ValidTenant(c.Value) {
		s.errorf("value", "%s is no tenant that Loki takes; use up to 150 letters, digits and !-_.*'()", quote(c.Value))
	}
}

func (c *SamplingStage) validate(s scope) {
	if !s.given("rate") {
		s.errorf("rate", "required; give the share of the entries to keep, such as 0.1")
	}
	if c.Rate < 0 || c.Rate > 1 {
		s.errorf("rate", "%v is not a share; write a number from 0 to 1", c.Rate)
	}
	if c.DropCounterReason == "" {
		c.DropCounterReason = "sampling_stage"
	}
}

// leastDistinctLabels is promtail's least of max_distinct_labels.
const leastDistinctLabels = 10_000

func (c *LimitStage) validate(s scope) {
	if !s.given("rate") {
		s.errorf("rate", "required; give the number of entries that may pass in a second, such as 100")
	} else if c.Rate <= 0 {
		s.errorf("rate", "the rate must be above 0, such as 100")
	}
	if !s.given("burst") {
		s.errorf("burst", "required; give the number of entries that may come at once, such as 500")
	}
	atLeast(s, "burst", c.Burst, 1)
	s.notEmpty("by_label_name", c.ByLabelName)
	if c.ByLabelName != "" && !c.Drop {
		s.errorf("by_label_name", "a limit for each value of a label can only drop; add drop: true, or remove by_label_name")
	}
	if s.given("max_distinct_labels") && c.MaxDistinctLabels < leastDistinctLabels {
		s.warnf("max_distinct_labels", "%d is used, the least there is", leastDistinctLabels)
	}
	c.MaxDistinctLabels = max(c.MaxDistinctLabels, leastDistinctLabels)
}

func (c *EventLogMessageStage) validate(s scope) {
	if !ValidLabel(c.Source) {
		s.errorf("source", "%s is not a label's name; use letters, digits and _, and no digit first", quote(c.Source))
	}
}

func (c *GeoIPStage) validate(s scope) {
	c.DBPos, c.DBState = s.place("db").pos, stateOf(c.DB)
	s.required("db", c.DB, "the file of a MaxMind database, such as /etc/GeoLite2-City.mmdb")
	s.required("source", c.Source, "the name of the extracted value that holds the address")
	s.required("db_type", c.DBType, "city or asn")
	if c.DBType != "" {
		s.oneOf("db_type", c.DBType, GeoCity, GeoASN)
	}
}

func (c *PackStage) validate(s scope) {
	if slices.Contains(c.Labels, "") {
		s.errorf("labels", "a name is empty; fill it in or remove it")
	}
}

func (c *MultilineStage) validate(s scope) {
	s.regexp("firstline", c.Firstline)
	atLeast(s, "max_lines", c.MaxLines, 0)
	s.positive("max_wait_time", c.MaxWaitTime)
}

func (c *OutputStage) validate(s scope) {
	s.required("source", c.Source, "the name of the extracted value that becomes the line")
}

func (c *DropStage) validate(s scope) {
	if len(c.Source) == 0 && !c.Expression.IsSet() && c.OlderThan == nil && c.LongerThan == nil {
		s.errorf("source", "the stage has no condition; give source, expression, older_than or longer_than")
	}
	if s.given("value") && s.given("expression") {
		s.errorf("expression", "value and expression are both given; keep one")
	}
	if slices.Contains(c.Source, "") {
		s.warnf("source", "a name is empty, and nothing is extracted under it; fill it in or remove it")
	}
	if c.DropCounterReason == "" {
		c.DropCounterReason = "drop_stage"
	}
}

func (c *MatchStage) validate(s scope) {
	c.SelectorPos = s.place("selector").pos
	s.required("selector", c.Selector, "a LogQL selector such as '{job=\"nginx\"} |= \"error\"'")
	if c.Action == "" {
		c.Action = ActionKeep
	}
	s.oneOf("action", c.Action, ActionKeep, ActionDrop)
	if c.Action == ActionKeep && len(c.Stages) == 0 {
		s.errorf("stages", "required; give at least one stage, or action: drop")
	}
	if c.Action == ActionDrop && len(c.Stages) > 0 {
		s.errorf("stages", "a match that drops has no stages; remove them, or action: drop")
	}
	s.notEmpty("pipeline_name", c.PipelineName)
	if c.DropCounterReason == "" {
		c.DropCounterReason = "match_stage"
	}
}

func (c *LevelStage) validate(s scope) {
	if !ValidLabel(c.Label) {
		s.errorf("label", "%s is not a label's name; use letters, digits and _, and no digit first", quote(c.Label))
	}
	s.oneOf("default", c.Default, "trace", "debug", "info", "warn", "error", "critical", "fatal", "unknown")
}

func (c *ErrorGroupStage) validate(s scope) {
	c.RulesPos, c.RulesState = s.place("rules").pos, stateOf(c.Rules)
	if !ValidLabel(c.LevelLabel) {
		s.errorf("level_label", "%s is not a label's name; use letters, digits and _, and no digit first", quote(c.LevelLabel))
	}
	s.notEmpty("rules", c.Rules)
}

func (c *TracebackStage) validate(s scope) {
	s.positive("max_wait", c.MaxWait)
	atLeast(s, "max_lines", c.MaxLines, 2)
}

func (c *RateLimitStage) validate(s scope) {
	if !s.given("lines_per_second") {
		s.errorf("lines_per_second", "required; give the number of lines that may pass in a second, such as 100")
	}
	atLeast(s, "lines_per_second", c.LinesPerSecond, 1)
	if !s.given("burst") {
		c.Burst = c.LinesPerSecond
	}
	atLeast(s, "burst", c.Burst, c.LinesPerSecond)
	s.notEmpty("by_label_name", c.ByLabelName)
	if c.ByLabelName != "" && !ValidLabel(c.ByLabelName) {
		s.errorf("by_label_name", "%s is not a label's name; use letters, digits and _, and no digit first", quote(c.ByLabelName))
	}
}

// regexp reports an expression that is not given.
func (s scope) regexp(key string, r Regexp) {
	if !r.IsSet() {
		s.errorf(key, "required; give a regular expression")
	}
}

// notEmpty reports a key that is given without a value.
func (s scope) notEmpty(key, value string) {
	if s.given(key) && !s.keys[key].null && value == "" {
		s.errorf(key, "the value is empty; fill it in or remove the key")
	}
}
