package dashboards

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// object is a JSON object of Grafana's classic model, schema 39, which every version since 11 reads.
type object = map[string]any

const (
	schemaVersion = 39
	columns       = 24
	tag           = "tovplay"
)

// JSON is the dashboard as Grafana reads it.
func (b Board) JSON() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(b.model()); err != nil {
		return nil, fmt.Errorf("encode dashboard %s: %w", b.UID, err)
	}
	return out.Bytes(), nil
}

func (b Board) model() object {
	variables := []object{}
	for _, source := range b.sources() {
		variables = append(variables, chooser(source))
	}
	for _, v := range b.Variables {
		variables = append(variables, v.model())
	}
	return object{
		"uid": b.UID, "title": b.Title, "description": b.Text, "tags": []string{tag},
		"schemaVersion": schemaVersion, "version": 1, "editable": false,
		"time": object{"from": "now-1h", "to": "now"}, "refresh": "30s", "timezone": "browser",
		"graphTooltip": 1, // one crosshair for all panels
		"templating":   object{"list": variables},
		"annotations":  object{"list": []any{}},
		"links": []object{{
			"type": "dashboards", "title": "TovPlay", "tags": []string{tag}, "asDropdown": true,
			"includeVars": true, "keepTime": true, "targetBlank": false, "icon": "external link", "tooltip": "", "url": "",
		}},
		"panels": b.panels(),
	}
}

// sources returns the sources that the dashboard's queries and variables use.
func (b Board) sources() []Source {
	used := map[Source]bool{}
	for _, v := range b.Variables {
		used[v.Source] = true
	}
	for _, row := range b.Rows {
		for _, p := range row.Panels {
			for _, q := range p.Queries {
				used[q.Source] = true
			}
		}
	}
	var sources []Source
	for _, s := range []Source{Prometheus, Loki} {
		if used[s] {
			sources = append(sources, s)
		}
	}
	return sources
}

// ref is what a panel says about its source: the one that is chosen at the top.
func (s Source) ref() object {
	return object{"type": string(s), "uid": "${" + string(s) + "_datasource}"}
}

// chooser is the variable that chooses a source. At first it is the one that provisioning/ gives this uid.
func chooser(s Source) object {
	name := map[Source]string{Prometheus: "Prometheus", Loki: "Loki"}[s]
	return object{
		"name": string(s) + "_datasource", "label": name, "type": "datasource", "query": string(s),
		"current": object{"text": name, "value": string(s)},
		"hide":    0, "includeAll": false, "multi": false, "options": []any{}, "refresh": 1, "regex": "", "skipUrlSync": false,
	}
}

func (v Variable) model() object {
	m := object{
		"name": v.Name, "label": v.Label, "type": "query", "datasource": v.Source.ref(), "definition": v.Query,
		"refresh": 2, "sort": 1, "multi": true, "includeAll": true, "allValue": v.all(),
		"current": object{"text": []string{"All"}, "value": []string{"$__all"}, "selected": true},
		"hide":    0, "options": []any{}, "regex": "", "skipUrlSync": false,
		"query": object{"query": v.Query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
	}
	if v.Source == Loki {
		m["query"] = object{"label": v.Query, "stream": "", "type": 1, "refId": "LokiVariableQueryEditor-VariableQuery"}
	}
	return m
}

// all is the regular expression of "All". Series without the label count in Prometheus; Loki refuses selectors that match
// streams without any label.
func (v Variable) all() string {
	if v.Source == Loki {
		return ".+"
	}
	return ".*"
}

// panels lays the rows out from top to bottom, the panels of each from left to right.
func (b Board) panels() []object {
	var all []object
	y := 0
	for _, row := range b.Rows {
		all = append(all, object{
			"id": row.ID, "type": "row", "title": row.Title, "collapsed": false, "panels": []any{}, "gridPos": grid(0, y, columns, 1),
		})
		y++
		for _, line := range row.lines() {
			x := 0
			for _, p := range line {
				width := cmp.Or(p.Width, columns/len(line))
				all = append(all, p.model(grid(x, y, width, row.Height)))
				x += width
			}
			y += row.Height
		}
	}
	return all
}

// lines are the panels by line: as few lines as are readable, of about the same length.
func (r Row) lines() [][]Panel {
	most := 4
	if r.Panels[0].Kind == Stat {
		most = 8
	}
	count := (len(r.Panels) + most - 1) / most
	return slices.Collect(slices.Chunk(r.Panels, (len(r.Panels)+count-1)/count))
}

func grid(x, y, w, h int) object { return object{"x": x, "y": y, "w": w, "h": h} }

func (p Panel) model(at object) object {
	m := object{
		"id": p.ID, "type": string(p.Kind), "title": p.Title, "description": p.Text, "gridPos": at,
		"datasource": p.Queries[0].Source.ref(), "targets": p.targets(), "options": p.options(),
		"fieldConfig": object{"defaults": p.defaults(), "overrides": []any{}},
	}
	if p.More != "" {
		m["links"] = []object{{
			"type": "link", "title": "More", "url": "/d/" + p.More + "?${__url_time_range}&${__all_variables}", "targetBlank": false,
			"tags": []string{}, "asDropdown": false, "includeVars": false, "keepTime": false, "icon": "external link", "tooltip": "",
		}}
	}
	if p.Kind == Table {
		m["transformations"] = []object{
			{"id": "labelsToFields", "options": object{}},
			{"id": "merge", "options": object{}},
			{"id": "organize", "options": object{"excludeByName": object{"Time": true, "__name__": true}, "indexByName": object{}, "renameByName": object{}}},
		}
	}
	return m
}

func (p Panel) targets() []object {
	var all []object
	for i, q := range p.Queries {
		now := p.Kind == Stat || p.Kind == Table
		t := object{
			"refId": string(rune('A' + i)), "datasource": q.Source.ref(), "expr": q.Expr, "editorMode": "code",
			"legendFormat": legend(q.Legend),
		}
		switch q.Source {
		case Prometheus:
			t["instant"], t["range"], t["format"] = now, !now, "time_series"
			if p.Kind == Table {
				t["format"] = "table"
			}
		case Loki:
			t["queryType"] = map[bool]string{true: "instant", false: "range"}[now]
			if p.Kind == Logs {
				t["maxLines"] = 200
			}
		}
		all = append(all, t)
	}
	return all
}

func legend(text string) string {
	if text == "" {
		return "__auto"
	}
	return text
}

// options are what each kind of panel has of its own.
func (p Panel) options() object {
	switch p.Kind {
	case Stat:
		return object{
			"colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "auto", "wideLayout": true,
			"percentChangeColorMode": "standard", "showPercentChange": false,
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
		}
	case Graph:
		return object{
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		}
	case Table:
		return object{"showHeader": true, "cellHeight": "sm", "frameIndex": 0}
	}
	return object{
		"showTime": true, "showLabels": false, "showCommonLabels": false, "wrapLogMessage": true, "prettifyLogMessage": false,
		"enableLogDetails": true, "showLogContextToggle": true, "dedupStrategy": "none", "sortOrder": "Descending",
	}
}

// defaults are unit, colours and, for graphs, lines.
func (p Panel) defaults() object {
	if p.Kind == Logs {
		return object{}
	}
	d := object{
		"unit": string(p.Unit), "min": 0, "noValue": "no data", "thresholds": p.Limits.model(),
		"color": object{"mode": map[bool]string{true: "palette-classic", false: "thresholds"}[p.Kind == Graph]}, "mappings": []any{},
	}
	if p.Unit == YesNo || p.Unit == Ratio && p.Stacked {
		d["max"] = 1
	}
	if p.Kind == Graph {
		d["custom"] = p.lines()
	}
	return d
}

func (p Panel) lines() object {
	mode, fill := "none", 10
	if p.Stacked {
		mode, fill = "normal", 40
	}
	style := "off"
	if p.Limits.Warning != nil || p.Limits.Critical != nil {
		style = "dashed"
	}
	return object{
		"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": fill, "showPoints": "auto", "pointSize": 4,
		"spanNulls": false, // a gap stays a gap
		"stacking":  object{"mode": mode, "group": "A"}, "thresholdsStyle": object{"mode": style},
		"axisPlacement": "auto", "axisLabel": "", "gradientMode": "none", "hideFrom": object{"legend": false, "tooltip": false, "viz": false},
		"scaleDistribution": object{"type": "linear"},
	}
}

// model gives the colours by ascending value, as Grafana wants them: the first has no value.
func (l Limits) model() object {
	step := func(color string, value *float64) object {
		s := object{"color": color, "value": nil}
		if value != nil {
			s["value"] = json.Number(strconv.FormatFloat(*value, 'g', -1, 64))
		}
		return s
	}
	steps := []object{step("green", nil)}
	switch {
	case l.Below && l.Warning != nil && l.Critical != nil:
		steps = []object{step("red", nil), step("orange", l.Critical), step("green", l.Warning)}
	case l.Below && l.Warning != nil:
		steps = []object{step("orange", nil), step("green", l.Warning)}
	case l.Below:
		steps = []object{step("red", nil), step("green", l.Critical)}
	default:
		if l.Warning != nil {
			steps = append(steps, step("orange", l.Warning))
		}
		if l.Critical != nil {
			steps = append(steps, step("red", l.Critical))
		}
	}
	return object{"mode": "absolute", "steps": steps}
}
