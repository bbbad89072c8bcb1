package config

import (
	"bytes"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
)

// FileSD names files that hold groups of targets, as Prometheus's
// file_sd_config does.
type FileSD struct {
	// Files are paths whose last part may be a pattern with one *.
	Files []string `yaml:"files"`
	// RefreshInterval is how often a file is read again that seems unchanged.
	RefreshInterval Duration `yaml:"refresh_interval"`
}

func (f *FileSD) validate(s scope) {
	if len(f.Files) == 0 {
		s.errorf("files", "required; give the files that hold the targets, such as /etc/collector/targets/*.yaml")
	}
	name := regexp.MustCompile(`^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$`)
	for _, path := range f.Files {
		if _, err := filepath.Match(path, ""); err != nil || !name.MatchString(path) {
			s.errorf("files", "%s is not a file of targets; its name must end in .json, .yml or .yaml, and only the last part may have a *", quote(path))
		}
	}
	s.positive("refresh_interval", f.RefreshInterval)
}

// ParseTargets reads a file of file_sd_configs: a list of groups in YAML or in
// JSON, which is YAML too. name stands for the file in messages. An error joins
// every problem that was found, each an *Error.
func ParseTargets(name string, text []byte) ([]StaticConfig, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, &Error{Pos: Pos{File: name}, Message: "the file is empty; write [] for no targets"}
	}
	if ext := filepath.Ext(name); ext == ".json" || ext == ".JSON" {
		// What JSON writes and the YAML library does not take.
		text = []byte(strings.NewReplacer(`\\`, `\\`, `\/`, "/", "\t", " ").Replace(string(text)))
	}
	d := &decoder{file: name, noWarnings: true}
	if !d.readable(text) {
		return nil, d.err()
	}
	root := d.parse(text)
	if root == nil {
		return nil, d.err()
	}
	var groups []StaticConfig
	d.value(root, reflect.ValueOf(&groups).Elem(), &place{pos: d.pos(root)})
	for i := range groups {
		groups[i].scope = nil
	}
	return groups, d.err()
}

// LoadTargets reads a file as ParseTargets does.
func LoadTargets(path string) ([]StaticConfig, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return ParseTargets(path, text)
}
