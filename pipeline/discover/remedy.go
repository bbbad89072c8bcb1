package discover

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ownName is the name of the user that the process runs as.
func ownName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Geteuid())
}

// ownProgram is the path of the running program.
func ownProgram() string {
	if path, err := os.Executable(); err == nil {
		return path
	}
	return os.Args[0]
}

// asDocker is the command that opens Docker's data folder. Access lists do not
// last there: Docker writes config.v2.json anew with mode 0600 whenever a
// container changes, and that mode takes a list's rights away.
func (d *Discoverer) asDocker() string {
	return "sudo setcap cap_dac_read_search+ep " + d.opts.Program + " # then start it again"
}

// reasonOf says in words why something cannot be read.
func reasonOf(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "permission denied"
	}
	return err.Error()
}

// remedy is the command that lets name read path, a file or a folder: joining
// the group adm where that suffices, as it does for most of /var/log on Debian,
// else access lists: to pass each closed folder above it, and to read it.
func remedy(path string, isDir bool, name string) string {
	closed := closedAbove(path)
	if len(closed) == 0 && groupReads(path, "adm") {
		return "sudo usermod -aG adm " + name + " # then log in again and restart the collector"
	}
	command := ""
	if len(closed) > 0 {
		command = fmt.Sprintf("sudo setfacl -m u:%s:x %s && ", name, strings.Join(closed, " "))
	}
	if isDir {
		return command + fmt.Sprintf("sudo setfacl -R -m u:%[1]s:rX,d:u:%[1]s:rX %[2]s", name, path)
	}
	return command + fmt.Sprintf("sudo setfacl -m u:%s:r %s", name, path)
}

// closedAbove are the folders above path that this process cannot pass, the
// topmost first.
func closedAbove(path string) []string {
	const pass = 1 // X_OK
	var closed []string
	for dir := filepath.Dir(path); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if errors.Is(syscall.Access(dir, pass), syscall.EACCES) {
			closed = append(closed, dir)
		}
	}
	slices.Reverse(closed)
	return closed
}

// groupReads reports whether members of the group may read a file, or list and
// pass a folder.
func groupReads(path, group string) bool {
	need := fs.FileMode(0o040)
	if isFolder(path) {
		need = 0o050
	}
	return groupHas(path, group, need)
}

// groupWrites reports whether members of the group may connect to a socket.
func groupWrites(path, group string) bool { return groupHas(path, group, 0o060) }

// groupHas reports whether a path belongs to a group that may do what is needed.
func groupHas(path, group string, need fs.FileMode) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if info.Mode()&need != need {
		return false
	}
	st, _ := info.Sys().(*syscall.Stat_t)
	g, err := user.LookupGroup(group)
	return err == nil && g.Gid == strconv.FormatUint(uint64(st.Gid), 10)
}
