package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
	"github.com/tovtech/tovplay-logging/pipeline/position"
	"github.com/tovtech/tovplay-logging/pipeline/source/docker"
	"github.com/tovtech/tovplay-logging/pipeline/source/file"
)

// importer gives targets without a place the one that promtail left. It is used
// at the first start only.
type importer struct {
	left position.Promtail
	used map[string]bool // keys of left
	log  *slog.Logger
}

// places are the places of a target; nil if promtail left none.
func (i *importer) places(t discover.Target) []pipeline.Place {
	switch {
	case len(i.left) == 0:
		return nil
	case t.Kind == discover.Journal:
		if cursor, ok := i.take("cursor-" + t.Job); ok && cursor != "" {
			return []pipeline.Place{{Path: t.Path, Cursor: cursor}}
		}
		return nil
	case t.Kind == discover.Docker:
		return i.cursor(t.Container.ID)
	case t.Kind != discover.File:
		return nil
	}
	if text, ok := i.take(t.Path); ok {
		return i.at(t, text)
	}
	if t.Config.DockerFiles == nil && t.Container == nil {
		return nil
	}
	if text, ok := i.take("cursor-" + filepath.Base(filepath.Dir(t.Path))); ok {
		return i.after(t.Path, text)
	}
	return nil
}

func (i *importer) take(key string) (value string, ok bool) {
	value, ok = i.left[key]
	i.used[key] = i.used[key] || ok
	return value, ok
}

// at is the place of a file's byte offset, or behind so many lines of one that is
// compressed.
func (i *importer) at(t discover.Target, text string) []pipeline.Place {
	path := t.Path
	offset, err := strconv.ParseInt(text, 10, 64)
	if err == nil && offset < 0 {
		err = fmt.Errorf("the offset %d is negative", offset)
	}
	var p pipeline.Place
	switch {
	case err != nil:
	case t.Config.IsPacked():
		p, err = file.PackedAfter(path, t.Config.Decompression.Format, offset)
	default:
		p, err = file.PlaceAt(path, alignTo(t.Config.Encoding, offset))
	}
	if err != nil {
		i.log.Warn("promtail's position does not fit; the file is read from its beginning", "file", path, "err", err)
		return nil
	}
	i.log.Debug("going on where promtail was", "file", path, "offset", offset)
	return []pipeline.Place{p}
}

// alignTo moves an offset of promtail's, which is behind a byte '\n', behind the
// newline that the byte belongs to.
func alignTo(encoding string, offset int64) int64 {
	if c, err := file.FindCharset(encoding); err == nil {
		return c.Align(offset)
	}
	return offset
}

// maxRotated is how many rotated logs of a container are searched.
const maxRotated = 20

// cursor is the place behind a second in the log of a container that is read by
// the API.
func (i *importer) cursor(id string) []pipeline.Place {
	text, ok := i.take("cursor-" + id)
	if !ok {
		return nil
	}
	second, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		i.log.Warn("promtail's position does not fit; the container's log is read from its beginning", "container", id, "err", err)
		return nil
	}
	return []pipeline.Place{{Cursor: docker.AfterSecond(second).String()}}
}

// after is the place behind the last record of a container's log that is not
// younger than a second.
func (i *importer) after(path, text string) []pipeline.Place {
	second, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		i.log.Warn("promtail's position does not fit; the container's log is read from its beginning", "file", path, "err", err)
		return nil
	}
	return placesAt(path, docker.AfterSecond(second), i.log)
}

// placesAt is the place in the json-file log of a container that a cursor
// stands for. If the log begins later, it is in a rotated one.
func placesAt(path string, at docker.Cursor, log *slog.Logger) []pipeline.Place {
	var err error
	for n := 0; err == nil && n < maxRotated; n++ {
		name := path
		if n > 0 {
			name += "." + strconv.Itoa(n)
		}
		var p pipeline.Place
		p, err = placeAfter(name, at)
		if err == nil && p.Offset > 0 {
			return []pipeline.Place{p}
		}
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		log.Warn("the saved position does not fit; the container's log is read from its beginning", "file", path, "err", err)
	}
	return nil
}

func placeAfter(path string, at docker.Cursor) (pipeline.Place, error) {
	f, err := os.Open(path)
	if err != nil {
		return pipeline.Place{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return pipeline.Place{}, err
	}
	r := records{f, info.Size()}
	return file.PlaceAt(path, r.after(at))
}

// maxRecord bounds a record that is looked at, in bytes.
const maxRecord = 1 << 20

// records are those of a json-file log, in the order of their times.
type records struct {
	io.ReaderAt
	size int64
}

// after is the start of the first record behind a place, or the end of the last
// one. Records that are none count to those behind them.
func (r records) after(at docker.Cursor) int64 {
	// Records of two streams may be out of order by a moment.
	end := r.from(at.Time - int64(time.Second))
	repeats := docker.NewRepeats(at)
	for next := end; ; {
		line, ok := r.line(next)
		if !ok {
			return end
		}
		next += int64(len(line))
		t, ok := recordTime(line)
		if ok && !repeats.Is(t.UnixNano()) {
			return end
		}
		if ok {
			end = next
		}
	}
}

// from is the start of the first record that is not older than a time in unix
// nanoseconds, or the end of the last one.
func (r records) from(time int64) int64 {
	x := sort.Search(int(r.size), func(x int) bool {
		for at := r.start(int64(x)); ; {
			line, ok := r.line(at)
			if !ok {
				return true
			}
			if t, ok := recordTime(line); ok {
				return t.UnixNano() >= time
			}
			at += int64(len(line))
		}
	})
	return r.start(int64(x))
}

// start is where the first record at or behind a byte starts; the size if there
// is none.
func (r records) start(at int64) int64 {
	if at == 0 {
		return 0
	}
	for buf, at := make([]byte, 4096), at-1; at < r.size; at += int64(len(buf)) {
		n, _ := r.ReadAt(buf, at)
		if end := bytes.IndexByte(buf[:n], '\n'); end >= 0 {
			return at + int64(end) + 1
		}
	}
	return r.size
}

// line is the record at a byte, with its newline.
func (r records) line(at int64) (line []byte, ok bool) {
	for size := 4096; ; size *= 4 {
		buf := make([]byte, size)
		n, err := r.ReadAt(buf, at)
		if end := bytes.IndexByte(buf[:n], '\n'); end >= 0 {
			return buf[:end+1], true
		}
		if err != nil || size > maxRecord {
			return nil, false
		}
	}
}

func recordTime(line []byte) (time.Time, bool) {
	text, _ := jsonscan.Get(line, "time")
	t, err := time.Parse(time.RFC3339Nano, string(text))
	return t, err == nil
}

// nameUnused logs the entries that belong to nothing that is read, once.
func (i *importer) nameUnused() {
	var unused []string
	for _, key := range slices.Sorted(maps.Keys(i.left)) {
		if !i.used[key] {
			unused = append(unused, key)
		}
	}
	if len(unused) == 0 {
		return
	}
	const most = 20
	i.log.Warn("entries of promtail's positions belong to nothing that is read now",
		"entries", len(unused), "names", unused[:min(most, len(unused))])
}
