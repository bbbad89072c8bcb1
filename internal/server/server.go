// Package server is the dashboard's HTTP server: the API that openapi.json
// describes, and the page.
//
// A request goes through
//
//	prefix → observe → recover → secure → session → handler → JSON, SSE or page
//
// Handlers return an error; fail, in errors.go, alone maps it to a status, a
// safe message and a log line. The same routes answer at / and under /logs/.
// /metrics and pprof are on a listener of their own: behind nginx every request
// comes from this machine, so the address of a client says nothing.
package server

import (
	"context"
	_ "embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"

	"github.com/tovtech/tovplay-logging/internal/alerts"
	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/internal/issues/index"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/notify"
	"github.com/tovtech/tovplay-logging/internal/searches"
	"github.com/tovtech/tovplay-logging/internal/secret"
	"github.com/tovtech/tovplay-logging/internal/snapshots"
	"github.com/tovtech/tovplay-logging/internal/usage"
)

//go:embed openapi.json
var openAPI []byte

const (
	// stopWait is how long requests have to end when the server stops.
	stopWait = 5 * time.Second
	// requestWait bounds one request of logs, below nginx' 60 s.
	requestWait = 50 * time.Second
	// writeWait bounds the writing of one answer; requestWait is part of it.
	writeWait = 70 * time.Second
	// bodyMax bounds the body of a request, in bytes.
	bodyMax = 64 << 10
)

// Config is what the server serves and with what.
type Config struct {
	Users   *auth.Users
	Loki    *loki.Client
	Hub     *loki.Hub
	Sources *loki.Sources
	Health  *health.Checker
	// Issues and Index may be nil: then no issues are made of errors.
	Issues *life.Tracker
	Index  *index.Indexer
	// Searches are those that people saved.
	Searches *searches.Store
	// Usage has counted how much is logged.
	Usage *usage.Counter
	// Snapshots are what people have frozen.
	Snapshots *snapshots.Store
	// Notify may be nil: then there are no notifications.
	Notify *notify.Notifier
	// DeployToken is what a CI shows to report a deploy; without one none can.
	DeployToken secret.String
	// Alerts may be nil: then none are kept.
	Alerts      *alerts.Poller
	AlertGraphs *alerts.Grapher
	// AlertmanagerToken is what Alertmanager shows to send notifications; without one
	// it cannot.
	AlertmanagerToken secret.String
	// AskBytes is from how many bytes on a query is not run before it was asked for
	// in spite of its cost; 0 is never.
	AskBytes int64
	// Page holds the built page; without index.html a notice is served.
	Page fs.FS
	// Version is shown to people.
	Version string
	// ExternalURL is where people reach the dashboard, "" when not known. It
	// gives the path and the Secure flag of the cookie.
	ExternalURL string
	// GrafanaURL is where people reach Grafana, "" for no links to it.
	GrafanaURL string
	Log        *slog.Logger
	Metrics    *Metrics
	// Now is the clock.
	Now func() time.Time
}

// Server serves people on one listener and the operator on another.
type Server struct {
	config   Config
	external *url.URL // nil when not configured
	page     *page
	sources  *memo[[]loki.Source]
	related  *memo[[]life.Row]
	graphs   *memo[alerts.Graph]
	silenced *memo[[]alerts.Silence]
	patterns *memo[usage.Sample]
	costs    *memo[int64]
	public   http.Handler
	webhooks chan struct{} // has one for each notification that is being taken
	heavy    turns         // of requests that take much CPU or memory
	// stopping is closed when streams have to end.
	stopping chan struct{}
}

// New makes the server. It serves nothing before Run.
func New(config Config) (*Server, error) {
	external, err := parseExternal(config.ExternalURL)
	if err != nil {
		return nil, err
	}
	p, err := newPage(config.Page)
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, external: external, page: p, stopping: make(chan struct{}), webhooks: make(chan struct{}, webhooksAtOnce),
		heavy: newTurns(heavyAtOnce, turnWait)}
	s.sources = newMemo[[]loki.Source](sourcesFresh, config.Now)
	s.related = newMemo[[]life.Row](alertFresh, config.Now)
	s.graphs = newMemo[alerts.Graph](alertFresh, config.Now)
	s.costs = newMemo[int64](costFresh, config.Now)
	s.silenced = newMemo[[]alerts.Silence](alertFresh, config.Now)
	s.patterns = newMemo[usage.Sample](patternsFresh, config.Now)
	s.public = underPrefix(s.routes())
	return s, nil
}

// parseExternal checks EXTERNAL_URL; nil when it is empty.
func parseExternal(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("EXTERNAL_URL is not a plain http or https address; write it as https://host/logs")
	}
	return u, nil
}

// Handler returns what the public listener serves.
func (s *Server) Handler() http.Handler { return s.public }

// Run serves both listeners until ctx ends, then lets requests end for stopWait
// and closes what is left. It closes the listeners.
func (s *Server) Run(ctx context.Context, public, internal net.Listener) error {
	errorLog := slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug)
	servers := map[net.Listener]*http.Server{
		public: {
			Handler: s.public, ErrorLog: errorLog, MaxHeaderBytes: 64 << 10,
			ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
			WriteTimeout: writeWait, IdleTimeout: 2 * time.Minute,
		},
		internal: {
			Handler: s.config.Metrics.Handler(), ErrorLog: errorLog,
			ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		},
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for listener, server := range servers {
		group.Go(func() error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	group.Go(func() error {
		<-groupCtx.Done()
		close(s.stopping)
		return stop(servers)
	})
	return group.Wait()
}

// stop ends the servers, gently for stopWait.
func stop(servers map[net.Listener]*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	var group errgroup.Group
	for _, server := range servers {
		group.Go(func() error {
			if server.Shutdown(ctx) != nil {
				return server.Close()
			}
			return nil
		})
	}
	return group.Wait()
}

// routes makes the routes. Whoever adds one adds it to openapi.json.
func (s *Server) routes() http.Handler {
	gin.SetMode(gin.ReleaseMode) // gin keeps its mode for the whole process
	engine := gin.New()
	engine.RedirectTrailingSlash = false // its redirects know no prefix
	engine.RedirectFixedPath = false
	engine.HandleMethodNotAllowed = true
	engine.ForwardedByClientIP = false
	engine.Use(s.observe, s.recover, secure)

	probes := []string{http.MethodGet, http.MethodHead}
	engine.Match(probes, "/healthz", healthz)
	engine.Match(probes, "/readyz", s.readyz)
	engine.POST("/api/v1/login", fromHere(s.external), s.handle(s.login))
	engine.POST("/api/v1/logout", fromHere(s.external), s.handle(s.logout))

	api := engine.Group("/api/v1", s.handle(s.requireSession))
	api.GET("/session", s.handle(s.session))
	api.GET("/users", s.handle(s.users))
	api.GET("/logs", s.handle(s.logs))
	api.GET("/logs/cost", s.handle(s.logsCost))
	api.GET("/logs/sample", s.handle(s.logsSample))
	api.GET("/logs/completion", s.handle(s.logsCompletion))
	api.GET("/logs/metric", s.handle(s.logsMetric))
	api.GET("/logs/export", s.handle(s.exportLogs))
	api.GET("/story", s.handle(s.story))
	api.GET("/searches", s.handle(s.savedSearches))
	api.POST("/searches", fromHere(s.external), s.handle(s.saveSearch))
	api.DELETE("/searches/:id", fromHere(s.external), s.handle(s.deleteSearch))
	api.GET("/usage", s.handle(s.usage))
	api.GET("/usage/patterns", s.handle(s.usagePatterns))
	api.GET("/snapshots", s.handle(s.snapshots))
	api.POST("/snapshots", fromHere(s.external), s.handle(s.freeze))
	api.GET("/snapshots/:id", s.handle(s.snapshot))
	api.DELETE("/snapshots/:id", fromHere(s.external), s.handle(s.deleteSnapshot))
	api.GET("/volume", s.handle(s.volume))
	api.GET("/labels", s.handle(s.labels))
	api.GET("/tail", s.handle(s.tail))
	api.GET("/health", s.handle(s.health))
	api.GET("/health/:component/series", s.handle(s.healthSeries))
	api.GET("/openapi.json", s.handle(s.openAPI))
	engine.POST("/api/v1/deploys", s.handle(s.addDeploy))
	engine.POST(webhookPath, s.handle(s.requireAlerts), s.handle(s.takeNotification))
	s.alertRoutes(api.Group("", s.handle(s.requireAlerts)))
	s.issueRoutes(api.Group("", s.handle(s.requireIssues)))
	s.notifyRoutes(api.Group("/notifications", s.handle(s.requireNotify)))

	engine.NoMethod(s.handle(func(*gin.Context) error {
		return &requestError{http.StatusMethodNotAllowed, "bad_request", "this address does not take this method"}
	}))
	engine.NoRoute(s.handle(s.pageOrNothing))
	return engine
}

// issueRoutes adds the routes of issues.
func (s *Server) issueRoutes(api *gin.RouterGroup) {
	api.GET("/deploys", s.handle(s.deploys))
	api.GET("/issues", s.handle(s.listIssues))
	api.GET("/issues/export", s.handle(s.exportIssues))
	api.GET("/issues/stream", s.handle(s.streamChanges))
	api.POST("/issues/actions", fromHere(s.external), s.handle(s.act))
	api.GET("/issues/users", s.handle(s.issueUsers))
	api.GET("/issues/:id", s.handle(s.issue))
	api.GET("/issues/:id/events", s.handle(s.issueEvents))
	api.GET("/issues/:id/export", s.handle(s.exportEvents))
	api.GET("/issues/:id/history", s.handle(s.issueHistory))
	api.GET("/issues/:id/occurrences", s.handle(s.occurrences))
}

// Prefix is the path under which the routes answer besides the root.
const Prefix = "/logs"

// underPrefix takes Prefix off the path. A proxy may have taken it off before
// or not; both give the same request. Therefore no view of the page may have a
// path that begins with Prefix.
func underPrefix(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == Prefix {
			// Relative, because the proxy's prefix is not known here.
			w.Header().Set("Location", strings.TrimPrefix(Prefix, "/")+"/"+query(r.URL))
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		if rest, ok := strings.CutPrefix(r.URL.Path, Prefix+"/"); ok {
			target := *r.URL
			target.Path = "/" + rest
			target.RawPath = strings.TrimPrefix(r.URL.RawPath, Prefix)
			request := *r
			request.URL = &target
			r = &request
		}
		next.ServeHTTP(w, r)
	})
}

// query returns the query of an address with its question mark.
func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}

// healthz says that the process is alive.
func healthz(c *gin.Context) {
	noteOf(c).quiet = true
	c.String(http.StatusOK, "ok\n")
}

// readyz says whether people can be served: the database answers.
func (s *Server) readyz(c *gin.Context) {
	noteOf(c).quiet = true
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	if err := s.config.Users.Ping(ctx); err != nil {
		s.config.Log.Error("not ready", "error", err)
		c.String(http.StatusServiceUnavailable, "the database does not answer; the log of the dashboard says more\n")
		return
	}
	c.String(http.StatusOK, "ready\n")
}

// openAPI serves the description of this API.
func (s *Server) openAPI(c *gin.Context) error {
	c.Data(http.StatusOK, "application/json; charset=utf-8", openAPI)
	return nil
}
