package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/auth"
)

// notBuilt is served in place of a page that was not built.
const notBuilt = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TovPlay logs</title></head>` +
	`<body><h1>The page is not built</h1><p>Run <code>make build</code> and start the dashboard again. The API answers under <code>api/v1</code>.</p></body></html>`

// page is the built page: one HTML shell for all views, and its assets. Only
// the session is data in it.
type page struct {
	// before and after are the shell around its <base> and the session.
	before, after []byte
	built         bool
	assets        map[string]asset
}

// asset is one file of the page.
type asset struct {
	kind   string
	data   []byte
	zipped []byte // nil when it is not worth it
	tag    string
	// forever is true for a file whose name changes with its content.
	forever bool
}

// base finds the <base> that the page brings along, and head where one belongs.
var (
	base = regexp.MustCompile(`(?i)<base\s+href="[^"]*"\s*/?>`)
	head = regexp.MustCompile(`(?i)<head[^>]*>`)
)

// newPage reads the built page.
func newPage(files fs.FS) (*page, error) {
	p := &page{assets: map[string]asset{}}
	shell, err := fs.ReadFile(files, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		shell = []byte(notBuilt)
	} else if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	p.built = err == nil
	at := head.FindIndex(shell)
	if at == nil {
		return nil, errors.New("the page's index.html has no <head>")
	}
	p.before = shell[:at[1]]
	p.after = base.ReplaceAll(shell[at[1]:], nil)
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "index.html" || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		return p.addAsset(files, name)
	})
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	return p, nil
}

// addAsset reads one file. What the build puts into assets/ has the hash of its
// content in its name.
func (p *page) addAsset(files fs.FS, name string) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if known, ok := kinds[path.Ext(name)]; ok {
		kind = known
	}
	sum := sha256.Sum256(data)
	a := asset{kind: kind, data: data, forever: strings.HasPrefix(name, "assets/")}
	a.tag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	if zipped := compress(data); len(data) > gzipMin && len(zipped) < len(data)*9/10 {
		a.zipped = zipped
	}
	p.assets["/"+name] = a
	return nil
}

// kinds are content types that must not depend on the machine's table.
var kinds = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".html": "text/html; charset=utf-8", ".json": "application/json", ".woff2": "font/woff2",
	".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8", ".png": "image/png", ".ico": "image/x-icon",
}

// pageOrNothing serves what is no route: an asset, the page, or 404.
//
// Without a session only the login is served. The page asks for the login in
// place, so its shell is the answer to every address of a view, with status 401
// but at /login: the address stays and leads on after the login.
func (s *Server) pageOrNothing(c *gin.Context) error {
	name := c.Request.URL.Path
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return errNotFound
	}
	if found, ok := s.page.assets[name]; ok {
		noteOf(c).quiet = true
		found.serve(c)
		return nil
	}
	user, err := s.config.Users.Session(c.Request.Context(), tokenOf(c.Request))
	if err != nil && !errors.Is(err, auth.ErrNoSession) {
		return err
	}
	if strings.HasPrefix(name, "/api/") && err != nil {
		return err
	}
	if !isView(name) {
		return errNotFound
	}
	status, session := http.StatusOK, (*sessionBody)(nil)
	if err == nil {
		session = s.sessionBody(user)
	} else if name != "/login" {
		status = http.StatusUnauthorized
	}
	s.page.serve(c, status, session)
	return nil
}

// errNotFound means that there is nothing at an address.
var errNotFound = &requestError{http.StatusNotFound, "not_found", "there is nothing at this address"}

// isView reports whether an address may be one of the page's views: not one of
// the API's or the operator's, nor a file that is missing.
func isView(name string) bool {
	for _, other := range []string{"/api", "/assets", "/metrics", "/debug"} {
		if name == other || strings.HasPrefix(name, other+"/") {
			return false
		}
	}
	return path.Ext(name) == ""
}

// serve answers with the shell. Its <base> leads from the address that the
// server sees back to the root, whatever prefix a proxy took off. The session,
// null when there is none, is in it: so the page need not ask for it first.
func (p *page) serve(c *gin.Context, status int, session *sessionBody) {
	inserted := `<base href="` + toRoot(c.Request.URL.Path) + `"><meta name="session" content="` + html.EscapeString(string(encodeLine(session))) + `">`
	c.Header("Cache-Control", "no-store")
	c.Header("Vary", "Cookie")
	c.Data(status, "text/html; charset=utf-8", bytes.Join([][]byte{p.before, []byte(inserted), p.after}, nil))
}

// toRoot returns the way from a path up to the root: one ../ for each folder.
func toRoot(name string) string {
	depth := strings.Count(strings.TrimPrefix(name, "/"), "/")
	if depth == 0 {
		return "./"
	}
	return strings.Repeat("../", depth)
}

// serve answers with the file.
func (a asset) serve(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-cache") // ask again, by the tag
	if a.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", a.tag)
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(c.GetHeader("If-None-Match"), a.tag) {
		c.Status(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return
	}
	data := a.data
	if a.zipped != nil && takesGzip(c) {
		h.Set("Content-Encoding", "gzip")
		data = a.zipped
	}
	c.Data(http.StatusOK, a.kind, data)
}
