// Package discover says which targets exist now: files that globs match,
// containers of Docker's data folder, the journal; and what is there and
// cannot be read, with the command that opens it.
package discover

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/relabel"
)

// Kind says which source reads a target.
type Kind uint8

// The kinds of targets.
const (
	File    Kind = iota // a regular file: source/file
	Pipe                // a named pipe or character device: source/pipe
	Journal             // systemd's journal: source/journal
	Stdin               // standard input: source/stdin; it is not looked for
	Docker              // a container's log by Docker's API: source/docker
)

// Target is one thing to read.
type Target struct {
	Key    string // unique, and the same after a restart
	Job    string
	Config *config.ScrapeConfig // the job's
	Kind   Kind
	// Path is absolute; the journal's folder, "" for the system's; a name for a
	// container that is read by the API.
	Path string
	// Labels are sorted by name. They are relabelled, without those that begin
	// with __, and of files have filename. Those of the journal are not: each of
	// its entries is relabelled.
	Labels []pipeline.Label
	// Discovered are the labels before relabelling, sorted by name.
	Discovered []pipeline.Label
	Meta       []pipeline.Field // structured metadata of every entry
	// Container is set for targets of docker_sd_configs. A file is its json-file
	// log then.
	Container *Container
	// FirstReadsRotated: at first sight the rotated siblings belong to it too.
	FirstReadsRotated bool
	// IgnoreOlder leaves alone what did not change for so long when it is first
	// seen; 0 reads all.
	IgnoreOlder time.Duration
}

// State says what a Problem means.
type State uint8

// The states.
const (
	Unreadable State = iota // it is there, and this user cannot read it
	NoMatch                 // a glob matches no file now: no error, but shown
	LeftOut                 // it is there and deliberately not read
)

// Problem is something that the configuration names and that is not read.
type Problem struct {
	State  State
	Job    string
	Path   string // the file or folder, or the glob
	Reason string
	Remedy string // the command that opens it, "" if there is none
	User   string // whom Remedy is for: the user that the collector runs as
	// Unfit says in one word what a glob matches that is no log file, "" for
	// everything else.
	Unfit string
	// Failed is promtail's reason for a target that the configuration gives up,
	// dropped, wrong_host, no_path or error; else "".
	Failed string
}

// Dropped is a target that the configuration gives up.
type Dropped struct {
	Job        string
	Discovered []pipeline.Label // sorted by name
	Reason     string
}

// maxDropped bounds what is remembered of a job's dropped targets, as in promtail.
const maxDropped = 100

// Options are what a Discoverer is made with.
type Options struct {
	Jobs []config.ScrapeConfig
	// Rotated reports whether name is a rotated generation of base; both are
	// names without a folder.
	Rotated  func(base, name string) bool
	Hostname string // what the label __host__ is compared with
	// Engine returns the engine of a docker_sd_config, nil if there is none yet; nil
	// without such jobs.
	Engine func(*config.DockerSD) Engine
	// OwnContainer is the id of the collector's own container or what it begins
	// with, "" to find it out.
	OwnContainer string
	User         string // the user of remedies, "" for the process's own
	Program      string // the program of remedies, "" for the process's own
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Discoverer looks for targets. It is used by one goroutine.
type Discoverer struct {
	opts       Options
	containers map[string]container // by the path of config.v2.json, as last read
	offFor     map[string]int       // by job: Syncs until a job that was off may be on

	targetFiles map[string]targetFile        // of file_sd_configs, by path
	addresses   map[string]map[string]string // labels by job and container id, of docker_sd_configs
	dropped     []Dropped                    // of the last Sync
}

// New returns a discoverer of the jobs' targets.
func New(opts Options) *Discoverer {
	if opts.User == "" {
		opts.User = ownName()
	}
	if opts.Program == "" {
		opts.Program = ownProgram()
	}
	if opts.OwnContainer == "" {
		opts.OwnContainer = ownContainer()
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Discoverer{opts: opts, containers: map[string]container{}, offFor: map[string]int{}}
}

// SetJobs changes the jobs whose targets are looked for. What is known of files and
// containers stays.
func (d *Discoverer) SetJobs(jobs []config.ScrapeConfig) { d.opts.Jobs = jobs }

// Sync returns the targets that exist now, sorted by key, and what is not read.
// It starts nothing and waits for nothing but the file system.
func (d *Discoverer) Sync() (targets []Target, problems []Problem) {
	f := &found{
		d: d, byKey: map[string]int{}, containers: map[string]container{}, targetFiles: map[string]targetFile{},
		addresses: map[string]map[string]string{},
	}
	for i := range d.opts.Jobs {
		f.job, f.discovered, f.drops = &d.opts.Jobs[i], nil, 0
		if f.isOff() {
			continue
		}
		f.notCollected()
		f.static()
		f.fileSD()
		f.docker()
		f.dockerSD()
		f.journal()
	}
	d.containers, d.targetFiles, d.addresses = f.containers, f.targetFiles, f.addresses // those that are gone are forgotten
	d.dropped = f.dropped
	slices.SortStableFunc(f.targets, func(a, b Target) int { return strings.Compare(a.Key, b.Key) })
	return f.targets, f.problems
}

// Dropped returns the targets that the last Sync gave up because the configuration
// says so, at most 100 of each job.
func (d *Discoverer) Dropped() []Dropped { return d.dropped }

// found is what one Sync has found so far.
type found struct {
	d        *Discoverer
	job      *config.ScrapeConfig // whose targets are looked for
	targets  []Target
	problems []Problem
	byKey    map[string]int // index of targets
	dropped  []Dropped
	drops    int // of the job

	discovered []pipeline.Label // of the target that was relabelled last

	containers  map[string]container // as in Discoverer
	targetFiles map[string]targetFile
	addresses   map[string]map[string]string
}

// isOff reports whether something exists that the job gives way to, or existed
// a few looks ago: a file that is being rotated is missing for a moment.
func (f *found) isOff() bool {
	name := f.job.JobName
	for _, glob := range f.job.UnlessExists {
		if paths, err := doublestar.FilepathGlob(glob); err == nil && len(paths) > 0 {
			f.d.offFor[name] = looksUntilOn
			return true
		}
	}
	f.d.offFor[name] = max(0, f.d.offFor[name]-1)
	return f.d.offFor[name] > 0
}

// looksUntilOn is how many Syncs in a row have to find nothing before a job
// that was off is on.
const looksUntilOn = 10

// add adds a target with its labels.
func (f *found) add(t Target, labels map[string]string) {
	t.Labels, t.Discovered = sorted(labels), f.discovered
	if t.Discovered == nil {
		t.Discovered = t.Labels
	}
	f.append(t)
}

// append adds a target that has its labels.
func (f *found) append(t Target) {
	t.Job, t.Config = f.job.JobName, f.job
	t.Key = t.Job + " " + t.Key
	t.IgnoreOlder = f.job.IgnoreOlder.Std()
	f.appendNew(t)
}

// sorted are labels by their names.
func sorted(labels map[string]string) []pipeline.Label {
	all := make([]pipeline.Label, 0, len(labels))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, pipeline.Label{Name: name, Value: labels[name]})
	}
	return all
}

// relabel applies the job's rules, if it has any, to the labels of a target and
// reports whether it is kept; name is the target's in messages.
func (f *found) relabel(labels map[string]string, name string) (kept bool) {
	f.discovered = slices.DeleteFunc(sorted(labels), func(l pipeline.Label) bool { return l.Value == "" })
	rules := relabel.Rules(f.job.RelabelConfigs)
	if len(rules) == 0 || rules.Apply(labels) {
		return true
	}
	f.giveUp(name, "dropped by relabel_configs", "dropped")
	return false
}

// giveUp notes that the configuration wants nothing of the target that was
// relabelled last; failed is promtail's reason.
func (f *found) giveUp(name, reason, failed string) {
	f.report(Problem{State: LeftOut, Path: name, Reason: reason, Failed: failed})
	if f.drops++; f.drops <= maxDropped {
		f.dropped = append(f.dropped, Dropped{Job: f.job.JobName, Discovered: f.discovered, Reason: reason})
	}
}

// notCollected notes a job of a kind that is not collected.
func (f *found) notCollected() {
	if kind := f.job.NotCollected(); kind != "" {
		f.report(Problem{
			State: LeftOut, Path: kind, Reason: "this kind is not collected by this version", Failed: "error",
			Remedy: "let the sender write files and read them by static_configs, or push to Loki",
		})
	}
}

// appendNew adds a target. A file that several groups of one job match is read
// once for each that gives it other labels, as by promtail.
func (f *found) appendNew(t Target) {
	key := t.Key
	for n := 2; ; n++ {
		i, taken := f.byKey[t.Key]
		if !taken {
			break
		}
		if slices.Equal(f.targets[i].Labels, t.Labels) {
			return
		}
		t.Key = key + " #" + strconv.Itoa(n)
	}
	f.byKey[t.Key] = len(f.targets)
	f.targets = append(f.targets, t)
}

func (f *found) problem(state State, path, reason string) {
	f.report(Problem{State: state, Path: path, Reason: reason})
}

// unreadable notes a path that this user cannot read, and what opens it.
func (f *found) unreadable(path string, err error, remedy string) {
	f.report(Problem{State: Unreadable, Path: path, Reason: reasonOf(err), Remedy: remedy, User: f.d.opts.User})
}

// report notes a problem of the job, once.
func (f *found) report(p Problem) {
	p.Job = f.job.JobName
	if !slices.Contains(f.problems, p) {
		f.problems = append(f.problems, p)
	}
}
