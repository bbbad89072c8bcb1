package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// server is the collector's own HTTP listener, with promtail's paths.
type server struct {
	http     *http.Server // nil without a listener
	listener net.Listener
	grace    time.Duration // for requests, at the stop
}

// listen opens the listener, if the configuration wants one.
func (c *collector) listen() (*server, error) {
	cfg := &c.cfg.Server
	if cfg.Disable {
		return &server{}, nil
	}
	listener, err := listenerOf(cfg)
	if err != nil {
		return nil, err
	}
	m := newHTTPMetrics(c.reg, cfg.HTTPListenConnLimit)
	s := &server{http: httpServer(cfg, c.routes(m)), listener: listener, grace: cfg.GracefulShutdownTimeout.Std()}
	s.http.ConnState = m.connState
	return s, nil
}

func (c *collector) routes(m *httpMetrics) http.Handler {
	cfg, mux := &c.cfg.Server, http.NewServeMux()
	if cfg.RegisterInstrumentation {
		mux.Handle("GET /metrics", promhttp.HandlerFor(c.reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	}
	mux.HandleFunc("GET /ready", c.serveReady)
	mux.HandleFunc("GET /targets", c.serveTargets)
	mux.HandleFunc("GET /service-discovery", c.serveDiscovery)
	mux.HandleFunc("GET /config", c.serveConfig)
	if cfg.EnableRuntimeReload {
		mux.HandleFunc("/reload", c.serveReload)
	}
	if cfg.ProfilingEnabled {
		handleProfiles(mux)
	}
	mux.Handle("GET /{$}", http.RedirectHandler(cfg.Base()+"/targets", http.StatusSeeOther))
	return m.measure(mux)
}

// handleProfiles serves what net/http/pprof has.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
}

// addr is where the server listens, "off" for nowhere.
func (s *server) addr() string {
	if s.http == nil {
		return "off"
	}
	return s.listener.Addr().String()
}

// run serves until ctx is done.
func (s *server) run(ctx context.Context) error {
	if s.http == nil {
		<-ctx.Done()
		return nil
	}
	return s.serve(ctx)
}

// serveReady answers as promtail does: 200 once something is tailed, or always if
// server.health_check_target is off.
func (c *collector) serveReady(w http.ResponseWriter, _ *http.Request) {
	synced, active := c.manager.state()
	switch {
	case !c.inUse.Load().Server.HealthCheckTarget:
	case !synced:
		http.Error(w, "Not ready: still looking for targets", http.StatusInternalServerError)
		return
	case active == 0:
		http.Error(w, "Not ready: Unable to find any logs to tail. See /targets", http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "Ready")
}

func (c *collector) serveTargets(w http.ResponseWriter, r *http.Request) {
	page := targetsPage{Targets: c.manager.status()}
	for _, client := range c.outputs.clients() {
		batches, bytes, full := client.Spooled()
		page.Clients = append(page.Clients, clientStatus{
			Name: client.Name(), URL: client.URL(), Waiting: client.Waiting(), Trouble: client.Trouble(),
			SpoolBatches: batches, SpoolBytes: bytes, SpoolFull: full,
		})
	}
	if wantsJSON(r) {
		c.writeJSON(w, page)
		return
	}
	c.writePage(w, targetsTemplate, page)
}

// targetsPage is what /targets shows; with ?format=json it is the answer.
type targetsPage struct {
	Targets []targetStatus `json:"targets"`
	Clients []clientStatus `json:"clients"`
}

type targetStatus struct {
	Job       string `json:"job"`
	Kind      string `json:"kind"`
	Path      string `json:"path"`
	Service   string `json:"service"` // the label, or the container's name
	State     string `json:"state"`   // active, failing or unreadable
	Error     string `json:"error,omitempty"`
	Remedy    string `json:"remedy,omitempty"`
	ReadBytes int64  `json:"read_bytes"`
	LagBytes  int64  `json:"lag_bytes"` // there, and not read yet
	Unsettled int64  `json:"unsettled"` // read, and not confirmed by Loki
	// LagSeconds is how old the first byte that is not read yet is at most.
	LagSeconds float64  `json:"lag_seconds"`
	Notes      []string `json:"notes,omitempty"` // what was not text, with how often
}

// IsBad reports whether somebody has to look at the source.
func (t targetStatus) IsBad() bool { return t.State == "failing" || t.Remedy != "" }

func (c clientStatus) isBad() bool { return c.Trouble != "" || c.SpoolFull }

// IsBad reports whether somebody has to look at the page.
func (p targetsPage) IsBad() bool {
	return slices.ContainsFunc(p.Targets, targetStatus.IsBad) || slices.ContainsFunc(p.Clients, clientStatus.isBad)
}

// Verdict says in words what is the case.
func (p targetsPage) Verdict() string {
	read, bad, trouble, behind := 0, 0, 0, int64(0)
	for _, t := range p.Targets {
		read, bad, behind = read+number(t.Kind != ""), bad+number(t.IsBad()), behind+t.LagBytes
	}
	for _, c := range p.Clients {
		trouble += number(c.isBad())
	}
	text := plural(read, "source is read, ", "sources are read, ") + bytesInWords(behind) + " behind."
	if bad > 0 {
		text += " " + plural(bad, "source cannot", "sources cannot") + " be read."
	}
	if trouble > 0 {
		text += " " + plural(trouble, "client does not deliver.", "clients do not deliver.")
	}
	return text
}

// plural is a number with the fitting word.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

type clientStatus struct {
	Name    string `json:"name"`
	URL     string `json:"url"` // without credentials
	Waiting int    `json:"batches_waiting"`
	Trouble string `json:"trouble,omitempty"`

	SpoolBatches int   `json:"spool_batches"` // on disk
	SpoolBytes   int64 `json:"spool_bytes"`
	SpoolFull    bool  `json:"spool_full"`
}

var containerID = regexp.MustCompile(`([0-9a-f]{12})[0-9a-f]{52}`)

// shortPath is a path with the first twelve digits of each container's id, as
// Docker shows them.
func shortPath(path string) string { return containerID.ReplaceAllString(path, "$1…") }

// bytesInWords is a number of bytes in the largest fitting unit.
func bytesInWords(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, exp := float64(n)/unit, 0
	for ; value >= unit && exp < 3; exp++ {
		value /= unit
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGT"[exp])
}

// secondsInWords is a time in the largest fitting unit, "" for none.
func secondsInWords(s float64) string {
	switch {
	case s < 0.05:
		return ""
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 2*3600:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 48*3600:
		return fmt.Sprintf("%.0f h", s/3600)
	}
	return fmt.Sprintf("%.0f d", s/86400)
}
