package discover

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/relabel"
)

// The labels that say which files a group reads, besides those of config.
const (
	hostLabel    = "__host__"
	addressLabel = "__address__"
)

// static looks for the files of the job's static_configs.
func (f *found) static() {
	for i := range f.job.StaticConfigs {
		f.group(&f.job.StaticConfigs[i], "")
	}
}

// group looks for the files of each target of a group. One without targets has
// one: all files are local. from is the file that holds the group, "" for the
// configuration.
func (f *found) group(group *config.StaticConfig, from string) {
	targets := group.Targets
	if len(targets) == 0 {
		targets = []string{"localhost"}
	}
	for _, address := range targets {
		labels := map[string]string{addressLabel: address, filepathLabel: from}
		maps.Copy(labels, group.Labels)
		f.globs(labels, cmp.Or(group.Path(), address))
	}
}

// globs looks for the files of one target; name is its name in messages.
func (f *found) globs(labels map[string]string, name string) {
	if !f.relabel(labels, name) {
		return
	}
	if host, ok := labels[hostLabel]; ok && host != f.d.opts.Hostname {
		f.giveUp(name, "its label "+hostLabel+" is "+host+", and this host is "+f.d.opts.Hostname, "wrong_host")
		return
	}
	glob, exclude := labels[config.PathLabel], labels[config.PathExcludeLabel]
	if glob == "" {
		f.giveUp(name, "it has no label "+config.PathLabel, "no_path")
		return
	}
	relabel.Public(labels)
	f.glob(glob, exclude, labels)
}

// glob adds the files that match, with the labels.
func (f *found) glob(glob, exclude string, labels map[string]string) {
	f.blockedFolder(glob)
	paths, err := doublestar.FilepathGlob(glob)
	if err != nil {
		f.problem(Unreadable, glob, err.Error())
		return
	}
	matched := map[string]bool{}
	for _, path := range paths {
		matched[path] = true
	}
	before := len(f.targets)
	for _, path := range paths {
		if excluded(exclude, path) || !f.job.IsPacked() && f.isRotated(path, matched) {
			continue
		}
		if real, err := filepath.EvalSymlinks(path); err == nil && real != path && matched[real] {
			f.problem(LeftOut, path, "a link to "+real+", which is read")
			continue
		}
		f.file(glob, path, labels)
	}
	if len(paths) == 0 && before == len(f.targets) {
		f.problem(NoMatch, glob, "no file matches")
	}
}

// blockedFolder notes a folder that a glob goes through and this user cannot
// list: no file would match, and nobody would know why.
func (f *found) blockedFolder(glob string) {
	base, _ := doublestar.SplitPattern(filepath.ToSlash(glob))
	for dir := base; ; dir = filepath.Dir(dir) {
		_, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrPermission) {
			f.unreadable(dir, err, remedy(dir, true, f.d.opts.User))
			return
		}
		if err == nil || dir == filepath.Dir(dir) {
			return
		}
	}
}

func excluded(glob, path string) bool {
	if glob == "" {
		return false
	}
	match, err := doublestar.PathMatch(glob, path)
	return err == nil && match
}

// isRotated reports whether path is an older generation of another file that
// matched: the source follows that one through its generations.
func (f *found) isRotated(path string, matched map[string]bool) bool {
	dir, name := filepath.Split(path)
	for other := range matched {
		if otherDir, base := filepath.Split(other); other != path && otherDir == dir && f.d.opts.Rotated(base, name) {
			return true
		}
	}
	return false
}

// file adds one file that a glob matches, or says why it is not read.
func (f *found) file(glob, path string, labels map[string]string) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // gone since the glob was evaluated
		return
	case err != nil:
		f.unreadable(path, err, remedy(path, false, f.d.opts.User))
		return
	}
	if kind, why := unfit(f.job, glob, path, info); kind != "" {
		if kind == "directory" && strings.Contains(glob, "**") { // it is looked into
			return
		}
		f.report(Problem{State: LeftOut, Path: path, Reason: why, Unfit: kind})
		return
	}
	kind := File
	if !info.Mode().IsRegular() {
		kind = Pipe
	}
	if why := unsuitable(path); kind == File && why != "" && !f.job.IsPacked() {
		f.problem(LeftOut, path, why)
		return
	}
	if kind == File {
		if err := canRead(path); err != nil {
			f.unreadable(path, err, remedy(path, false, f.d.opts.User))
			return
		}
	}
	all := map[string]string{"filename": path}
	maps.Copy(all, labels)
	f.add(Target{Key: path, Kind: kind, Path: path}, all)
}

// unsuitable says why a file is no log of lines, or "".
func unsuitable(path string) string {
	switch name := filepath.Base(path); {
	case strings.HasSuffix(name, ".gz"), strings.HasSuffix(name, ".bz2"), strings.HasSuffix(name, ".xz"),
		strings.HasSuffix(name, ".zst"), strings.HasSuffix(name, ".z"):
		return "compressed"
	case strings.HasSuffix(name, ".journal"), name == "wtmp", name == "btmp", name == "lastlog", name == "faillog":
		return "binary"
	}
	return ""
}

// canRead opens a file as the source will. It does not wait for the writer of
// a pipe that took the file's place.
func canRead(path string) error {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return file.Close()
}
