package servers

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Engine is a real Docker engine of the test's own, without network. It has an
// image called busybox that holds busybox alone.
type Engine struct {
	Root string // its data folder
	Host string // its address: unix://PATH

	process *Process
}

// DockerEngine starts an engine. Without root it skips the test.
func DockerEngine(t testing.TB) *Engine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a Docker engine needs root")
	}
	dir, err := os.MkdirTemp("", "engine") // a short path: a socket's has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("umount", filepath.Join(dir, "exec", "netns", "default")).Run() // the engine leaves it if a container had the host's network
		os.RemoveAll(dir)
	})
	e := &Engine{Host: "unix://" + dir + "/s", Root: filepath.Join(dir, "data")}
	e.process = launch(t, exec.Command(Debian(t, "dockerd", "docker.io"), "--data-root="+e.Root, "--exec-root="+filepath.Join(dir, "exec"),
		"--pidfile="+filepath.Join(dir, "pid"), "--host="+e.Host, "--bridge=none", "--iptables=false", "--ip6tables=false"), "")
	e.waitReady(t)
	e.importBusybox(t)
	return e
}

// Restart stops the engine, and with it the containers, and starts it again.
func (e *Engine) Restart(t testing.TB) {
	t.Helper()
	e.process.Stop(t)
	e.process.Restart(t)
	e.waitReady(t)
}

func (e *Engine) waitReady(t testing.TB) {
	t.Helper()
	Eventually(t, "the Docker engine answers", func() bool {
		e.process.mustRun(t)
		return exec.Command("docker", "-H", e.Host, "info").Run() == nil
	})
}

func (e *Engine) importBusybox(t testing.TB) {
	t.Helper()
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatalf("busybox-static is missing: apt-get install busybox-static: %v", err)
	}
	var image bytes.Buffer
	tw := tar.NewWriter(&image)
	for _, name := range []string{"bin/busybox", "bin/sh"} {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(busybox))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(busybox); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	e.run(t, &image, "import", "-", "busybox")
}

// Docker runs the client and returns what it prints.
func (e *Engine) Docker(t testing.TB, args ...string) string {
	t.Helper()
	return e.run(t, nil, args...)
}

func (e *Engine) run(t testing.TB, stdin *bytes.Buffer, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker", append([]string{"-H", e.Host}, args...)...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
