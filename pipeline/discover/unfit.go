package discover

import (
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// unfit says in one word, and in a sentence, what path is that a glob matches and
// that is no log; "" for what can be read. A device is read if it is named
// itself, and a named pipe always.
func unfit(job *config.ScrapeConfig, glob, path string, info fs.FileInfo) (kind, why string) {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return "directory", "it is a directory; name the files in it, as in " + filepath.Join(path, "*.log")
	case mode.IsRegular() && isKernels(path), isPattern(glob) && isKernels(filepath.Dir(path)): // there are links to what processes have open
		return "kernel", "it is in a file system of the kernel's, which has no logs"
	case mode&fs.ModeSocket != 0:
		return "socket", "it is a socket, which has no lines to read"
	case mode&fs.ModeDevice != 0 && (mode&fs.ModeCharDevice == 0 || isPattern(glob)):
		return "device", "it is a device; a character device is read if the path names it without wildcards"
	case !mode.IsRegular() && (job.IsPacked() || job.Encoding != ""):
		return "pipe", "it is a pipe or a device, for which there is neither decompression nor encoding"
	}
	return "", ""
}

func isPattern(glob string) bool { return strings.ContainsAny(glob, `*?[{\`) }

// isKernels reports whether a file is in a file system such as /proc. It does not
// open the file, for that may have an effect.
func isKernels(path string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return false
	}
	switch int64(st.Type) {
	case unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC,
		unix.DEBUGFS_MAGIC, unix.TRACEFS_MAGIC, unix.SECURITYFS_MAGIC:
		return true
	}
	return false
}
