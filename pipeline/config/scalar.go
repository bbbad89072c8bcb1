package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// Duration is a length of time. In YAML it is Go's notation ("1m30s") or
// Prometheus's ("1d", "2w", "1y" of 365 days, "1d12h"), or 0. It is never
// negative.
type Duration time.Duration

// Std is d for the standard library.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is Go's notation.
func (d Duration) String() string { return time.Duration(d).String() }

func (d *Duration) decodeText(text string) error {
	if text == "" { // not given
		return nil
	}
	v, ok := parseDuration(text)
	if !ok {
		return fmt.Errorf("%s is not a duration; write a number with a unit, such as 500ms, 10s, 5m, 1h or 7d", quote(text))
	}
	*d = Duration(v)
	return nil
}

// parseDuration reads Go's notation with the further units d, w and y, which
// Go lacks because of summer time; here they are 24 hours, 7 and 365 days, as
// for Prometheus.
func parseDuration(text string) (time.Duration, bool) {
	days, rest, ok := leadingDays(text)
	if !ok {
		return 0, false
	}
	if rest == "" {
		return days, text != ""
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || strings.HasPrefix(rest, "+") || d > math.MaxInt64-days {
		return 0, false
	}
	return days + d, true
}

// leadingDays takes the years, weeks and days from the front of a duration.
func leadingDays(text string) (days time.Duration, rest string, ok bool) {
	const day = 24 * time.Hour
	rest = text
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"y", 365 * day}, {"w", 7 * day}, {"d", day}} {
		number, after, found := strings.Cut(rest, u.name)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 31)
		if err != nil || time.Duration(n) > (math.MaxInt64-days)/u.unit {
			return 0, "", false
		}
		days += time.Duration(n) * u.unit
		rest = after
	}
	return days, rest, true
}

// Bytes is a number of bytes. In YAML it is a whole number with an optional
// unit of K, M, G or T, also written KB or KiB in any case; a unit is always a
// power of 1024, as it is for promtail ("256kb" is 262144). Promtail itself
// takes units only in limits_config.max_line_size and the drop stage's
// longer_than: clients[].batchsize and the cri stage's max_partial_line_size
// are plain numbers there.
type Bytes int64

// Int64 is the number of bytes.
func (b Bytes) Int64() int64 { return int64(b) }

// String is the number with the largest unit that leaves it whole.
func (b Bytes) String() string {
	for i, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if size := Bytes(1) << (40 - 10*i); b >= size && b%size == 0 {
			return strconv.FormatInt(int64(b/size), 10) + unit
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

func (b *Bytes) decodeText(text string) error {
	bad := fmt.Errorf("%s is not a number of bytes; write a whole number with a unit if needed, such as 1048576, 256KB or 1MiB", quote(text))
	number, unit := text, ""
	if i := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		number, unit = text[:i], strings.ToLower(strings.TrimSpace(text[i:]))
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return bad
	}
	shift, ok := unitShift(unit)
	if !ok || n > math.MaxInt64>>shift {
		return bad
	}
	*b = Bytes(n << shift)
	return nil
}

// unitShift is the power of two of a unit of bytes in lower case.
func unitShift(unit string) (shift int, ok bool) {
	switch unit {
	case "", "b":
		return 0, true
	case "k", "kb", "kib":
		return 10, true
	case "m", "mb", "mib":
		return 20, true
	case "g", "gb", "gib":
		return 30, true
	case "t", "tb", "tib":
		return 40, true
	}
	return 0, false
}

// Regexp is a compiled RE2 expression; its String is the text in the file. The
// zero Regexp is one that was not given: IsSet tells, and nothing but String
// may be called.
type Regexp struct{ *regexp.Regexp }

// IsSet says whether there is an expression.
func (r Regexp) IsSet() bool { return r.Regexp != nil }

// String is the expression as it was written, "" when not given.
func (r Regexp) String() string {
	if r.Regexp == nil {
		return ""
	}
	return r.Regexp.String()
}

func (r *Regexp) decodeNode(d *decoder, n *yaml.Node, at *place) {
	text, ok := d.text(n, at)
	if !ok || !d.spend(regexpCost, at) {
		return
	}
	re, err := regexp.Compile(text)
	if err != nil {
		d.errorf(at, "%v", badRegexp(err))
		return
	}
	r.Regexp = re
}

// badRegexp says why an expression does not compile.
func badRegexp(err error) error {
	reason := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	return fmt.Errorf("the regular expression does not compile: %s; RE2 syntax is used, without lookahead and back-references", reason)
}

// TLSVersion is a version of crypto/tls, 0 when not given. In YAML it is
// TLS10, TLS11, TLS12 or TLS13.
type TLSVersion uint16

// String is the version as in YAML, "" when not given.
func (v TLSVersion) String() string {
	for _, t := range tlsVersions() {
		if t.version == v {
			return t.name
		}
	}
	return ""
}

func (v *TLSVersion) decodeText(text string) error {
	for _, t := range tlsVersions() {
		if t.name == text {
			*v = t.version
			return nil
		}
	}
	return fmt.Errorf("%s is not a TLS version; write TLS10, TLS11, TLS12 or TLS13", quote(text))
}

// ServerTLSVersion is the least version of a listener. In YAML it is VersionTLS10,
// VersionTLS11, VersionTLS12 or VersionTLS13.
type ServerTLSVersion uint16

// String is the version as in YAML, "" when not given.
func (v ServerTLSVersion) String() string {
	if v == 0 {
		return ""
	}
	return "Version" + TLSVersion(v).String()
}

func (v *ServerTLSVersion) decodeText(text string) error {
	name, ok := strings.CutPrefix(text, "Version")
	if text == "" {
		return nil
	}
	if !ok || (*TLSVersion)(v).decodeText(name) != nil {
		return fmt.Errorf("%s is not a TLS version; write VersionTLS12 or VersionTLS13, or VersionTLS10 or VersionTLS11", quote(text))
	}
	return nil
}

// CipherSuites are identifiers of crypto/tls, nil for Go's choice. In YAML they
// are names separated by commas.
type CipherSuites []uint16

// String is the names as in YAML.
func (c CipherSuites) String() string {
	names := make([]string, len(c))
	for i, id := range c {
		names[i] = tls.CipherSuiteName(id)
	}
	return strings.Join(names, ",")
}

func (c *CipherSuites) decodeText(text string) error {
	ids := map[string]uint16{}
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids[suite.Name] = suite.ID
	}
	*c = nil
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		id, ok := ids[name]
		if !ok {
			return fmt.Errorf("%s is not a cipher suite that Go knows; write names such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, separated by commas", quote(name))
		}
		*c = append(*c, id)
	}
	return nil
}

type tlsName struct {
	name    string
	version TLSVersion
}

func tlsVersions() []tlsName {
	return []tlsName{{"TLS10", tls.VersionTLS10}, {"TLS11", tls.VersionTLS11}, {"TLS12", tls.VersionTLS12}, {"TLS13", tls.VersionTLS13}}
}

// location decodes the name of a time zone.
func (d *decoder) location(n *yaml.Node, out reflect.Value, at *place) {
	text, ok := d.text(n, at)
	if !ok {
		return
	}
	z, err := time.LoadLocation(text)
	if err != nil {
		d.errorf(at, "%s is not a time zone that this system knows; write a name such as UTC or Asia/Jerusalem", quote(text))
		return
	}
	out.Set(reflect.ValueOf(z))
}

func (s *Secret) decodeText(text string) error {
	*s = NewSecret(text)
	return nil
}

// decodeText says nothing of the text, in which a password may stand.
func (u *URL) decodeText(text string) error {
	if text == "" { // not given
		*u = URL{}
		return nil
	}
	p, err := url.Parse(text)
	if err != nil || p.Host == "" || p.Hostname() == "" || p.Opaque != "" {
		return errors.New("not a URL; write one such as http://192.0.2.1:3100/loki/api/v1/push, with special characters of a password percent-encoded")
	}
	if !slices.Contains([]string{"http", "https", "socks5"}, p.Scheme) {
		return errors.New("the URL must begin with http:// or https://")
	}
	u.full, u.shown = NewSecret(text), redact(p)
	return nil
}

// StringList is a list of texts; in YAML a single one may stand for itself.
type StringList []string

func (l *StringList) decodeNode(d *decoder, n *yaml.Node, at *place) {
	if n.Kind == yaml.ScalarNode {
		*l = StringList{n.Value}
		return
	}
	d.kind(n, reflect.ValueOf((*[]string)(l)).Elem(), at)
}

// text is a scalar as it is written: for promtail too, 80 and true are texts
// where a text is expected.
func (d *decoder) text(n *yaml.Node, at *place) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		hint := ""
		if n.Style&yaml.FlowStyle != 0 {
			hint = "; put text that begins with { or [ in quotes"
		}
		d.errorf(at, "a text is expected, not %s%s", kindOf(n), hint)
		return "", false
	}
	return n.Value, true
}

// boolean decodes what YAML 1.1 and promtail know as true and false. Inside
// stages it may be in quotes, or a number, as promtail's drop and limit take it.
func (d *decoder) boolean(n *yaml.Node, out reflect.Value, at *place) {
	if n.Kind == yaml.ScalarNode && (!isQuoted(n) || d.stages > 0) {
		switch strings.ToLower(n.Value) {
		case "true", "yes", "on", "y":
			out.SetBool(true)
			return
		case "false", "no", "off", "n":
			out.SetBool(false)
			return
		}
	}
	if v, err := strconv.ParseBool(n.Value); err == nil && n.Kind == yaml.ScalarNode && d.stages > 0 {
		out.SetBool(v)
		return
	}
	d.errorf(at, "true or false is expected, not %s", describe(n))
}

// integer decodes a whole number, in decimal, 0x, 0o, 0b or 0 notation. Inside
// stages it may be in quotes, as promtail's multiline stage takes it.
func (d *decoder) integer(n *yaml.Node, out reflect.Value, at *place) {
	if n.Kind == yaml.ScalarNode && (!isQuoted(n) || d.stages > 0) {
		if v, err := strconv.ParseInt(n.Value, 0, strconv.IntSize); err == nil {
			out.SetInt(v)
			return
		}
		if v, err := strconv.ParseFloat(n.Value, 64); err == nil && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			out.SetInt(int64(v))
			return
		}
	}
	d.errorf(at, "a whole number is expected, not %s", describe(n))
}

// float decodes a finite number. Inside stages it may be in quotes.
func (d *decoder) float(n *yaml.Node, out reflect.Value, at *place) {
	if n.Kind == yaml.ScalarNode && (!isQuoted(n) || d.stages > 0) {
		if v, err := strconv.ParseFloat(n.Value, 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
			out.SetFloat(v)
			return
		}
	}
	d.errorf(at, "a number is expected, not %s", describe(n))
}

// kindOf names the kind of a node.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a text"
}

// describe shows a scalar's text, or names the kind of another node. It is for
// values that cannot be secrets.
func describe(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		return kindOf(n)
	}
	if isQuoted(n) {
		return "the text " + quote(n.Value) + "; remove the quotes"
	}
	return quote(n.Value)
}

// quote is text in quotes, cut to a length that a message bears.
func quote(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return strconv.Quote(string(r[:most]) + "…")
	}
	return strconv.Quote(text)
}
