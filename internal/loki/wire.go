package loki

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
)

// Entry is one line. Its maps are shared with other entries: read them only.
type Entry struct {
	// TS is the line's time in unix nanoseconds.
	TS   int64
	Line string
	// Labels are the labels by which Loki indexes the line.
	Labels map[string]string
	// Metadata is what else Loki knows of the line: its structured metadata, and
	// what a parser in a raw query extracted.
	Metadata map[string]string
	// Hash tells lines of one instant apart: it is over line, labels and
	// metadata.
	Hash uint64
	// all are labels and metadata as Loki gives them, in one set; stream is its
	// hash, for the order of lines of one instant.
	all    map[string]string
	stream uint64
}

// ID is equal for the same line in every answer to queries that extract the
// same.
func (e Entry) ID() string { return fmt.Sprintf("%d-%016x", e.TS, e.Hash) }

// Stats says what a query cost.
type Stats struct {
	BytesProcessed int64
	LinesProcessed int64
}

// add sums up.
func (s Stats) add(o Stats) Stats {
	return Stats{s.BytesProcessed + o.BytesProcessed, s.LinesProcessed + o.LinesProcessed}
}

// answer is the JSON answer of query and query_range.
type answer struct {
	Warnings []string `json:"warnings"`
	Data     struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
		Stats      struct {
			Summary struct {
				Bytes int64 `json:"totalBytesProcessed"`
				Lines int64 `json:"totalLinesProcessed"`
			} `json:"summary"`
		} `json:"stats"`
	} `json:"data"`
}

// stats returns what the answer cost.
func (a *answer) stats() Stats {
	return Stats{a.Data.Stats.Summary.Bytes, a.Data.Stats.Summary.Lines}
}

// wireStream is one stream of a result of type streams.
type wireStream struct {
	Stream map[string]string `json:"stream"`
	Values []wireEntry       `json:"values"`
}

// wireEntry is [time, line].
type wireEntry struct {
	ts   int64
	line string
}

// UnmarshalJSON decodes the array form.
func (e *wireEntry) UnmarshalJSON(data []byte) error {
	var ts string
	fields := []any{&ts, &e.line}
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	var err error
	if e.ts, err = strconv.ParseInt(ts, 10, 64); err != nil {
		return fmt.Errorf("time of an entry: %w", err)
	}
	return nil
}

// entries returns the entries of a result of type streams, stream after stream
// in the order of the answer.
func (a *answer) entries() ([]Entry, error) {
	if a.Data.ResultType != "streams" {
		return nil, &Error{Code: CodeSyntax,
			Message: "this is a metric query, which has no lines to show; write a log query such as {service=\"backend\"} |= \"text\""}
	}
	var streams []wireStream
	if err := json.Unmarshal(a.Data.Result, &streams); err != nil {
		return nil, &Error{Code: CodeUnavailable, Message: "Loki's answer cannot be read; check that LOKI_URL leads to Loki itself", Detail: err.Error(), cause: err}
	}
	count := 0
	for _, stream := range streams {
		count += len(stream.Values)
	}
	entries := make([]Entry, 0, count)
	for _, stream := range streams {
		entries = appendStream(entries, stream)
	}
	return entries, nil
}

// appendStream appends the entries of one stream. Its set of labels holds the
// metadata too; see splitLabels.
func appendStream(entries []Entry, stream wireStream) []Entry {
	sum := hashLabels(stream.Stream)
	for _, value := range stream.Values {
		entries = append(entries, Entry{
			TS: value.ts, Line: value.line, Labels: stream.Stream, all: stream.Stream,
			stream: binary.BigEndian.Uint64(sum[:]), Hash: hashEntry(sum, value.line),
		})
	}
	return entries
}

// hashLabels hashes a label set, whatever its order.
func hashLabels(labels map[string]string) [sha256.Size]byte {
	return sha256.Sum256(appendMap(nil, labels))
}

// hashEntry hashes the labels' hash and the line. Sixty-four bits are enough
// within one instant; SHA-256, because whoever writes logs must not be able to
// hide one line behind another.
func hashEntry(stream [sha256.Size]byte, line string) uint64 {
	buf := make([]byte, 0, len(stream)+len(line))
	sum := sha256.Sum256(append(append(buf, stream[:]...), line...))
	return binary.BigEndian.Uint64(sum[:])
}

// appendMap appends the pairs in the order of their keys.
func appendMap(dst []byte, m map[string]string) []byte {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		dst = appendText(appendText(dst, key), m[key])
	}
	return dst
}

// appendText appends a text behind its length, so that no two lists of texts
// give the same bytes.
func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// Point is a value at an instant.
type Point struct {
	Time  time.Time
	Value float64
}

// wireSeries is one series of a result of type matrix or vector.
type wireSeries struct {
	Metric map[string]string `json:"metric"`
	Values []wirePoint       `json:"values"`
	Value  *wirePoint        `json:"value"`
}

// wirePoint is [unix seconds, "value"].
type wirePoint Point

// UnmarshalJSON decodes the array form.
func (p *wirePoint) UnmarshalJSON(data []byte) error {
	var seconds float64
	var value string
	fields := []any{&seconds, &value}
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return fmt.Errorf("value of a sample: %w", err)
	}
	p.Time, p.Value = time.UnixMilli(int64(math.Round(seconds*1000))), number
	return nil
}

// series returns the series of a metric result.
func (a *answer) series() ([]wireSeries, error) {
	if a.Data.ResultType != "matrix" && a.Data.ResultType != "vector" {
		return nil, &Error{Code: CodeSyntax, Message: "a query for counts answered with " + a.Data.ResultType}
	}
	var series []wireSeries
	if err := json.Unmarshal(a.Data.Result, &series); err != nil {
		return nil, &Error{Code: CodeUnavailable, Message: "Loki's answer cannot be read; check that LOKI_URL leads to Loki itself", Detail: err.Error(), cause: err}
	}
	return series, nil
}
