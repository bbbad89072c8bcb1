package discover

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

const nobody = 65534

// write makes a file and the folders above it, open to everybody.
func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func rotated(base, name string) bool { return strings.HasPrefix(name, base+".") }

// look runs one Sync over a job.
func look(job config.ScrapeConfig) ([]Target, []Problem) {
	job.JobName = "job"
	return New(Options{Jobs: []config.ScrapeConfig{job}, Rotated: rotated, Hostname: "host-1", User: "alice"}).Sync()
}

func files(glob string, labels ...string) config.ScrapeConfig {
	set := config.LabelSet{config.PathLabel: glob}
	for i := 0; i < len(labels); i += 2 {
		set[labels[i]] = labels[i+1]
	}
	return config.ScrapeConfig{StaticConfigs: []config.StaticConfig{{Labels: set}}}
}

func paths(targets []Target) string {
	var all []string
	for _, t := range targets {
		all = append(all, filepath.Base(t.Path))
	}
	return strings.Join(all, " ")
}

func TestGlobsFindFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"app.log", "app.log.1", "app.log.2.gz", "other.log", "sub/deep.log", "lone.log.1", "wtmp"} {
		write(t, filepath.Join(dir, name), "x\n")
	}
	for _, tt := range []struct {
		glob, exclude, want string
	}{
		{"*.log", "", "app.log other.log"},
		{"**/*.log", "", "app.log other.log deep.log"},
		{"{app,other}.log", "", "app.log other.log"},
		{"*.log", dir + "/other*", "app.log"},
		{"*.log*", "", "app.log lone.log.1 other.log"}, // generations belong to their name, compressed files to nobody
		{"*tmp", "", ""},
		{"*", "", "app.log lone.log.1 other.log"},
	} {
		job := files(filepath.Join(dir, tt.glob))
		if tt.exclude != "" {
			job.StaticConfigs[0].Labels[config.PathExcludeLabel] = tt.exclude
		}
		targets, _ := look(job)
		if got := paths(targets); got != tt.want {
			t.Errorf("%s without %s finds %q, want %q", tt.glob, tt.exclude, got, tt.want)
		}
	}
}

func TestTargetsCarryTheGroupsLabels(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "app.log"), "")
	targets, problems := look(files(path, "service", "app", "__host__", "host-1"))
	if len(targets) != 1 || len(problems) != 0 {
		t.Fatalf("targets %v, problems %v", targets, problems)
	}
	if got, want := fmt.Sprint(targets[0].Labels), fmt.Sprintf("[{filename %s} {service app}]", path); got != want {
		t.Errorf("labels %s, want %s", got, want)
	}
	if targets, _ := look(files(path, "__host__", "host-2")); len(targets) != 0 {
		t.Errorf("a target of another host is read: %v", targets)
	}
}

func TestPipesAndSocketsAreToldApart(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mknod(filepath.Join(dir, "socket"), syscall.S_IFSOCK|0o644, 0); err != nil {
		t.Fatal(err)
	}
	targets, problems := look(files(filepath.Join(dir, "*")))
	if len(targets) != 1 || targets[0].Kind != Pipe {
		t.Errorf("targets %+v, want the fifo", targets)
	}
	if len(problems) != 1 || problems[0].State != LeftOut || filepath.Base(problems[0].Path) != "socket" {
		t.Errorf("problems %+v, want the socket left out", problems)
	}
}

func TestUnlessExistsTurnsAJobOff(t *testing.T) {
	dir := t.TempDir()
	job := config.ScrapeConfig{JobName: "journal", Journal: &config.Journal{}, UnlessExists: []string{filepath.Join(dir, "sys*")}}
	d := New(Options{Jobs: []config.ScrapeConfig{job}, Rotated: rotated})
	if targets, _ := d.Sync(); len(targets) != 1 || targets[0].Kind != Journal {
		t.Fatalf("targets %v, want the journal", targets)
	}
	write(t, filepath.Join(dir, "syslog"), "")
	if targets, _ := d.Sync(); len(targets) != 0 {
		t.Errorf("the journal is read beside syslog: %v", targets)
	}
}

const id = "07361dd3c3b66c234969093d09311f6c1721857a1dfaba0e7af8391bc6ebe8cd"

// addContainer writes the files of a container as Docker does.
func addContainer(t *testing.T, root, meta string) string {
	t.Helper()
	dir := filepath.Join(root, "containers", id)
	write(t, filepath.Join(dir, id+"-json.log"), "")
	write(t, filepath.Join(dir, metadataFile), meta)
	return dir
}

func dockerJob(root, ignore string) config.ScrapeConfig {
	return config.ScrapeConfig{DockerFiles: &config.DockerFiles{
		Root: root, IgnoreContainersLabelled: ignore, Labels: config.LabelSet{"env": "test"},
	}}
}

func TestContainersAreFoundFromTheirMetadata(t *testing.T) {
	root := t.TempDir()
	dir := addContainer(t, root, `{"ID":"`+id+`","Name":"/shop-backend-1","Config":{"Image":"backend:1",
		"Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"backend","logging":"off"}}}`)
	targets, problems := look(dockerJob(root, ""))
	if len(targets) != 1 || len(problems) != 0 {
		t.Fatalf("targets %v, problems %v", targets, problems)
	}
	got := targets[0]
	if want := "[{compose_project shop} {container shop-backend-1} {env test} {service backend}]"; fmt.Sprint(got.Labels) != want {
		t.Errorf("labels %v, want %s", got.Labels, want)
	}
	if got.Path != filepath.Join(dir, id+"-json.log") || string(got.Meta[0].Value) != id[:12] || !got.FirstReadsRotated {
		t.Errorf("target %+v", got)
	}
	for label, want := range map[string]int{"logging": 0, "logging=off": 0, "logging=on": 1, "other": 1} {
		if targets, _ := look(dockerJob(root, label)); len(targets) != want {
			t.Errorf("with ignore_containers_labelled %q there are %d targets, want %d", label, len(targets), want)
		}
	}
}

func TestContainersWithAnotherDriverAreNamed(t *testing.T) {
	root := t.TempDir()
	dir := addContainer(t, root, `{"ID":"`+id+`","Name":"/quiet"}`)
	write(t, filepath.Join(dir, "hostconfig.json"), `{"LogConfig":{"Type":"local"}}`)
	targets, problems := look(dockerJob(root, ""))
	if len(targets) != 0 || len(problems) != 1 || !strings.Contains(problems[0].Reason, `quiet logs with the driver "local"`) {
		t.Errorf("targets %v, problems %v", targets, problems)
	}
}

func TestHalfWrittenMetadataKeepsWhatWasKnown(t *testing.T) {
	root := t.TempDir()
	dir := addContainer(t, root, `{"ID":"`+id+`","Name":"/app"}`)
	d := New(Options{Jobs: []config.ScrapeConfig{dockerJob(root, "")}, Rotated: rotated})
	if targets, _ := d.Sync(); len(targets) != 1 {
		t.Fatal("the container is not found")
	}
	path := write(t, filepath.Join(dir, metadataFile), `{"ID":"0736`)
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if targets, problems := d.Sync(); len(targets) != 1 || len(problems) != 0 {
		t.Errorf("targets %v, problems %v while Docker writes the metadata", targets, problems)
	}
	if _, problems := look(dockerJob(root, "")); len(problems) != 1 || !strings.Contains(problems[0].Reason, "metadata cannot be read") {
		t.Errorf("problems %v of a container whose metadata was never whole", problems)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if targets, _ := d.Sync(); len(targets) != 0 {
		t.Errorf("a removed container is still there: %v", targets)
	}
}

// TestUnreadableThingsNameTheCommand runs Sync as a user without rights, in a
// process of its own, and checks that the command for each problem opens it.
func TestUnreadableThingsNameTheCommand(t *testing.T) {
	if os.Getenv("DISCOVER_DIR") != "" {
		printProblems(t, os.Getenv("DISCOVER_DIR"))
		return
	}
	dir := filepath.Join("/tmp", fmt.Sprintf("discover-%d", os.Getpid())) // t.TempDir is closed to others
	t.Cleanup(func() { os.RemoveAll(dir) })
	write(t, filepath.Join(dir, "log", "open.log"), "")
	chmod(t, write(t, filepath.Join(dir, "log", "closed.log"), ""), 0o600)
	addContainer(t, filepath.Join(dir, "docker"), `{"ID":"`+id+`","Name":"/app"}`)
	chmod(t, filepath.Join(dir, "docker"), 0o710)

	problems := asNobody(t, dir)
	want := map[string]string{
		filepath.Join(dir, "log", "closed.log"):    "sudo setfacl -m u:alice:r " + filepath.Join(dir, "log", "closed.log"),
		filepath.Join(dir, "docker", "containers"): fmt.Sprintf("sudo setfacl -m u:alice:x %[1]s/docker && sudo setfacl -R -m u:alice:rX,d:u:alice:rX %[1]s/docker/containers", dir),
	}
	if len(problems) != len(want) {
		t.Errorf("problems %+v", problems)
	}
	for _, p := range problems {
		if p.Remedy != want[p.Path] || p.Reason != "permission denied" || p.User != "alice" {
			t.Errorf("%s: %s, remedy\n%s, want\n%s", p.Path, p.Reason, p.Remedy, want[p.Path])
		}
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// asNobody runs this test again as a user without rights and returns the
// problems that it finds.
func asNobody(t *testing.T, dir string) []Problem {
	t.Helper()
	self := write(t, filepath.Join(dir, "self.test"), "")
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(self, text, 0o755); err != nil {
		t.Fatal(err)
	}
	chmod(t, self, 0o755)
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$")
	cmd.Dir = "/"
	cmd.Env = []string{"DISCOVER_DIR=" + dir}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var problems []Problem
	line, _, _ := strings.Cut(string(out), "\n")
	if err := json.Unmarshal([]byte(line), &problems); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return problems
}

func printProblems(t *testing.T, dir string) {
	_, fromFiles := look(files(filepath.Join(dir, "log", "*.log")))
	_, fromDocker := look(dockerJob(filepath.Join(dir, "docker"), ""))
	text, err := json.Marshal(append(fromFiles, fromDocker...))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(text))
}

func FuzzParseContainer(f *testing.F) {
	f.Add([]byte(`{"ID":"` + id + `","Name":"/app","Config":{"Labels":{"a":"b"}}}`))
	f.Add([]byte(`{"ID":"short"}`))
	f.Add([]byte(`{"ID":"../../../../etc/passwd"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseContainer(text)
		if err == nil && (len(c.ID) < 12 || filepath.Dir(c.log("/d")) != "/d") {
			t.Errorf("container %+v has the log %s", c, c.log("/d"))
		}
	})
}
