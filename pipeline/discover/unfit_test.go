package discover

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// A glob in /proc matches links to what processes have open, this program's own
// file and pipes among them.
func TestAGlobInProcFindsNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, glob := range []string{"/proc/self/*", "/proc/self/fd/*"} {
		if targets, _ := look(files(glob)); len(targets) > 0 {
			t.Errorf("%s finds %s", glob, paths(targets))
		}
	}
}

func TestWhatAGlobMatchesThatIsNoLog(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("folder/deep.x"), "x\n")
	if err := os.Rename(in("folder"), in("folder.x")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(in("fifo.x"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", in("socket.x"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for name, to := range map[string]string{"proc.x": "/proc/uptime", "sys.x": "/sys/kernel/uevent_seqnum", "null.x": "/dev/null"} {
		if err := os.Symlink(to, in(name)); err != nil {
			t.Fatal(err)
		}
	}
	packed, encoded := files(in("*.x")), files(in("*.x"))
	packed.Decompression = &config.Decompression{Enabled: true, Format: "gz"}
	encoded.Encoding = "UTF-16"
	const rest = "folder.x:directory null.x:device proc.x:kernel socket.x:socket sys.x:kernel"
	for _, tt := range []struct {
		name, want, unfit string
		job               config.ScrapeConfig
	}{
		{"a glob", "fifo.x", rest, files(in("*.x"))},
		{"a glob for folders at any depth", "fifo.x deep.x", strings.TrimPrefix(rest, "folder.x:directory "), files(dir + "/**/*.x")},
		{"a device by its name", "null.x", "", files(in("null.x"))},
		{"a folder by its name", "", "folder.x:directory", files(in("folder.x"))},
		{"compressed files", "", "fifo.x:pipe " + rest, packed},
		{"an encoding", "", "fifo.x:pipe " + rest, encoded},
	} {
		targets, problems := look(tt.job)
		var unfit []string
		for _, p := range problems {
			if p.Unfit != "" && p.State == LeftOut && p.Reason != "" {
				unfit = append(unfit, filepath.Base(p.Path)+":"+p.Unfit)
			}
		}
		if got := paths(targets); got != tt.want {
			t.Errorf("%s finds %q, want %q", tt.name, got, tt.want)
		}
		if got := strings.Join(unfit, " "); got != tt.unfit {
			t.Errorf("%s leaves out %q, want %q", tt.name, got, tt.unfit)
		}
	}
}

// Whatever their names are, each is a file of its own.
func TestFilesOfAPackedJob(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"app.log", "app.log.1", "app.log.2.gz", "wtmp"} {
		write(t, filepath.Join(dir, name), "x\n")
	}
	job := files(dir + "/*")
	job.Decompression = &config.Decompression{Enabled: true, Format: "zst"}
	targets, problems := look(job)
	if got := paths(targets); got != "app.log app.log.1 app.log.2.gz wtmp" || len(problems) > 0 {
		t.Errorf("found %q, %v", got, problems)
	}
}
