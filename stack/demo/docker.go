package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// partSize is where Docker's copier (daemon/logger/copier.go) cuts a longer line. Only the last part ends in a newline.
const partSize = 16 * 1024

// container is what Docker keeps on disk of one container: config.v2.json and the log of its json-file driver.
type container struct {
	service string
	id      string // 64 hexadecimal digits
	log     *logFile
	last    time.Time // of the latest record; Docker's times never go back
	buf     []byte
}

// openContainer makes or continues the container of a compose service below root, Docker's data root. Its id is made of
// the name, so that a restart continues the same container.
func openContainer(root, service, image, command string, created time.Time) (*container, error) {
	name := "tovplay-" + service + "-1"
	sum := sha256.Sum256([]byte(name))
	c := &container{service: service, id: hex.EncodeToString(sum[:])}
	dir := filepath.Join(root, "containers", c.id)
	if err := os.MkdirAll(dir, 0o710); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, c.id+"-json.log")
	if err := c.describe(filepath.Join(dir, "config.v2.json"), path, name, image, command, created); err != nil {
		return nil, err
	}
	var err error
	c.log, err = openLogFile(path, maxFileSize, maxFiles)
	return c, err
}

// dockerConfig is the part of config.v2.json that names a container; the real one has more.
type dockerConfig struct {
	State   dockerState
	ID      string
	Created time.Time
	Path    string
	Config  struct {
		Hostname string
		Tty      bool
		Image    string
		Labels   map[string]string
	}
	Image        string
	LogPath      string
	Name         string
	Driver       string
	OS           string
	RestartCount int
}

type dockerState struct {
	Running   bool
	StartedAt time.Time
}

func (c *container) describe(path, logPath, name, image, command string, created time.Time) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	digest := sha256.Sum256([]byte(image))
	config := dockerConfig{
		State: dockerState{Running: true, StartedAt: created}, ID: c.id, Created: created, Path: command,
		Image: "sha256:" + hex.EncodeToString(digest[:]), LogPath: logPath, Name: "/" + name,
		Driver: "overlay2", OS: "linux",
	}
	config.Config.Hostname = c.hostname()
	config.Config.Image = image
	config.Config.Labels = map[string]string{
		"com.docker.compose.container-number": "1",
		"com.docker.compose.oneoff":           "False",
		"com.docker.compose.project":          "tovplay",
		"com.docker.compose.service":          c.service,
	}
	content, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return os.WriteFile(path, append(content, '\n'), 0o600)
}

// hostname is what a process in the container sees as its own: the start of the id.
func (c *container) hostname() string { return c.id[:12] }

// write logs one line, without its newline, that the container's process wrote to stream at a time, or right after the
// line before it if that is later.
func (c *container) write(at time.Time, stream, line string) error {
	if !at.After(c.last) {
		at = c.last.Add(time.Microsecond)
	}
	c.last = at
	c.buf = appendRecords(c.buf[:0], at, stream, line)
	_, err := c.log.Write(c.buf)
	return err
}

// appendRecords appends the json-file records of one line. The parts of a long line carry the time of the first.
func appendRecords(dst []byte, at time.Time, stream, line string) []byte {
	for len(line) >= partSize {
		dst = appendRecord(dst, at, stream, line[:partSize])
		line = line[partSize:]
	}
	return appendRecord(dst, at, stream, line+"\n")
}

// appendRecord appends one record as Docker's jsonlog encodes it: UTF-8 that a part cuts in two becomes U+FFFD, and
// <, > and & are escaped.
func appendRecord(dst []byte, at time.Time, stream, text string) []byte {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	dst = append(dst, `{"log":`...)
	dst = append(dst, encoded...)
	dst = append(dst, `,"stream":`...)
	dst = strconv.AppendQuote(dst, stream)
	dst = append(dst, `,"time":"`...)
	dst = at.UTC().AppendFormat(dst, time.RFC3339Nano)
	return append(dst, "\"}\n"...)
}
