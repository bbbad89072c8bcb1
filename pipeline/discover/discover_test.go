package discover

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
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
	return New(Options{Jobs: []config.ScrapeConfig{job}, Rotated: rotated, Hostname: "host-1", User: "alice", Program: "/opt/collector"}).Sync()
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

func TestOneFileInSeveralGroups(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "app.log"), "")
	job := files(path, "team", "a")
	for _, team := range []string{"a", "b"} {
		job.StaticConfigs = append(job.StaticConfigs, files(path, "team", team).StaticConfigs...)
	}
	targets, problems := look(job)
	if len(targets) != 2 || len(problems) != 0 || targets[0].Key != "job "+path || targets[1].Key != "job "+path+" #2" {
		t.Errorf("targets %+v, problems %v, want one for each set of labels", targets, problems)
	}
}

func TestLinkToAFileThatIsReadIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "app-7.log"), "")
	other := write(t, filepath.Join(t.TempDir(), "elsewhere.log"), "")
	for name, to := range map[string]string{"current.log": path, "other.log": other} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	targets, problems := look(files(filepath.Join(dir, "*.log")))
	if got := paths(targets); got != "app-7.log other.log" {
		t.Errorf("targets %s", got)
	}
	if len(problems) != 1 || problems[0].State != LeftOut || filepath.Base(problems[0].Path) != "current.log" {
		t.Errorf("problems %+v", problems)
	}
}

func TestLabelsOfTheConfigurationWin(t *testing.T) {
	root := t.TempDir()
	addContainer(t, root, `{"ID":"`+id+`","Name":"/app"}`)
	job := dockerJob(root, "")
	job.DockerFiles.Labels["service"] = "shop"
	targets, _ := look(job)
	if want := "[{compose_project } {container app} {env test} {service shop}]"; len(targets) != 1 || fmt.Sprint(targets[0].Labels) != want {
		t.Errorf("targets %+v, want labels %s", targets, want)
	}
}

func TestJournalWithoutFilesIsShown(t *testing.T) {
	dir := t.TempDir()
	job := config.ScrapeConfig{Journal: &config.Journal{Path: dir}}
	targets, problems := look(job)
	if len(targets) != 1 || targets[0].Kind != Journal || len(problems) != 1 || problems[0].State != NoMatch || problems[0].Path != dir {
		t.Errorf("targets %+v, problems %+v", targets, problems)
	}
	write(t, filepath.Join(dir, machine, "system.journal"), "")
	if _, problems := look(job); len(problems) != 0 {
		t.Errorf("problems %+v", problems)
	}
}

func BenchmarkSyncOfAThousandContainers(b *testing.B) {
	root := b.TempDir()
	for i := range 1000 {
		id := fmt.Sprintf("%064x", i+1)
		dir := filepath.Join(root, "containers", id)
		write(b, filepath.Join(dir, id+"-json.log"), "")
		write(b, filepath.Join(dir, metadataFile), `{"ID":"`+id+`","Name":"/app"}`)
	}
	d := New(Options{Jobs: []config.ScrapeConfig{dockerJob(root, "")}, Rotated: rotated})
	for b.Loop() {
		if targets, _ := d.Sync(); len(targets) != 1000 {
			b.Fatalf("%d targets", len(targets))
		}
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
	if err := os.Remove(filepath.Join(dir, "syslog")); err != nil {
		t.Fatal(err)
	}
	for look := 1; look < looksUntilOn; look++ {
		if targets, _ := d.Sync(); len(targets) != 0 {
			t.Fatalf("look %d: the journal is read while syslog may be in rotation", look)
		}
	}
	if targets, _ := d.Sync(); len(targets) != 1 {
		t.Error("the journal is not read although syslog is gone for good")
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
	if targets, _ := d.Sync(); len(targets) != 0 || len(d.containers) != 0 {
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
	write(t, filepath.Join(dir, "closed", "x.log"), "")
	chmod(t, filepath.Join(dir, "closed"), 0o700)
	write(t, filepath.Join(dir, "adm", "x.log"), "")
	chmod(t, filepath.Join(dir, "adm"), 0o750)
	giveTo(t, filepath.Join(dir, "adm"), "adm")
	journal := write(t, filepath.Join(dir, "journal", machine, "system.journal"), "")
	chmod(t, journal, 0o640)
	giveTo(t, journal, "systemd-journal")

	problems := asNobody(t, dir)
	want := map[string]string{
		filepath.Join(dir, "log", "closed.log"):                  "sudo setfacl -m u:alice:r " + filepath.Join(dir, "log", "closed.log"),
		filepath.Join(dir, "docker", "containers"):               "sudo setcap cap_dac_read_search+ep /opt/collector # then start it again",
		filepath.Join(dir, "closed"):                             "sudo setfacl -R -m u:alice:rX,d:u:alice:rX " + filepath.Join(dir, "closed"),
		filepath.Join(dir, "adm"):                                "sudo usermod -aG adm alice # then log in again and restart the collector",
		filepath.Join(dir, "journal", machine, "system.journal"): "sudo usermod -aG systemd-journal alice # then log in again and restart the collector",
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

const machine = "0123456789abcdef0123456789abcdef"

// giveTo gives a path to a group; only root can.
func giveTo(t *testing.T, path, group string) {
	t.Helper()
	g, err := user.LookupGroup(group)
	if err != nil || os.Geteuid() != 0 {
		t.Skipf("needs root and the group %s: %v", group, err)
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, -1, gid); err != nil {
		t.Fatal(err)
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
	var all []Problem
	for _, job := range []config.ScrapeConfig{
		files(filepath.Join(dir, "log", "*.log")), files(filepath.Join(dir, "closed", "*.log")),
		files(filepath.Join(dir, "adm", "*.log")), dockerJob(filepath.Join(dir, "docker"), ""),
		{JobName: "journal", Journal: &config.Journal{Path: filepath.Join(dir, "journal")}},
	} {
		_, problems := look(job)
		for _, p := range problems {
			if p.State == Unreadable {
				all = append(all, p)
			}
		}
	}
	text, err := json.Marshal(all)
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

func TestAJobThatIsNotCollectedIsNamed(t *testing.T) {
	cfg, err := config.Parse("c.yaml", []byte(`
clients: [{url: 'http://192.0.2.1/push'}]
scrape_configs: [{job_name: job, syslog: {listen_address: ':1514'}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	targets, problems := New(Options{Jobs: cfg.ScrapeConfigs}).Sync()
	if len(targets) != 0 || len(problems) != 1 || problems[0].Path != "syslog :1514" || problems[0].Failed != "error" || problems[0].Remedy == "" {
		t.Errorf("got %v, %v", targets, problems)
	}
}
