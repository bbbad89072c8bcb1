package config

import (
	"regexp"
	"time"
)

// Duration is a length of time. In YAML it is Go's notation ("1m30s") or
// Prometheus's ("1d", "2w", "1y" of 365 days), or 0.
type Duration time.Duration

// Std is d for the standard library.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Bytes is a number of bytes. In YAML it is a whole number with an optional
// unit of K, M, G or T, also written KB or KiB; a unit is always a power of
// 1024, as it is for promtail ("256kb" is 262144). Promtail itself takes
// units only in limits_config.max_line_size and the drop stage's longer_than:
// clients[].batchsize and the cri stage's max_partial_line_size are plain
// numbers there.
type Bytes int64

// Int64 is the number of bytes.
func (b Bytes) Int64() int64 { return int64(b) }

// Regexp is a compiled RE2 expression; its String is the text in the file. The
// zero Regexp is one that was not given: IsSet tells, and nothing else may be
// called.
type Regexp struct{ *regexp.Regexp }

// IsSet says whether there is an expression.
func (r Regexp) IsSet() bool { return r.Regexp != nil }

// TLSVersion is a version of crypto/tls, 0 when not given. In YAML it is
// TLS10, TLS11, TLS12 or TLS13.
type TLSVersion uint16
