package config

import (
	"strings"
	"time"
)

// Stage is one step of a pipeline. Name says which one it is, and the field of
// that name holds its configuration; all other fields are nil. In the slices
// the order is the file's.
type Stage struct {
	// Pos is the stage's key in the file, for messages.
	Pos Pos
	// Path is the stage's key path, such as
	// scrape_configs[0].pipeline_stages[2].regex.
	Path string
	// Name is the key in YAML; non_indexed_labels is given as its newer name
	// structured_metadata.
	Name string

	Docker             *DockerStage
	CRI                *CRIStage
	JSON               *JSONStage
	Logfmt             *LogfmtStage
	Regex              *RegexStage
	Replace            *ReplaceStage
	Template           *TemplateStage
	Timestamp          *TimestampStage
	Tenant             *TenantStage
	Sampling           *SamplingStage
	Limit              *LimitStage
	Pack               *PackStage
	Metrics            MetricsStage
	EventLogMessage    *EventLogMessageStage
	GeoIP              *GeoIPStage
	Decolorize         *DecolorizeStage
	Labels             LabelsStage
	Multiline          *MultilineStage
	Output             *OutputStage
	Drop               *DropStage
	Match              *MatchStage
	StaticLabels       StaticLabelsStage
	LabelDrop          LabelListStage
	LabelAllow         LabelListStage
	StructuredMetadata LabelsStage
	Level              *LevelStage
	Traceback          *TracebackStage
	RateLimit          *RateLimitStage
	ErrorGroup         *ErrorGroupStage
}

// DockerStage parses Docker's json-file records.
type DockerStage struct {
	// Join puts the 16 KiB parts together into which Docker cuts longer lines.
	// This project's own key; promtail does not join them.
	Join bool `yaml:"join"`
}

// CRIStage parses the log format of Kubernetes' container runtimes and joins
// partial lines.
type CRIStage struct {
	MaxPartialLines int `yaml:"max_partial_lines"`
	// MaxPartialLineSize is in bytes, 0 for no limit.
	MaxPartialLineSize         Bytes `yaml:"max_partial_line_size"`
	MaxPartialLineSizeTruncate bool  `yaml:"max_partial_line_size_truncate"`
}

// JSONStage extracts values of a JSON object.
type JSONStage struct {
	// Expressions are names and JMESPath expressions; an expression that is not
	// given in the file is the name. They are not compiled here.
	Expressions Expressions `yaml:"expressions"`
	// Source is the extracted value to parse, "" for the line.
	Source        string `yaml:"source"`
	DropMalformed bool   `yaml:"drop_malformed"`
}

// LogfmtStage extracts values of key=value pairs.
type LogfmtStage struct {
	// Mapping are names and keys; a key that is not given in the file is the
	// name.
	Mapping Expressions `yaml:"mapping"`
	// Source is the extracted value to parse, "" for the line.
	Source string `yaml:"source"`
}

// Expressions are in the order of the file.
type Expressions []Expression

// Expression is what one extracted value comes from.
type Expression struct {
	Pos  Pos
	Name string
	// Text is never empty.
	Text string
}

// RegexStage extracts the named groups of an expression.
type RegexStage struct {
	Expression Regexp `yaml:"expression"`
	// Source is the extracted value to match, "" for the line.
	Source string `yaml:"source"`
}

// ReplaceStage replaces what the groups of an expression match.
type ReplaceStage struct {
	Expression Regexp `yaml:"expression"`
	// Source is the extracted value to work on, "" for the line.
	Source string `yaml:"source"`
	// Replace is a template; it is not parsed here. ReplacePos is its place.
	Replace    string `yaml:"replace"`
	ReplacePos Pos    `yaml:"-"`
}

// TemplateStage makes an extracted value of others.
type TemplateStage struct {
	Source string `yaml:"source"`
	// Template is not parsed here. TemplatePos is its place.
	Template    string `yaml:"template"`
	TemplatePos Pos    `yaml:"-"`
}

// TimestampStage takes the entry's time from an extracted value.
type TimestampStage struct {
	Source string `yaml:"source"`
	// Format is a name that promtail knows (RFC3339, Unix, UnixMs, ...) or a
	// layout of Go's time package.
	Format          string   `yaml:"format"`
	FallbackFormats []string `yaml:"fallback_formats"`
	// Location is nil when not given, which means UTC.
	Location *time.Location `yaml:"location"`
	// ActionOnFailure is ActionFudge or ActionSkip.
	ActionOnFailure string `yaml:"action_on_failure"`
}

// What the timestamp stage does with a time that it cannot read: the last good
// one of the same labels and a nanosecond, or leave the entry's.
const (
	ActionFudge = "fudge"
	ActionSkip  = "skip"
)

// TenantStage sets the tenant of an entry's stream. Exactly one field is given.
type TenantStage struct {
	Label  string `yaml:"label"`
	Source string `yaml:"source"`
	Value  string `yaml:"value"`
}

// ValidTenant reports whether Loki takes an id as that of a tenant.
func ValidTenant(id string) bool {
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("!-_.*'()", rune(c)) {
			return false
		}
	}
	return id != "" && id != "." && id != ".." && len(id) <= 150
}

// SamplingStage drops entries so that a share of them is left.
type SamplingStage struct {
	// Rate is from 0, for none, to 1, for all.
	Rate              float64 `yaml:"rate"`
	DropCounterReason string  `yaml:"drop_counter_reason"`
}

// LimitStage lets so many entries of a second pass.
type LimitStage struct {
	// Rate is entries in a second, Burst how many may come at once.
	Rate  float64 `yaml:"rate"`
	Burst int     `yaml:"burst"`
	// Drop drops what is above. Otherwise the target is read so much slower.
	Drop bool `yaml:"drop"`
	// ByLabelName is the label whose values have a limit each, "" for one limit
	// for the whole job. It needs Drop.
	ByLabelName string `yaml:"by_label_name"`
	// MaxDistinctLabels is how many values are remembered, 10,000 at least.
	MaxDistinctLabels int `yaml:"max_distinct_labels"`
}

// PackStage makes the line a JSON object of labels, extracted values and itself.
type PackStage struct {
	// Labels are the names to pack.
	Labels StringList `yaml:"labels"`
	// IngestTimestamp makes the entry's time that of reading.
	IngestTimestamp bool `yaml:"ingest_timestamp"`
}

// EventLogMessageStage extracts the "key: value" lines of a Windows event.
type EventLogMessageStage struct {
	// Source is the extracted value to parse.
	Source string `yaml:"source"`
	// DropInvalidLabels leaves out keys that are no label names, instead of making
	// them such.
	DropInvalidLabels bool `yaml:"drop_invalid_labels"`
	// OverwriteExisting replaces values that are there, instead of adding
	// _extracted to the key.
	OverwriteExisting bool `yaml:"overwrite_existing"`
}

// GeoIPStage sets labels to what a MaxMind database has about an address.
type GeoIPStage struct {
	// DB is the database's file; it is not opened here. DBPos is its place.
	DB      string    `yaml:"db"`
	DBPos   Pos       `yaml:"-"`
	DBState FileState `yaml:"-"`
	// Source is the extracted value that holds the address.
	Source string `yaml:"source"`
	// DBType is GeoCity or GeoASN.
	DBType string `yaml:"db_type"`
}

// The types of databases of the geoip stage.
const (
	GeoCity = "city"
	GeoASN  = "asn"
)

// DecolorizeStage removes terminals' escape sequences from the line.
type DecolorizeStage struct{}

// LabelsStage sets labels, or structured metadata, from extracted values.
type LabelsStage []LabelSource

// LabelSource is a label and where its value comes from.
type LabelSource struct {
	Pos  Pos
	Name string
	// Source is the name of the extracted value; it is Name when the file gives
	// none.
	Source string
}

// StaticLabelsStage sets labels to fixed values, none of them empty.
type StaticLabelsStage []Label

// Label is a label name and its value.
type Label struct {
	Pos         Pos
	Name, Value string
}

// LabelListStage is a list of label names, for labeldrop and labelallow.
type LabelListStage []string

// MultilineStage joins lines up to the next one that begins a block.
type MultilineStage struct {
	Firstline Regexp `yaml:"firstline"`
	// MaxLines is the number of lines of one block, 0 for no limit.
	MaxLines int `yaml:"max_lines"`
	// MaxWaitTime ends a block when no further line has come for so long.
	MaxWaitTime Duration `yaml:"max_wait_time"`
}

// OutputStage makes an extracted value the line.
type OutputStage struct {
	Source string `yaml:"source"`
}

// DropStage drops entries for which all given conditions hold. At least one is
// given.
type DropStage struct {
	// Source are the extracted values to compare, joined by Separator; empty
	// for the line.
	Source    StringList `yaml:"source"`
	Separator string     `yaml:"separator"`
	// Value is nil when not given; at most one of Value and Expression is.
	Value      *string `yaml:"value"`
	Expression Regexp  `yaml:"expression"`
	// OlderThan and LongerThan are nil when not given.
	OlderThan         *Duration `yaml:"older_than"`
	LongerThan        *Bytes    `yaml:"longer_than"`
	DropCounterReason string    `yaml:"drop_counter_reason"`
}

// MatchStage runs stages on the entries that a LogQL selector fits, or drops
// them.
type MatchStage struct {
	// Selector is LogQL with optional line filters; it is not parsed here.
	Selector string `yaml:"selector"`
	// SelectorPos is the selector's place, for those who parse it.
	SelectorPos Pos `yaml:"-"`
	// Stages is empty exactly when Action is drop.
	Stages []Stage `yaml:"stages"`
	// Action is ActionKeep or ActionDrop.
	Action            string `yaml:"action"`
	PipelineName      string `yaml:"pipeline_name"`
	DropCounterReason string `yaml:"drop_counter_reason"`
}

// What the match stage does with entries that fit: run its stages, or drop them.
const (
	ActionKeep = "keep"
	ActionDrop = "drop"
)

// LevelStage sets a label to the entry's level. This project's own stage.
type LevelStage struct {
	// Label is the label to set.
	Label string `yaml:"label"`
	// Source is the extracted value to look at, "" for detection over the line.
	Source string `yaml:"source"`
	// Default is the level of entries whose level cannot be told.
	Default string `yaml:"default"`
}

// TracebackStage joins the lines of a traceback with the record before them.
// This project's own stage.
type TracebackStage struct {
	// MaxWait ends a traceback when no further line has come for so long.
	MaxWait Duration `yaml:"max_wait"`
	// MaxLines is the number of lines of one entry.
	MaxLines int `yaml:"max_lines"`
}

// ErrorGroupStage adds structured metadata to entries at level error and above:
// error_group, exception_type, exception_hash and pattern. This project's own
// stage.
type ErrorGroupStage struct {
	// LevelLabel is the label that says the entry's level. Without it the level is
	// detected over the line.
	LevelLabel string `yaml:"level_label"`
	// Rules is a file of grouping rules, "" for none. It is not read here; RulesPos
	// is its place.
	Rules      string    `yaml:"rules"`
	RulesPos   Pos       `yaml:"-"`
	RulesState FileState `yaml:"-"`
}

// RateLimitStage drops lines above a rate, and leaves one line that says how
// many. This project's own stage.
type RateLimitStage struct {
	LinesPerSecond int `yaml:"lines_per_second"`
	// Burst is how many lines may come at once after a pause. It is not less than
	// LinesPerSecond, which is its default.
	Burst int `yaml:"burst"`
	// ByLabelName is the label whose values have a limit each, "" for one limit
	// for the whole target.
	ByLabelName string `yaml:"by_label_name"`
}
