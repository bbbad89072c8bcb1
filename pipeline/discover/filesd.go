package discover

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// filepathLabel names the file that a target is from.
const filepathLabel = "__meta_filepath"

// targetFile is a file of targets as last read.
type targetFile struct {
	groups []config.StaticConfig // of its last good state
	info   fs.FileInfo
	read   time.Time
	wrong  error // why groups are not of its present state
}

// fileSD looks for the files of the targets in the job's file_sd_configs.
func (f *found) fileSD() {
	for _, sd := range f.job.FileSDConfigs {
		for _, pattern := range sd.Files {
			paths, err := filepath.Glob(pattern)
			if err != nil {
				f.problem(Unreadable, pattern, err.Error())
			}
			if len(paths) == 0 {
				f.problem(NoMatch, pattern, "there is no such file of targets")
			}
			for _, path := range paths {
				f.targetsOf(path, sd.RefreshInterval.Std())
			}
		}
	}
}

// targetsOf looks for the files of the targets that a file holds.
func (f *found) targetsOf(path string, refresh time.Duration) {
	t, ok := f.targetFile(path, refresh)
	if !ok {
		return
	}
	if errors.Is(t.wrong, fs.ErrPermission) {
		f.unreadable(path, t.wrong, remedy(path, false, f.d.opts.User))
	} else if t.wrong != nil {
		f.problem(Unreadable, path, strings.ReplaceAll(t.wrong.Error(), "\n", "; "))
	}
	for i := range t.groups {
		f.group(&t.groups[i], path)
	}
}

// targetFile reads a file if it changed since it was read, or was not read for
// the time refresh. What is wrong keeps the targets that it had.
func (f *found) targetFile(path string, refresh time.Duration) (t targetFile, ok bool) {
	if t, ok := f.targetFiles[path]; ok { // another job names it too
		return t, true
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) { // gone since the pattern was evaluated
		return t, false
	}
	t, known := f.d.targetFiles[path]
	now := f.d.opts.Now()
	switch {
	case err != nil:
		t.wrong = err
	case !known || t.wrong != nil || !isSame(t.info, info) || !now.Before(t.read.Add(refresh)):
		groups, err := config.LoadTargets(path)
		t.info, t.read, t.wrong = info, now, err
		if err == nil {
			t.groups = groups
		}
	}
	f.targetFiles[path] = t
	return t, true
}

// isSame reports whether a file seems unchanged.
func isSame(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// IsMoved reports whether the job's file_sd_configs or docker_sd_configs give the
// target other labels now, or the former none: now is what Sync found under its
// key, nil for nothing. A file that is missing or cannot be read has not moved,
// for it may be in rotation.
func (t *Target) IsMoved(now *Target) bool {
	switch {
	case t.Container != nil && now != nil && now.Container != nil:
		return !slices.Equal(now.Container.Stdout, t.Container.Stdout) || !slices.Equal(now.Container.Stderr, t.Container.Stderr)
	case len(t.Config.FileSDConfigs) == 0 || t.Kind == Journal:
		return false
	case now != nil:
		return !slices.Equal(now.Labels, t.Labels)
	}
	return canRead(t.Path) == nil
}
