package discover

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// systemJournal are the folders of the system's journal.
var systemJournal = []string{"/var/log/journal", "/run/log/journal"}

// journal is the one target of a job that reads systemd's journal. Journalctl
// leaves out what its user may not read, and with -o json it does not say so:
// so the files are looked at here.
func (f *found) journal() {
	if f.job.Journal == nil {
		return
	}
	f.add(Target{Key: "journal", Kind: Journal, Path: f.job.Journal.Path}, f.job.Journal.Labels)
	folders := systemJournal
	if f.job.Journal.Path != "" {
		folders = []string{f.job.Journal.Path}
	}
	files := 0
	for _, dir := range folders {
		n, closed := journalFiles(dir)
		if closed != "" {
			f.unreadable(closed, fs.ErrPermission, f.journalRemedy(closed))
			return
		}
		files += n
	}
	if files == 0 {
		f.problem(NoMatch, strings.Join(folders, ", "), "there are no journal files")
	}
}

func (f *found) journalRemedy(closed string) string {
	if f.job.Journal.Path == "" || groupReads(closed, "systemd-journal") {
		return "sudo usermod -aG systemd-journal " + f.d.opts.User + " # then log in again and restart the collector"
	}
	return remedy(closed, isFolder(closed), f.d.opts.User)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// journalFiles counts the journal files in dir and the folders of machines in
// it; closed is the first file or folder that may not be read.
func journalFiles(dir string) (n int, closed string) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) {
		return 0, dir
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir() && len(e.Name()) == 32: // a machine's id
			in, closed := journalFiles(path)
			if n += in; closed != "" {
				return n, closed
			}
		case strings.HasSuffix(e.Name(), ".journal"):
			if errors.Is(canRead(path), fs.ErrPermission) {
				return n, path
			}
			n++
		}
	}
	return n, ""
}
