package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
	"github.com/tovtech/tovplay-logging/pipeline/position"
	"github.com/tovtech/tovplay-logging/pipeline/source/docker"
	"github.com/tovtech/tovplay-logging/pipeline/source/file"
	"github.com/tovtech/tovplay-logging/pipeline/source/journal"
	"github.com/tovtech/tovplay-logging/pipeline/source/pipe"
	"github.com/tovtech/tovplay-logging/pipeline/source/stdin"
	"github.com/tovtech/tovplay-logging/pipeline/stage"
)

// manager keeps the loop's targets in step with what discovery finds.
type manager struct {
	log      *slog.Logger
	loop     *pipeline.Loop
	find     *discover.Discoverer
	streams  *pipeline.Streams
	limit    *pipeline.LabelLimit // nil for none
	sending  *stage.SendLimits
	dropped  *prometheus.CounterVec
	byLabel  *labelDrops
	failures *prometheus.CounterVec // of stages
	failing  sync.Map               // places and reasons that were named
	lost     *prometheus.CounterVec
	cut      *prometheus.CounterVec
	nuls     *prometheus.CounterVec
	bad      *badInput
	shelves  shelves // of compressed files
	failed   *prometheus.CounterVec
	journal  journalMetrics
	dryRun   bool
	inspect  *inspection // nil for none
	metrics  targetMetrics
	engines  *engines
	running  sync.WaitGroup // sources that run a goroutine of their own
	sources  context.Context
	halt     context.CancelFunc // of sources

	syncing sync.Mutex // held while targets are looked for, before mu

	mu       sync.Mutex
	cfg      *config.Config
	prints   map[string]string         // of the jobs, by name
	programs map[string]*stage.Program // of the jobs, by name
	custom   *stage.Metrics            // of metrics stages
	saved    position.Places           // of targets that are not open
	promtail importer                  // for targets without a saved place
	open     map[string]*opened        // by key
	problems []discover.Problem
	found    []discover.Target  // by the last sync
	givenUp  []discover.Dropped // by the last sync
	known    map[string]bool    // keys that were open before, of targets to which that matters
	synced   bool
	looked   bool     // there was a sync that knew all targets
	isFirst  bool     // nothing was saved by a run before
	input    *os.File // that is all that is read, nil for none
	afterOne func()   // called when it has looked for targets once
}

// opened is a target that is read, or was and is not settled yet.
type opened struct {
	discover.Target
	source  pipeline.Source
	target  *pipeline.Target
	err     error // what it fails with now
	ended   bool
	stale   bool               // its job has changed since
	reading string             // how its job is read
	moved   int                // syncs in a row that found it moved
	cancel  context.CancelFunc // of a source's own goroutine
}

func newManager(cfg *config.Config, loop *pipeline.Loop, streams *pipeline.Streams, log *slog.Logger, try trial) (*manager, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("ask for the host's name: %w", err)
	}
	engines := newEngines()
	m := &manager{
		cfg: cfg, log: log, loop: loop, prints: map[string]string{}, engines: engines,
		streams: streams, open: map[string]*opened{}, saved: position.Places{},
		find: discover.New(discover.Options{
			Jobs: cfg.ScrapeConfigs, Rotated: file.IsGeneration, Hostname: hostname, Engine: engines.seen,
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "logentry_dropped_lines_total", Help: "Entries that a stage dropped.",
		}, []string{"reason"}),
		custom:  stage.NewMetrics(time.Now),
		byLabel: newLabelDrops(),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "collector_stage_failures_total", Help: "Entries that went on without the work of a stage that failed.",
		}, []string{"reason"}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "collector_lost_bytes_total", Help: "Bytes of files that were gone before they were read.",
		}, []string{"path"}),
		cut: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "collector_cut_lines_total", Help: "How often lines were cut because they are too long.",
		}, []string{"path"}),
		nuls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "collector_skipped_nul_bytes_total", Help: "NUL bytes before lines, and holes of files, that were left out.",
		}, []string{"path"}),
		bad: newBadInput(log), sending: &stage.SendLimits{}, shelves: shelves{byName: map[string]*file.Shelf{}},
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "promtail_targets_failed_total", Help: "Targets that were given up by the configuration, each counted when it appears.",
		}, []string{"reason"}),
		journal: newJournalMetrics(), metrics: newTargetMetrics(), known: map[string]bool{},
	}
	m.sources, m.halt = context.WithCancel(context.Background())
	m.dryRun = try.dryRun
	if try.inspect {
		m.inspect = &inspection{w: try.stderr, colour: coloursFor(try.stderr), sent: !try.dryRun}
	}
	jobs, err := m.plan(cfg)
	m.prints, m.programs, m.custom = jobs.prints, jobs.programs, jobs.custom
	engines.change(jobs.watchers)
	return m, err
}

// restore is called once, before run, with what a run before has saved, and with
// what promtail left if there was no run before.
func (m *manager) restore(state position.State, promtail position.Promtail) {
	m.saved = state.Sources
	m.shelve(m.saved)
	m.promtail = importer{left: promtail, used: map[string]bool{}, log: m.log}
	cfg := m.cfg.LabelLimit
	if cfg.Values == 0 {
		return
	}
	m.limit = pipeline.NewLabelLimit(pipeline.LabelLimitOptions{
		Values: cfg.Values, ForgetAfter: cfg.ForgetAfter.Std(), Fixed: externalLabels(m.cfg), Streams: m.streams,
		Full: func(label, value string, all []pipeline.Label) { m.labelIsFull(label, value, cfg.Values, all) },
		Spared: func(label string) {
			m.log.Info("a label has no more values than it may again", "label", label)
		},
	}, state.Labels, time.Now())
}

// externalLabels are those of all clients, sorted.
func externalLabels(cfg *config.Config) []pipeline.Label {
	var all []pipeline.Label
	for i := range cfg.Clients {
		for name, value := range cfg.Clients[i].ExternalLabels {
			all = append(all, pipeline.Label{Name: name, Value: value})
		}
	}
	slices.SortFunc(all, func(a, b pipeline.Label) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	return all
}

// labelIsFull says that a label begins to have more values than it may.
func (m *manager) labelIsFull(label, value string, limit int, all []pipeline.Label) {
	var stream []string
	for _, l := range all {
		stream = append(stream, fmt.Sprintf("%s=%q", l.Name, l.Value))
	}
	m.log.Warn("a label has too many values; further ones are moved to structured metadata",
		"stream", "{"+strings.Join(stream, ", ")+"}", "label", label, "limit", limit, "example", value,
		"remedy", "make it structured metadata in the job's pipeline_stages, or raise label_limit.values")
}

// stop ends the goroutines of sources, so that nothing more is taken from pipes.
// Call it when the loop gives no more turns.
func (m *manager) stop() {
	m.mu.Lock()
	m.halt() // from now on none is started
	m.mu.Unlock()
	m.running.Wait()
}

// syncPeriod is the shortest that any job asks for.
func (m *manager) syncPeriod() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	period := m.cfg.TargetConfig.SyncPeriod.Std()
	for _, job := range m.cfg.ScrapeConfigs {
		if job.DockerFiles != nil {
			period = min(period, job.DockerFiles.RefreshInterval.Std())
		}
	}
	return period
}

// sync opens what is new and forgets what is over.
func (m *manager) sync() {
	m.syncing.Lock()
	defer m.syncing.Unlock()
	m.syncNow()
}

// syncNow is sync for whoever holds syncing.
func (m *manager) syncNow() {
	m.limit.Sweep(time.Now())
	targets, problems := m.look()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.found, m.givenUp = targets, m.find.Dropped()
	for key, o := range m.open {
		if o.ended && o.source.Unsettled() == 0 {
			m.forgetLocked(key, o)
		}
	}
	found := map[string]*discover.Target{}
	for i, t := range targets {
		found[t.Key] = &targets[i]
		if o := m.open[t.Key]; o != nil {
			o.notice(&targets[i])
			continue
		}
		if err := m.openLocked(t); err != nil {
			problems = append(problems, discover.Problem{Job: t.Job, Path: t.Path, Reason: err.Error()})
		}
	}
	for key, o := range m.open {
		if o.stale {
			m.renewLocked(o, found[key])
			continue
		}
		if o.moved++; !o.IsMoved(found[key]) {
			o.moved = 0
		}
		if o.isOver(found[key]) {
			o.leave(found[key])
		}
	}
	m.noteProblemsLocked(problems)
	m.synced = true
	if !m.looked && m.find.Looked() {
		m.looked = true
		m.promtail.nameUnused()
		m.noteMissingLocked()
	}
}

// noteMissingLocked names what was left unread and that no job finds any more.
// Its places are kept: it is read on if it comes back.
func (m *manager) noteMissingLocked() {
	m.noteLeftLocked()
	for _, places := range m.saved {
		for _, p := range places {
			if p.Packed == "" {
				m.noteLostPlace(p)
			}
		}
	}
}

// looksUntilMoved is how many syncs in a row have to find that a target moved
// before it is left: a name may be in rotation.
const looksUntilMoved = 2

// isOver reports whether discovery wants the target no more, or with other
// labels: now is what it found under the key, nil for nothing. What is there of
// a file that nothing names is read first.
func (o *opened) isOver(now *discover.Target) bool {
	if now == nil && o.cancel != nil {
		return true
	}
	var lag int64
	if f, ok := o.source.(measured); ok {
		_, lag = f.Stats()
	}
	return o.moved >= looksUntilMoved && (now != nil || lag == 0)
}

// leave ends a source; now is what discovery found under its key. What it has
// read is settled before it is forgotten.
func (o *opened) leave(now *discover.Target) {
	if d, ok := o.source.(*docker.Source); ok && now == nil {
		d.Leave() // its stream has an end
		return
	}
	if o.cancel != nil {
		o.cancel()
	}
	if f, ok := o.source.(interface{ Leave() }); ok {
		f.Leave()
	}
}

// forgetLocked lets go of a target that has ended. One that may come back, as
// the journal does, goes on where it was.
func (m *manager) forgetLocked(key string, o *opened) {
	delete(m.open, key)
	m.cut.DeleteLabelValues(labelText(o.Path))
	m.nuls.DeleteLabelValues(labelText(o.Path))
	defer o.source.Close()
	if places := o.source.Places(); len(places) > 0 {
		m.saved[key] = places
	}
	if _, err := os.Stat(filepath.Dir(o.Path)); errors.Is(err, fs.ErrNotExist) {
		delete(m.known, key) // the container's folder: it was removed, and none comes back
	}
}

// openLocked begins to read a target where it was left. One that cannot be
// opened is tried again at the next sync.
func (m *manager) openLocked(t discover.Target) error {
	if len(m.saved[t.Key]) == 0 {
		former, isOpen := m.formerLocked(t)
		if isOpen {
			return nil // it is read under its former name for a moment yet
		}
		if former != "" {
			m.saved[t.Key] = m.saved[former]
			delete(m.saved, former)
		}
	}
	o := &opened{Target: t, reading: m.reading(t.Config)}
	if err := m.openSource(o); err != nil {
		return err
	}
	delete(m.saved, t.Key)
	m.open[t.Key] = o
	if t.FirstReadsRotated || t.Kind == discover.Stdin {
		m.known[t.Key] = true
	}
	o.target = &pipeline.Target{Key: t.Key, Source: o.source, Stages: m.newFeed(t)}
	if m.dryRun {
		o.target.Stages = oneByOne{o.target.Stages}
	}
	m.loop.Add(o.target)
	m.log.Debug("reading", "job", t.Job, "path", t.Path)
	return nil
}

// labelDrops counts entries that a limit of a label dropped. When it has too many
// values it begins anew, as promtail does.
type labelDrops struct {
	*prometheus.CounterVec
	mu    sync.Mutex
	known map[[2]string]prometheus.Counter
}

const maxLabelDrops = 10_000

func newLabelDrops() *labelDrops {
	return &labelDrops{known: map[[2]string]prometheus.Counter{}, CounterVec: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "logentry_dropped_lines_by_label_total", Help: "Entries that a limit of a label dropped.",
	}, []string{"label_name", "label_value"})}
}

func (d *labelDrops) count(label, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := [2]string{label, value}
	c := d.known[key]
	if c == nil {
		if len(d.known) >= maxLabelDrops {
			d.Reset()
			clear(d.known)
		}
		c = d.WithLabelValues(label, labelText(value))
		d.known[key] = c
	}
	c.Inc()
}

// stageFailed counts the failures of stages, and names each stage and reason once.
func (m *manager) stageFailed(place, reason string, err error) {
	m.failures.WithLabelValues(reason).Inc()
	if _, named := m.failing.LoadOrStore(place+" "+reason, true); !named {
		m.log.Warn("a stage fails; its entries go on without it, and are counted in collector_stage_failures_total",
			"stage", place, "reason", reason, "err", err)
	}
}

func (m *manager) newFeed(t discover.Target) *stage.Feed {
	opts := stage.FeedOptions{
		Key: t.Key, Labels: t.Labels, Meta: t.Meta, Streams: m.streams, Limit: m.limit, Sending: m.sending,
		Dropped:        func(reason string, _ int) { m.dropped.WithLabelValues(reason).Inc() },
		DroppedByLabel: m.byLabel.count,
		Failed:         m.stageFailed,
	}
	switch {
	case t.Kind == discover.Journal:
		opts.Relabel = t.Config.RelabelConfigs
		opts.Dropped = m.journalDropped
	case t.Container != nil:
		opts.Labels = nil
		opts.Container = &stage.ContainerOptions{
			Stdout: t.Container.Stdout, Stderr: t.Container.Stderr,
			Entry: m.engines.entries.Inc, Corrupt: m.corruptRecord(t),
		}
	case t.Config.DockerFiles != nil: // promtail's own sources have no such label
		opts.Job = t.Job
	}
	if m.inspect != nil {
		opts.Inspect = m.inspect.of((&opened{Target: t}).name())
	}
	return m.programs[t.Job].NewFeed(opts)
}

// places are where a target is to be read on.
func (m *manager) places(t discover.Target) []pipeline.Place {
	if saved := m.saved[t.Key]; len(saved) > 0 {
		return m.fittingPlaces(t, saved)
	}
	return m.promtail.places(t)
}

func (m *manager) openSource(o *opened) error {
	switch o.Kind {
	case discover.Journal:
		cfg := o.Config.Journal
		s := journal.New(m.places(o.Target), journal.Options{
			Path: cfg.Path, Matches: cfg.Matches, MaxAge: cfg.MaxAge.Std(), JSON: cfg.JSON,
			Skipped: m.journalSkipped, Taken: func(lines int) { m.journal.lines.Add(float64(lines)) },
		})
		o.source = s
		m.start(o, s.Run)
	case discover.Stdin:
		s := stdin.New(m.input, stdin.Options{})
		o.source = s
		m.start(o, s.Run)
	case discover.Pipe:
		s := pipe.New(o.Path, pipe.Options{})
		o.source = s
		m.start(o, s.Run)
	case discover.Docker:
		s, err := m.dockerSource(o.Target)
		if err != nil {
			return err
		}
		o.source = s
		m.start(o, s.Run)
	default:
		s, err := m.openFile(o.Target)
		if err != nil {
			return err
		}
		o.source = s
	}
	return nil
}

// start runs the goroutine that a source needs, unless all are stopped.
func (m *manager) start(o *opened, run func(context.Context) error) {
	if m.sources.Err() != nil {
		return
	}
	var ctx context.Context
	ctx, o.cancel = context.WithCancel(m.sources)
	m.running.Go(func() { run(ctx) })
}

func (m *manager) fileOptions(t discover.Target) file.Options {
	watch := m.cfg.Global.FileWatchConfig
	opts := file.DefaultOptions()
	opts.PollMin, opts.PollMax = watch.MinPollFrequency.Std(), watch.MaxPollFrequency.Std()
	opts.IgnoreOlder, opts.Rotated = t.IgnoreOlder, t.FirstReadsRotated && !m.known[t.Key]
	opts.Lost = func(path string, bytes int64, why string) {
		m.lost.WithLabelValues(labelText(t.Path)).Add(float64(bytes))
		m.log.Error("lines are lost", "file", path, "bytes", bytes, "why", why)
	}
	var cut, nuls sync.Once // each is said once for a file
	opts.Cut = func(path string, cuts int) {
		m.cut.WithLabelValues(labelText(t.Path)).Add(float64(cuts))
		cut.Do(func() {
			m.log.Warn("a line is too long and was cut; more are counted in collector_cut_lines_total",
				"file", path, "bytes", opts.MaxLine)
		})
	}
	opts.NULs = func(path string, bytes int64) {
		m.nuls.WithLabelValues(labelText(t.Path)).Add(float64(bytes))
		nuls.Do(func() {
			m.log.Warn("NUL bytes before a line were left out; more are counted in collector_skipped_nul_bytes_total",
				"file", path, "bytes", bytes)
		})
	}
	return opts
}

// noteProblemsLocked counts and logs each problem once, when it appears.
func (m *manager) noteProblemsLocked(problems []discover.Problem) {
	m.noteUnfitLocked(slices.DeleteFunc(slices.Clone(problems), func(p discover.Problem) bool { return slices.Contains(m.problems, p) }))
	for _, p := range problems {
		if slices.Contains(m.problems, p) {
			continue
		}
		if p.Failed != "" {
			m.failed.WithLabelValues(p.Failed).Inc()
		}
		if p.State != discover.Unreadable {
			continue
		}
		attrs := []any{"job", p.Job, "path", p.Path, "why", p.Reason}
		if p.Remedy != "" {
			attrs = append(attrs, "remedy", p.Remedy)
		}
		m.log.Warn("cannot be read", attrs...)
	}
	m.problems = problems
}

// report notes that a target began or ceased to fail.
func (m *manager) report(t *pipeline.Target, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.open[t.Key]
	if o == nil {
		return
	}
	o.err = err
	if err != nil {
		m.log.Error("a source cannot be read; it is tried again", "job", o.Job, "path", o.Path, "err", err)
		return
	}
	m.log.Info("a source can be read again", "job", o.Job, "path", o.Path)
}

// ended notes that a target was read to its end.
func (m *manager) ended(t *pipeline.Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o := m.open[t.Key]; o != nil {
		o.ended = true
		m.log.Info("a source has ended", "job", o.Job, "path", o.Path)
	}
}

// positions returns what has to be saved: where each open target is to be read
// on, the places of targets that are not there now, and the values of labels.
func (m *manager) positions() position.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := position.Places{}
	for key, places := range m.saved {
		all[key] = places
	}
	for key, o := range m.open {
		if places := o.source.Places(); len(places) > 0 {
			all[key] = places
		}
	}
	return position.State{Sources: all, Labels: m.limit.Values()}
}

// state reports whether discovery ran, and how many targets are read.
func (m *manager) state() (synced bool, active int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.synced, len(m.open)
}

// status is what /targets shows: what is wrong first, in the order of jobs and paths.
func (m *manager) status() []targetStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]targetStatus, 0, len(m.open)+len(m.problems))
	for _, o := range m.open {
		s := o.status()
		s.Notes = m.bad.notes(o.Path)
		all = append(all, s)
	}
	for _, p := range m.problems {
		all = append(all, targetStatus{
			Job: p.Job, Path: p.Path, State: stateNames[p.State], Error: p.Reason, Remedy: p.Remedy,
		})
	}
	slices.SortFunc(all, func(a, b targetStatus) int {
		return cmp.Or(number(b.IsBad())-number(a.IsBad()), strings.Compare(a.Job, b.Job), strings.Compare(a.Path, b.Path))
	})
	return all
}

var stateNames = map[discover.State]string{
	discover.Unreadable: "unreadable", discover.NoMatch: "no match", discover.LeftOut: "left out",
}

var kindNames = map[discover.Kind]string{
	discover.File: "file", discover.Pipe: "pipe", discover.Journal: "journal", discover.Stdin: "stdin",
	discover.Docker: "docker",
}

// measured is what sources of files know about themselves.
type measured interface {
	Stats() (read, lag int64)
	Lines() int64
	Behind(now time.Time) time.Duration
}

func (o *opened) status() targetStatus {
	s := targetStatus{
		Job: o.Job, Kind: kindNames[o.Kind], Path: o.name(), State: "active", Unsettled: o.source.Unsettled(),
	}
	s.Service = cmp.Or(valueOf(o.Labels, "service"), strings.TrimPrefix(valueOf(o.Discovered, "__meta_docker_container_name"), "/"))
	if f, ok := o.source.(measured); ok {
		s.ReadBytes, s.LagBytes = f.Stats()
		s.LagSeconds = f.Behind(time.Now()).Seconds()
	}
	if o.err != nil {
		s.State, s.Error = "failing", o.err.Error()
	}
	if o.ended {
		s.State = "ended"
	}
	return s
}

// valueOf is the value of the label of that name, empty if there is none.
func valueOf(labels []pipeline.Label, name string) string {
	for _, l := range labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// name is the target's path; the system's journal has none.
func (o *opened) name() string {
	if o.Kind == discover.Journal && o.Path == "" {
		return "journal"
	}
	return filepath.Clean(o.Path)
}
