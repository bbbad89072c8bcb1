package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"
)

// leaf is a key of the schema that holds no further keys.
type leaf struct {
	path string // as in messages
	// text is the shortest document that gives the key, with %s for its value.
	text string
	kind reflect.Type
}

// leaves are those of a type; around is the document around a value of it.
func leaves(t reflect.Type, path, around string) (all []leaf) {
	switch {
	case isLeaf(t):
		return []leaf{{path, around, t}}
	case t.Kind() == reflect.Pointer:
		return leaves(t.Elem(), path, around)
	case t.Kind() == reflect.Slice:
		return leaves(t.Elem(), path+"[0]", fmt.Sprintf(around, "[%s]"))
	case t.Kind() == reflect.Map:
		return leaves(t.Elem(), path+".x_a", fmt.Sprintf(around, "{x_a: %s}"))
	}
	s := schemaOf(t)
	for _, key := range s.keys {
		at := strings.TrimPrefix(path+"."+key, ".")
		all = append(all, leaves(t.FieldByIndex(s.fields[key]).Type, at, fmt.Sprintf(around, "{"+key+": %s}"))...)
	}
	return all
}

// isLeaf reports whether a type decodes itself, or is one of Go's own. Stages are
// such and hold no secrets.
func isLeaf(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		p := reflect.PointerTo(t)
		return p.Implements(reflect.TypeFor[nodeDecoder]()) || p.Implements(reflect.TypeFor[textDecoder]())
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return reflect.PointerTo(t).Implements(reflect.TypeFor[textDecoder]())
	}
	return true
}

func isSecret(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[URL]()
}

// TestKeysThatNameSecretsAreSecrets looks at every key of the schema.
func TestKeysThatNameSecretsAreSecrets(t *testing.T) {
	secret := regexp.MustCompile(`(^|[._])(password|secrets?|token|credentials|key|headers?|proxy_connect_header|endpoint_params|url)(\[0\]|\.x_a)*$`)
	seen := 0
	for _, l := range leaves(reflect.TypeFor[document](), "", "%s") {
		if !secret.MatchString(l.path) || strings.HasSuffix(l.path, "server.external_url") { // which may have no user
			continue
		}
		seen++
		if !isSecret(l.kind) {
			t.Errorf("%s is a %s, which prints", l.path, l.kind)
		}
	}
	if seen < 20 {
		t.Errorf("%d keys name a secret, which is too few to believe", seen)
	}
}

// TestNoSecretOfTheSchemaIsPrinted fills every secret and address that there is,
// and prints the whole in each way.
func TestNoSecretOfTheSchemaIsPrinted(t *testing.T) {
	doc := document{Config: *Default()}
	filled := fill(t, reflect.ValueOf(&doc).Elem())
	cfg := &doc.Config
	cfg.Clients = append(cfg.Clients, doc.Client.Client)
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", cfg)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", *cfg)
	printed := []string{cfg.String(), string(asJSON), string(asYAML), log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed = append(printed, fmt.Sprintf(verb, cfg), fmt.Sprintf(verb, *cfg), fmt.Sprintf(verb, doc))
	}
	for _, text := range printed {
		if strings.Contains(text, "hunter2") {
			t.Errorf("a secret is printed:\n%s", text)
		}
	}
	if n := strings.Count(cfg.String(), redacted); n < filled {
		t.Errorf("%d secrets were filled in, and %d are marked as such", filled, n)
	}
}

// fill sets all secrets and addresses below v, with one item in each list and
// map on the way, and returns how many.
func fill(t *testing.T, v reflect.Value) (n int) {
	t.Helper()
	switch {
	case v.Type() == reflect.TypeFor[Secret]():
		v.Set(reflect.ValueOf(NewSecret("hunter2")))
		return 1
	case v.Type() == reflect.TypeFor[URL]():
		u, err := NewURL("http://hunter2:hunter2@192.0.2.1/a?b=hunter2")
		if err != nil {
			t.Fatal(err)
		}
		v.Set(reflect.ValueOf(u))
		return 1
	case isLeaf(v.Type()):
		return 0
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, index := range schemaOf(v.Type()).fields {
			n += fill(t, v.FieldByIndex(index))
		}
		return n
	case reflect.Pointer:
		item := reflect.New(v.Type().Elem())
		if n = fill(t, item.Elem()); n > 0 {
			v.Set(item)
		}
	case reflect.Slice:
		item := reflect.New(v.Type().Elem()).Elem()
		if n = fill(t, item); n > 0 {
			v.Set(reflect.Append(v, item))
		}
	case reflect.Map:
		item := reflect.New(v.Type().Elem()).Elem()
		if n = fill(t, item); n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf("x_a"), item)
		}
	}
	return n
}

// TestNoErrorPrintsASecretOfTheSchema gives every secret and address in wrong
// ways, as a text and by a variable.
func TestNoErrorPrintsASecretOfTheSchema(t *testing.T) {
	values := []string{
		"[hunter2]", "{hunter2: a}", "*hunter2", "!hunter2 x", "!!int hunter2", `"hunter2\q"`, `"hunter2`, "@hunter2", "%%hunter2",
		"hunter2: x", "http://u:hunter2@192.0.2.1:port/", "http://u:%%zz-hunter2@192.0.2.1/", "hunter2", "'hunter2\nx'", "'\u0001hunter2'",
	}
	tried := 0
	for _, l := range leaves(reflect.TypeFor[document](), "", "%s") {
		if !isSecret(l.kind) {
			continue
		}
		for _, value := range values {
			tried++
			value = strings.ReplaceAll(value, "%%", "%")
			text := strings.Replace(l.text, "%s", value, 1)
			if _, err := Parse("c.yaml", []byte(text)); err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v", text, err)
			}
			text = strings.Replace(l.text, "%s", "${V}", 1)
			_, err := parse("c.yaml", []byte(text), Options{ExpandEnv: true, Getenv: func(string) string { return value }})
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s with V=%s: %v", text, value, err)
			}
		}
	}
	if tried < 20*len(values) {
		t.Errorf("%d wrong values were tried, which is too few to believe", tried)
	}
}
