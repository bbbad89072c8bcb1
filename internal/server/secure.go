package server

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

// contentPolicy lets the page load nothing but its own files and talk to nobody
// but its own server.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

// secure sets the headers of every answer and bounds the body of every request.
func secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex")
	most := int64(bodyMax)
	if c.FullPath() == webhookPath {
		most = webhookMax
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, most)
	c.Next()
}

// fromHere refuses requests that another site made a browser send.
//
// They need the content type application/json, for which a browser asks the
// server first (CORS preflight; never granted here). Sec-Fetch-Site, which a
// browser sends over https and to this machine, has to say same-origin. Without
// it the Origin has to be this server's: its Host, EXTERNAL_URL, or what the
// proxy says. An nginx without "proxy_set_header Host" shows a loopback address
// as Host; then the Origin can be compared with EXTERNAL_URL only, and without
// that the content type alone has to do.
func fromHere(external *url.URL) gin.HandlerFunc {
	return func(c *gin.Context) {
		kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
		if err != nil || kind != "application/json" {
			refuse(c, http.StatusBadRequest, "bad_request", "send this with Content-Type: application/json")
			return
		}
		if !sameOrigin(c.Request, external) {
			refuse(c, http.StatusForbidden, "forbidden", "this request came from another site; open the dashboard itself, or set EXTERNAL_URL to its address")
			return
		}
		c.Next()
	}
}

// refuse answers with an error and ends the request.
func refuse(c *gin.Context, status int, code, message string) {
	c.Abort()
	writeJSON(c, status, errorBody{Error: errorDetail{code, message, "dashboard"}})
}

// sameOrigin reports whether the page that made the request is this server's,
// as far as the request tells.
func sameOrigin(r *http.Request, external *url.URL) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	text := r.Header.Get("Origin")
	if text == "" {
		return true // not a browser
	}
	origin, err := url.Parse(text)
	if err != nil || origin.Host == "" {
		return false
	}
	if external != nil && strings.EqualFold(origin.Host, external.Host) {
		return true
	}
	if strings.EqualFold(origin.Host, r.Host) || strings.EqualFold(origin.Host, r.Header.Get("X-Forwarded-Host")) {
		return true
	}
	return external == nil && isLoopback(r.Host)
}

// isLoopback reports whether a Host is this machine's own.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || (err == nil && addr.IsLoopback())
}
