// Package dashboards builds the dashboards that Grafana is given. What they show is written here, in Go, because the
// files that Grafana reads repeat the same forty lines for each panel; json/ holds what this package builds, one folder
// for each folder in Grafana, and a test keeps both equal:
//
//	go test ./dashboards -run TestFilesAreBuilt -update
//
// A panel's id is given by hand and stays: health's catalogue links to it.
package dashboards

// All returns every dashboard.
func All() []Board {
	return []Board{
		overviewBoard(), backendBoard(), nginxBoard(), errorsBoard(),
		pgbouncerBoard(), postgresBoard(), hostBoard(), containersBoard(), pipelineBoard(),
	}
}

// Board is a dashboard.
type Board struct {
	UID       string // Grafana's address of it, /d/UID; at most 40 of A-Z a-z 0-9 - _
	Folder    string // in Grafana
	Title     string
	Text      string // what it is for
	Variables []Variable
	Rows      []Row
}

// File is where the dashboard lies in json/.
func (b Board) File() string { return b.Folder + "/" + b.UID + ".json" }

// Row is a titled row of panels of one height.
type Row struct {
	ID     int // of the title, as a panel has one
	Title  string
	Height int // in Grafana's units, of about 38 pixels
	Panels []Panel
}

// Kind is how a panel shows its values.
type Kind string

// The kinds.
const (
	Stat  Kind = "stat"       // the value now, large
	Graph Kind = "timeseries" // values over time
	Table Kind = "table"      // the values now, one line for each series
	Logs  Kind = "logs"       // log lines
)

// Unit is Grafana's name of a unit.
type Unit string

// The units.
const (
	Count     Unit = "short"
	PerSecond Unit = "cps"
	Requests  Unit = "reqps"
	Seconds   Unit = "s"
	Days      Unit = "d"
	Bytes     Unit = "bytes"
	ByteRate  Unit = "Bps"
	Ratio     Unit = "percentunit" // 1 is 100 %
	YesNo     Unit = "bool_yes_no" // 1 is yes
)

// Panel is one picture.
type Panel struct {
	ID      int // within its dashboard; never given to another panel
	Kind    Kind
	Title   string
	Text    string // what it shows, and what is worth knowing about it
	Unit    Unit   // none of log lines
	Width   int    // of 24; 0 for an equal share of its row
	Queries []Query
	Limits  Limits
	Stacked bool   // the series are parts of a whole
	More    string // uid of the dashboard that says more
}

// Limits are where a value becomes bad, as the alert rules and health's catalogue have them. The zero value is none.
type Limits struct {
	Warning, Critical *float64
	Below             bool // smaller is worse
	// Alert is the rule that has these values, where no signal of health has them.
	Alert string
}

// Query asks one of the two servers.
type Query struct {
	Source Source
	Expr   string
	Legend string // a template of labels, {{name}}
}

// Source is a kind of server, as Grafana names it. Each dashboard has a variable of that kind that chooses one.
type Source string

// The sources.
const (
	Prometheus Source = "prometheus"
	Loki       Source = "loki"
)

func prom(expr, legend string) Query  { return Query{Prometheus, expr, legend} }
func logql(expr, legend string) Query { return Query{Loki, expr, legend} }

// over are the limits of a value that is bad when it is large.
func over(warning, critical float64) Limits {
	return Limits{Warning: &warning, Critical: &critical}
}

// warnOver is over, without a critical value.
func warnOver(warning float64) Limits {
	return Limits{Warning: &warning}
}

// criticalOver is over, without a value of warning.
func criticalOver(critical float64) Limits {
	return Limits{Critical: &critical}
}

// under are the limits of a value that is bad when it is small.
func under(warning, critical float64) Limits {
	return Limits{Warning: &warning, Critical: &critical, Below: true}
}

// warnUnder is under, without a critical value.
func warnUnder(warning float64) Limits {
	return Limits{Warning: &warning, Below: true}
}

// criticalUnder is under, without a value of warning.
func criticalUnder(critical float64) Limits {
	return Limits{Critical: &critical, Below: true}
}

// of names the rule that has the limits.
func (l Limits) of(alert string) Limits {
	l.Alert = alert
	return l
}

// Variable is a choice at the top of a dashboard.
type Variable struct {
	Name  string
	Label string
	// Source and Query say where the values come from: PromQL's label_values(...), or the name of a label of Loki.
	Source Source
	Query  string
}

// zero is 0 while a job is scraped and nothing when it is not. A counter that is born with its first event is not there
// before; "or zero" tells that nothing happened from nobody knows.
func zero(job string) string { return `max(0 * (up{job="` + job + `"} == 1))` }
