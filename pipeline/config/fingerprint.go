package config

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// Fingerprint is equal for two values of a type of this package if their YAML is,
// secrets included, and the files that their stages read did not change. It does
// not show secrets.
func Fingerprint(v any) string {
	h := sha256.New()
	if text, err := yaml.Marshal(node(reflect.ValueOf(v))); err == nil {
		h.Write(text)
	}
	writeHidden(h, reflect.ValueOf(v))
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Changed returns the keys under which two structs of one type have different
// values, in the order of the type's fields.
func Changed[T any](a, b *T) []string {
	var keys []string
	left, right := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	s := schemaOf(left.Type())
	for _, key := range s.keys {
		field := s.fields[key]
		if Fingerprint(left.FieldByIndex(field).Interface()) != Fingerprint(right.FieldByIndex(field).Interface()) {
			keys = append(keys, key)
		}
	}
	return keys
}

// FileState tells whether a file has changed. It is zero for one that cannot be
// looked at.
type FileState struct {
	Size     int64 // in bytes
	Modified time.Time
}

func stateOf(path string) FileState {
	info, err := os.Stat(path)
	if err != nil {
		return FileState{}
	}
	return FileState{Size: info.Size(), Modified: info.ModTime()}
}

// writeHidden writes all secrets and states of files within v, in an order that
// depends on nothing else than v.
func writeHidden(w io.Writer, v reflect.Value) {
	if !v.IsValid() || !v.CanInterface() {
		return
	}
	switch x := v.Interface().(type) {
	case Secret:
		fmt.Fprintf(w, "%q", x.Reveal())
		return
	case URL:
		fmt.Fprintf(w, "%q", x.full.Reveal())
		return
	case FileState:
		fmt.Fprintf(w, "%d %d", x.Size, x.Modified.UnixNano())
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			writeHidden(w, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			writeHidden(w, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			writeHidden(w, v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			writeHidden(w, v.MapIndex(k))
		}
	}
}
