package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// server is the collector's own HTTP listener: /ready, /metrics and /targets,
// as promtail's.
type server struct {
	http     *http.Server
	listener net.Listener
}

func (c *collector) listen() (*server, error) {
	addr := net.JoinHostPort(c.cfg.Server.HTTPListenAddress, strconv.Itoa(c.cfg.Server.HTTPListenPort))
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for /metrics and /targets: %w; change server.http_listen_address or http_listen_port", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(c.reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /ready", c.serveReady)
	mux.HandleFunc("GET /targets", c.serveTargets)
	mux.Handle("GET /{$}", http.RedirectHandler("/targets", http.StatusSeeOther))
	return &server{
		http: &http.Server{
			Handler: mux, ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		},
		listener: listener,
	}, nil
}

func (s *server) addr() string { return s.listener.Addr().String() }

// run serves until ctx is done.
func (s *server) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.http.Close() })
	defer stop()
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// serveReady answers as promtail does: 200 once something is tailed.
func (c *collector) serveReady(w http.ResponseWriter, _ *http.Request) {
	switch synced, active := c.manager.state(); {
	case !synced:
		http.Error(w, "Not ready: still looking for targets", http.StatusInternalServerError)
	case active == 0:
		http.Error(w, "Not ready: Unable to find any logs to tail. See /targets", http.StatusInternalServerError)
	default:
		fmt.Fprintln(w, "Ready")
	}
}

func (c *collector) serveTargets(w http.ResponseWriter, r *http.Request) {
	page := targetsPage{Targets: c.manager.status()}
	for _, client := range c.clients {
		batches, bytes, full := client.Spooled()
		page.Clients = append(page.Clients, clientStatus{
			Name: client.Name(), Waiting: client.Waiting(), Trouble: client.Trouble(),
			SpoolBatches: batches, SpoolBytes: bytes, SpoolFull: full,
		})
	}
	if r.URL.Query().Get("format") == "json" {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(page)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := targetsTemplate.Execute(w, page); err != nil {
		c.log.Debug("the page /targets was not written", "err", err) // the browser went away
	}
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
	Service   string `json:"service"`
	State     string `json:"state"` // active, failing or unreadable
	Error     string `json:"error,omitempty"`
	Remedy    string `json:"remedy,omitempty"`
	ReadBytes int64  `json:"read_bytes"`
	LagBytes  int64  `json:"lag_bytes"` // there, and not read yet
	Unsettled int64  `json:"unsettled"` // read, and not confirmed by Loki
	// LagSeconds is how old the first byte that is not read yet is at most.
	LagSeconds float64  `json:"lag_seconds"`
	Notes      []string `json:"notes,omitempty"` // what was not text, with how often
}

type clientStatus struct {
	Name    string `json:"name"`
	Waiting int    `json:"batches_waiting"`
	Trouble string `json:"trouble,omitempty"`

	SpoolBatches int   `json:"spool_batches"` // on disk
	SpoolBytes   int64 `json:"spool_bytes"`
	SpoolFull    bool  `json:"spool_full"`
}

// targetsTemplate shows what is wrong first: the clients, and then the sources.
var targetsTemplate = template.Must(template.New("targets").Funcs(template.FuncMap{
	"short": shortPath, "bytes": bytesInWords,
}).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Targets of the collector</title>
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark; font: 13px/1.5 system-ui, sans-serif }
body { margin: 24px } h1 { font-size: 20px; font-weight: 600 } h2 { font-size: 15px; font-weight: 600; margin: 24px 0 4px }
div { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: 4px 16px 4px 0; border-bottom: 1px solid #8884; vertical-align: top; white-space: nowrap }
th { font-weight: 600 } td.n, th.n { text-align: right } td.w { white-space: normal; overflow-wrap: anywhere; min-width: 16em }
code { font: 12px ui-monospace, monospace }
.bad { color: #B42318 } .ok { color: #1F7A4D } .no { opacity: .65 }
@media (prefers-color-scheme: dark) { .bad { color: #F2776B } .ok { color: #5CC28C } }
</style>
<h1>Collector</h1>
<h2>Clients</h2>
<div><table><tr><th>client<th class=n>batches in memory<th class=n>batches on disk<th class=n>bytes on disk<th>state</tr>
{{range .Clients}}<tr><td>{{.Name}}<td class=n>{{.Waiting}}<td class=n>{{.SpoolBatches}}<td class=n>{{bytes .SpoolBytes}}
<td class=w>{{with .Trouble}}<span class=bad>▲ {{.}}</span>{{else}}<span class=ok>●</span> delivers{{end}}
{{- if .SpoolFull}} <span class=bad>▲ the disk queue is full</span>{{end}}</tr>
{{end}}</table></div>
<h2>Sources</h2>
<div><table><tr><th>job<th>kind<th>source<th>service<th class=n>read<th class=n>behind<th class=n>unconfirmed<th>state</tr>
{{range .Targets}}<tr class="{{if not .Kind}}no{{end}}"><td>{{.Job}}<td>{{.Kind}}<td class=w title="{{.Path}}"><code>{{short .Path}}</code><td>{{.Service}}
<td class=n>{{if .Kind}}{{bytes .ReadBytes}}{{end}}<td class=n>{{if .Kind}}{{bytes .LagBytes}}{{end}}<td class=n>{{if .Kind}}{{bytes .Unsettled}}{{end}}
<td class=w>{{if .Error}}{{if .Remedy}}<span class=bad>▲ {{.State}}</span>{{else}}{{.State}}{{end}}: {{.Error}}{{with .Remedy}}<br><code>{{.}}</code>{{end}}{{else}}{{.State}}{{end}}{{range .Notes}}<br>{{.}}{{end}}</tr>
{{else}}<tr><td colspan=8>Nothing matches any job yet.</tr>{{end}}</table></div>
</html>`))

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
