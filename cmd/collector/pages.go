package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// wantsJSON reports whether a request asks for JSON in place of a page.
func wantsJSON(r *http.Request) bool {
	return r.URL.Query().Get("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json")
}

func (c *collector) writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		c.log.Debug("an answer was not written", "err", err) // the client went away
	}
}

func (c *collector) writePage(w http.ResponseWriter, t *template.Template, data any) {
	var page bytes.Buffer
	if err := t.Execute(&page, data); err != nil {
		c.log.Error("a page was not made", "page", t.Name(), "err", err)
		http.Error(w, "the page was not made; see the log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(page.Bytes())
}

// serveConfig shows the configuration in use, with defaults and without secrets.
func (c *collector) serveConfig(w http.ResponseWriter, r *http.Request) {
	cfg := c.inUse.Load()
	if r.URL.Query().Get("format") == "yaml" {
		w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
		io.WriteString(w, cfg.String())
		return
	}
	c.writePage(w, configTemplate, configPage{File: cfg.File, YAML: cfg.String(), Reload: cfg.Server.EnableRuntimeReload})
}

type configPage struct {
	File, YAML string
	Reload     bool // by HTTP
}

func (c *collector) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	page := c.manager.discovery()
	if wantsJSON(r) {
		c.writeJSON(w, page)
		return
	}
	c.writePage(w, discoveryTemplate, page)
}

// discoveryPage is what /service-discovery shows; as JSON it is the answer.
type discoveryPage struct {
	Jobs []discoveredJob `json:"jobs"`
}

type discoveredJob struct {
	Job     string             `json:"job"`
	Active  int                `json:"active"`
	Dropped int                `json:"dropped"`
	Targets []discoveredTarget `json:"targets"`
}

// discoveredTarget is a target with its labels before and after relabelling.
type discoveredTarget struct {
	Path       string            `json:"path,omitempty"`
	Dropped    string            `json:"dropped,omitempty"` // why it is not read
	Discovered map[string]string `json:"discovered_labels"`
	Labels     map[string]string `json:"labels,omitempty"`
}

// discovery is what the last look for targets found, by job.
func (m *manager) discovery() discoveryPage {
	m.mu.Lock()
	defer m.mu.Unlock()
	byName := map[string]*discoveredJob{}
	page := discoveryPage{Jobs: make([]discoveredJob, len(m.cfg.ScrapeConfigs))}
	for i, job := range m.cfg.ScrapeConfigs {
		page.Jobs[i] = discoveredJob{Job: job.JobName, Targets: []discoveredTarget{}}
		byName[job.JobName] = &page.Jobs[i]
	}
	for _, t := range m.found {
		j := byName[t.Job]
		if j == nil {
			continue // of a job that was there at the last look
		}
		labels := labelMap(t.Labels)
		if t.Config.DockerFiles != nil {
			labels["job"] = cmp.Or(labels["job"], t.Job)
		}
		j.Active++
		j.Targets = append(j.Targets, discoveredTarget{Path: t.Path, Discovered: labelMap(t.Discovered), Labels: labels})
	}
	for _, d := range m.givenUp {
		if j := byName[d.Job]; j != nil {
			j.Dropped++
			j.Targets = append(j.Targets, discoveredTarget{Dropped: d.Reason, Discovered: labelMap(d.Discovered)})
		}
	}
	slices.SortFunc(page.Jobs, func(a, b discoveredJob) int { return strings.Compare(a.Job, b.Job) })
	return page
}

func labelMap(labels []pipeline.Label) map[string]string {
	all := make(map[string]string, len(labels))
	for _, l := range labels {
		all[l.Name] = l.Value
	}
	return all
}

// pageTemplate is a page with what all have in common: a head, the way to the
// others, and styles. Links are relative, so that they hold under any prefix.
func pageTemplate(name, title, body string) *template.Template {
	t := template.New(name).Funcs(template.FuncMap{"short": shortPath, "bytes": bytesInWords, "seconds": secondsInWords})
	head := strings.NewReplacer("TITLE", title, `href="`+name+`"`, `href="`+name+`" aria-current="page"`).Replace(pageHead)
	return template.Must(t.Parse(head + body + "</main></html>\n"))
}

const pageHead = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>TITLE · collector</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; font: 13px/1.5 system-ui, sans-serif;
  --back: #FBFBFA; --panel: #FFF; --line: #E4E4E1; --text: #1B1C1E; --muted: #5E6166; --link: #0B6E99; --bad: #B42318; --ok: #1F7A4D }
@media (prefers-color-scheme: dark) { :root {
  --back: #111315; --panel: #181B1E; --line: #2A2E33; --text: #E6E7E8; --muted: #9AA0A6; --link: #58B4DC; --bad: #F2776B; --ok: #5CC28C } }
* { box-sizing: border-box } body { margin: 0; background: var(--back); color: var(--text) }
nav { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 20px; padding: 0 24px; background: var(--panel); border-bottom: 1px solid var(--line) }
nav b { font-weight: 600; padding: 12px 4px 12px 0 } a { color: var(--link) }
nav a { padding: 12px 0 10px; color: var(--muted); text-decoration: none; border-bottom: 2px solid transparent }
nav a:hover { color: var(--text) } nav a[aria-current] { color: var(--text); border-color: var(--link) }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px }
main { padding: 20px 24px 40px } h1 { font-size: 20px; font-weight: 600; margin: 0 0 4px } h2 { font-size: 15px; font-weight: 600; margin: 28px 0 8px }
p { margin: 0 0 8px; color: var(--muted); max-width: 80ch }
.box { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: 6px 12px; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap }
tr:last-child td { border-bottom: 0 } th { font-weight: 600; font-size: 12px; color: var(--muted) }
td.n, th.n { text-align: right } td.w { white-space: normal; overflow-wrap: anywhere; min-width: 15em } td.l { white-space: normal; overflow-wrap: anywhere; min-width: 18em; width: 50% }
code, pre { font: 12px/1.6 ui-monospace, monospace } pre { margin: 0; padding: 12px 16px; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2 }
.k { color: var(--muted) } .bad { color: var(--bad) } .ok { color: var(--ok) } .no, .no code { color: var(--muted) }
@media (max-width: 600px) { main { padding: 16px 12px 32px } nav { padding: 0 12px; gap: 0 16px } nav b { width: 100%; padding-bottom: 0 }
  table, tbody, tr, td { display: block; width: 100% !important } tr { padding: 8px 12px; border-bottom: 1px solid var(--line) } tr:last-child { border: 0 }
  tr:has(th), td:empty { display: none } td, td.n { padding: 1px 0; border: 0; text-align: left; white-space: normal; overflow-wrap: anywhere }
  td[data-l]::before { content: attr(data-l) " "; color: var(--muted) } td.l::before { display: block; font-size: 12px } }
</style>
<nav><b>Collector</b><a href="targets">Targets</a><a href="service-discovery">Discovery</a><a href="config">Configuration</a><a href="metrics">Metrics</a><a href="ready">Ready</a></nav>
<main><h1>TITLE</h1>
`

// targetsTemplate shows what is wrong first: the clients, and then the sources.
var targetsTemplate = pageTemplate("targets", "Targets", `<p>{{if .IsBad}}<span class=bad>▲</span>{{else}}<span class=ok>●</span>{{end}} {{.Verdict}}</p>
<h2>Clients</h2>
<div class=box><table><tr><th>client<th class=n>batches in memory<th class=n>batches on disk<th class=n>bytes on disk<th>state</tr>
{{range .Clients}}<tr><td class=w>{{.Name}}<br><code class=k>{{.URL}}</code><td class=n data-l="batches in memory">{{.Waiting}}<td class=n data-l="batches on disk">{{.SpoolBatches}}<td class=n data-l="bytes on disk">{{bytes .SpoolBytes}}
<td class=w>{{with .Trouble}}<span class=bad>▲ {{.}}</span>{{else}}<span class=ok>●</span> delivers{{end}}
{{- if .SpoolFull}} <span class=bad>▲ the disk queue is full</span>{{end}}</tr>
{{end}}</table></div>
<h2>Sources</h2>
<div class=box><table><tr><th>job<th>kind<th>source<th>service<th class=n>read<th class=n>behind<th class=n>unconfirmed<th>state</tr>
{{range .Targets}}<tr{{if not .Kind}} class="no"{{end}}><td>{{.Job}}<td>{{.Kind}}<td class=w title="{{.Path}}"><code>{{short .Path}}</code><td>{{.Service}}
{{- if .Kind}}<td class=n data-l=read>{{bytes .ReadBytes}}<td class=n data-l=behind>{{bytes .LagBytes}}{{with seconds .LagSeconds}} <span class=k>{{.}}</span>{{end}}<td class=n data-l=unconfirmed>{{bytes .Unsettled}}
{{- else}}<td class=n><td class=n><td class=n>{{end}}
<td class=w>{{if .IsBad}}<span class=bad>▲ {{.State}}</span>{{else}}{{.State}}{{end}}{{with .Error}}: {{.}}{{end}}{{with .Remedy}}<br><code>{{.}}</code>{{end}}{{range .Notes}}<br>{{.}}{{end}}</tr>
{{else}}<tr><td colspan=8>Nothing matches any job yet.</tr>{{end}}</table></div>
<p style="margin-top: 8px"><a href="targets?format=json">as JSON</a></p>
`)

// discoveryTemplate shows what relabelling did: labels before and after it.
var discoveryTemplate = pageTemplate("service-discovery", "Service discovery", `<p>What each job found at the last look, before and after relabelling.</p>
{{define "labels"}}{{range $name, $value := .}}<code><span class=k>{{$name}}=</span>{{short $value}}</code><br>{{end}}{{end}}
{{range .Jobs}}<h2>{{.Job}} <span class=k style="font-weight: 400">{{.Active}} active{{with .Dropped}}, {{.}} dropped{{end}}</span></h2>
<div class=box><table><tr><th>discovered labels<th>target labels</tr>
{{range .Targets}}<tr{{if .Dropped}} class="no"{{end}}><td class=l data-l=found>{{template "labels" .Discovered}}<td class=l data-l=becomes>{{with .Dropped}}{{.}}{{else}}{{template "labels" .Labels}}{{end}}</tr>
{{else}}<tr><td colspan=2 class=k>Nothing was found.</tr>{{end}}</table></div>
{{else}}<p>No job is configured.</p>{{end}}
<p style="margin-top: 8px"><a href="service-discovery?format=json">as JSON</a></p>
`)

// configTemplate shows the configuration in use.
var configTemplate = pageTemplate("config", "Configuration", `<p>In use, from <code>{{.File}}</code>: defaults are filled in, and secrets are left out.
It is read again at SIGHUP{{if .Reload}} and by /reload{{end}}. <a href="config?format=yaml">as a file</a></p>
<div class=box><pre>{{.YAML}}</pre></div>
`)
