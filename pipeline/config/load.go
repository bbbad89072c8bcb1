package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/drone/envsubst"
	yaml "go.yaml.in/yaml/v4"
)

// maxSize bounds the text of a configuration, before and after environment
// variables are put in. Real files are below 100 KiB.
const maxSize = 1 << 20

// Options change how a file is read. The zero value is strict and leaves
// environment variables alone.
type Options struct {
	// ExpandEnv puts environment variables into the text before it is parsed,
	// with the bash-like operators of promtail's -config.expand-env. A variable
	// that is not set is empty, and two backslashes become one.
	ExpandEnv bool
	// Getenv gives the value of a variable; nil is os.Getenv.
	Getenv func(string) string
	// LenientStages makes unknown keys inside pipeline stages warnings: promtail
	// ignores them silently.
	LenientStages bool
	// Settings win over the file, in their order. With them there may be no file.
	Settings []Setting
}

// noFile stands for the file in messages when there are settings alone.
const noFile = "command line"

// Load reads the first existing file of paths, a comma-separated list. An error
// about the content joins every problem that was found, each an *Error, in the
// order of their lines.
func Load(paths string, opts Options) (*Config, error) {
	if paths == "" && len(opts.Settings) > 0 {
		return parse(noFile, []byte("{}"), opts)
	}
	name, text, err := readFirst(paths)
	if err != nil {
		return nil, err
	}
	return parse(name, text, opts)
}

// Parse reads a configuration from text, strictly and without environment
// variables; name stands for the file in messages. Errors are those of Load.
func Parse(name string, text []byte) (*Config, error) {
	return parse(name, text, Options{})
}

func parse(name string, text []byte, opts Options) (*Config, error) {
	d := &decoder{file: name, lenient: opts.LenientStages, from: map[*yaml.Node]string{}}
	text, ok := d.prepare(text, opts)
	if !ok {
		return nil, d.err()
	}
	root := d.parse(text)
	if root == nil {
		return nil, d.err()
	}
	if name == noFile {
		d.from[root] = noFile
	}
	for _, setting := range opts.Settings {
		d.put(root, setting)
	}
	doc := document{Config: *Default()}
	s := d.root(root, &doc)
	c := &doc.Config
	c.File, c.hidden = name, d.hidden
	c.checkClients(s)
	c.Warnings = d.sortedWarnings()
	if err := d.err(); err != nil {
		return nil, errors.Join(err, unexpanded(name, text, opts))
	}
	return c, nil
}

// unexpanded is a hint for a file with problems in which variables were not
// expanded, nil for another.
func unexpanded(name string, text []byte, opts Options) error {
	if opts.ExpandEnv || !bytes.Contains(text, []byte("${")) {
		return nil
	}
	return &Error{Pos: Pos{File: name}, Message: "there is a ${ in the file; -config.expand-env=true puts environment variables in"}
}

// readFirst reads the first of the comma-separated paths that exists.
func readFirst(paths string) (name string, text []byte, err error) {
	given := false
	for p := range strings.SplitSeq(paths, ",") {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		given = true
		text, err := readFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", nil, fmt.Errorf("read configuration: %w", err)
		}
		return p, text, nil
	}
	if !given {
		return "", nil, errors.New("no configuration file is given: name one with -config.file=FILE")
	}
	return "", nil, fmt.Errorf("read configuration %s: %w: name an existing file with -config.file=FILE", paths, fs.ErrNotExist)
}

// readFile reads a file of at most maxSize bytes, and one byte of a larger one
// beyond that, by which prepare knows it.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSize+1))
}

// expandEnv puts environment variables into text as promtail does. The library
// slices out of range for a negative length, as in ${NAME:0:-1}; that must not
// end the program.
func expandEnv(text []byte, getenv func(string) string) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("bad substitution")
		}
	}()
	s, err := envsubst.Eval(string(text), getenv)
	return []byte(s), err
}
