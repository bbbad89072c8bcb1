package config

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// prepare checks that text is small, readable text, and expands environment
// variables if that is asked for.
func (d *decoder) prepare(text []byte, opts Options) ([]byte, bool) {
	if !d.readable(text) {
		return nil, false
	}
	if !opts.ExpandEnv {
		return text, true
	}
	text, err := expandEnv(text, d.noteSecrets(opts.Getenv))
	if err != nil {
		d.report(Pos{File: d.file}, "", "environment variables cannot be put in: %v; write ${NAME} or ${NAME:-default}, and $${ for a plain ${", err)
		return nil, false
	}
	return text, d.readable(text)
}

// secretName is what the names of environment variables have in them that hold a
// secret.
var secretName = regexp.MustCompile(`(?i)PASS|SECRET|TOKEN|CREDENTIAL|SALT|KEY|AUTH`)

// leastSecret is how many bytes a secret has at least. Shorter ones are part of
// too many other texts.
const leastSecret = 4

// noteSecrets is getenv, nil for os.Getenv, that remembers the secrets it gave.
func (d *decoder) noteSecrets(getenv func(string) string) func(string) string {
	if getenv == nil {
		getenv = os.Getenv
	}
	return func(name string) string {
		value := getenv(name)
		if len(value) >= leastSecret && secretName.MatchString(name) {
			d.hidden = append(d.hidden, NewSecret(value))
		}
		return value
	}
}

// readable says whether text is UTF-8 without control characters and of a
// bearable size. YAML allows tab and line ends only.
func (d *decoder) readable(text []byte) bool {
	if len(text) > maxSize {
		d.report(Pos{File: d.file}, "", "the file is larger than %d bytes; is it a configuration file?", maxSize)
		return false
	}
	for i, r := range string(text) {
		if r == utf8.RuneError && !bytes.HasPrefix(text[i:], []byte("\uFFFD")) {
			d.report(d.position(text, i), "", "the text is not UTF-8; save the file as UTF-8")
			return false
		}
		if unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\u0085", r) {
			d.report(d.position(text, i), "", "control character %#U; remove it, or write it as an escape in double quotes", r)
			return false
		}
	}
	return true
}

// position is the place of byte i of text.
func (d *decoder) position(text []byte, i int) Pos {
	line := bytes.Count(text[:i], []byte("\n")) + 1
	start := bytes.LastIndexByte(text[:i], '\n') + 1
	return Pos{File: d.file, Line: line, Column: utf8.RuneCount(text[start:i]) + 1}
}

// parse is the first document of text; nil after a syntax error.
func (d *decoder) parse(text []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	if err := dec.Decode(&doc); err != nil {
		d.syntaxError(err)
		return nil
	}
	if len(doc.Content) != 1 || isNull(doc.Content[0]) {
		d.syntaxError(io.EOF)
		return nil
	}
	// Promtail reads no further than the first document either.
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) && !(err == nil && len(next.Content) == 1 && isNull(next.Content[0])) {
		pos := Pos{File: d.file, Line: next.Line, Column: next.Column}
		d.warnings = append(d.warnings, Warning{Pos: pos, Message: "a second YAML document begins here and is left out; a configuration is one document"})
	}
	return doc.Content[0]
}

// syntaxError reports an error of the YAML library with its place and, where
// one is known, a remedy.
func (d *decoder) syntaxError(err error) {
	if errors.Is(err, io.EOF) {
		d.report(Pos{File: d.file}, "", "the file is empty; a configuration needs at least clients and scrape_configs")
		return
	}
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		d.report(Pos{File: d.file}, "", "the YAML cannot be read; check the indentation, brackets and quotes")
		return
	}
	mark := e.Mark
	// These are noticed a line or more after the text that caused them.
	late := strings.Contains(e.Message, "end of stream") || strings.Contains(e.Message, "could not find expected ':'")
	if (late || mark.Line == 0) && e.ContextMark.Line != 0 {
		mark = e.ContextMark
	}
	d.report(Pos{File: d.file, Line: mark.Line, Column: mark.Column}, "", "invalid YAML: %s", explain(e.Message))
}

// explain is a syntax error's message with its remedy. Messages that quote the
// file are replaced: a password that begins with * would be printed.
func explain(message string) string {
	for _, e := range []struct{ part, message string }{
		{"unknown anchor", "no anchor of this name comes before; put text that begins with * in quotes"},
		{"cannot construct", "the value does not fit the tag before it; remove the tag that begins with !!"},
		{"not allowed in a YAML tag", "put text that begins with ! in quotes"},
		{"mapping values are not allowed", "a second \": \" in one line; put the text in quotes, or check the indentation"},
		{"cannot start any token", "a text cannot begin with this character; put it in quotes, and indent with spaces, not with tabs"},
		{"unknown escape character", "unknown escape in double quotes; use single quotes, as for regular expressions"},
		{"end of stream", "the quote or bracket that begins here is not closed"},
		{"could not find expected ':'", "a key without a colon; end it with \":\", or check the indentation"},
		{"did not find expected '-' indicator", "a list item was expected; begin it with \"- \", or check the indentation"},
		{"did not find expected key", "a key was expected; check the indentation and the quotes"},
		{"exceeded max depth", "the nesting is too deep"},
	} {
		if strings.Contains(message, e.part) {
			return e.message
		}
	}
	return message + "; check the indentation, brackets and quotes"
}

// isNull says whether n is null, ~ or nothing at all.
func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// isQuoted says whether n is text by its quotes, and so no number.
func isQuoted(n *yaml.Node) bool {
	return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// pos is the place of n.
func (d *decoder) pos(n *yaml.Node) Pos {
	if from, ok := d.from[n]; ok {
		return Pos{File: from}
	}
	return Pos{File: d.file, Line: n.Line, Column: n.Column}
}
