package server

import (
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/secret"
)

// cookieName is the session cookie, named in openapi.json too.
const cookieName = "tovplay_session"

// userKey is where the logged-in user is in gin's context.
const userKey = "user"

// loginRequest is the body of POST api/v1/login.
type loginRequest struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// userBody is a user in an answer.
type userBody struct {
	Name string    `json:"name"`
	Role auth.Role `json:"role"`
}

// login starts a session.
func (s *Server) login(c *gin.Context) error {
	request, err := readLogin(c.Request.Body)
	if err != nil {
		return err
	}
	token, user, err := s.config.Users.Login(c.Request.Context(), request.User, secret.New(request.Password))
	s.config.Metrics.login(err)
	if err != nil {
		return err
	}
	if old := tokenOf(c.Request); !old.IsZero() {
		if err := s.config.Users.Logout(c.Request.Context(), old); err != nil {
			return err
		}
	}
	noteOf(c).user = user.Name
	http.SetCookie(c.Writer, s.cookie(c.Request, token.Reveal(), int(auth.SessionLife.Seconds())))
	writeJSON(c, http.StatusOK, struct {
		User userBody `json:"user"`
	}{userBody{user.Name, user.Role}})
	return nil
}

// readLogin decodes the body.
func readLogin(body io.Reader) (loginRequest, error) {
	var request loginRequest
	err := readJSON(body, &request, `{"user": "...", "password": "..."}`)
	return request, err
}

// logout ends the session and clears the cookie.
func (s *Server) logout(c *gin.Context) error {
	if token := tokenOf(c.Request); !token.IsZero() {
		if err := s.config.Users.Logout(c.Request.Context(), token); err != nil {
			return err
		}
	}
	http.SetCookie(c.Writer, s.cookie(c.Request, "", -1))
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}

// sessionBody is the answer of GET api/v1/session, which the page has in it too.
type sessionBody struct {
	User        userBody `json:"user"`
	Version     string   `json:"version"`
	ExternalURL string   `json:"external_url"`
}

// session says who is logged in.
func (s *Server) session(c *gin.Context) error {
	writeJSON(c, http.StatusOK, s.sessionBody(c.MustGet(userKey).(auth.User)))
	return nil
}

func (s *Server) sessionBody(user auth.User) *sessionBody {
	return &sessionBody{userBody{user.Name, user.Role}, s.config.Version, s.config.ExternalURL}
}

// requireSession lets only logged-in users through.
func (s *Server) requireSession(c *gin.Context) error {
	user, err := s.config.Users.Session(c.Request.Context(), tokenOf(c.Request))
	if err != nil {
		return err
	}
	c.Set(userKey, user)
	noteOf(c).user = user.Name
	c.Header("Cache-Control", "no-store")
	c.Next()
	return nil
}

// requireAdmin lets only admins through; others are told what only an admin does.
func (s *Server) requireAdmin(refusal string) func(*gin.Context) error {
	return func(c *gin.Context) error {
		if c.MustGet(userKey).(auth.User).Role != auth.RoleAdmin {
			return &requestError{http.StatusForbidden, "forbidden", refusal}
		}
		c.Next()
		return nil
	}
}

// tokenOf returns the token of the request's cookie, empty when there is none.
func tokenOf(r *http.Request) secret.String {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return secret.String{}
	}
	return secret.New(cookie.Value)
}

// cookie makes the session cookie. Its path is that of EXTERNAL_URL; without it
// the prefix that people see is not known, and / covers every one.
func (s *Server) cookie(r *http.Request, value string, maxAge int) *http.Cookie {
	cookie := &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
	if s.external != nil {
		cookie.Secure = cookie.Secure || s.external.Scheme == "https"
		if path := strings.TrimRight(s.external.Path, "/"); path != "" {
			cookie.Path = path
		}
	}
	return cookie
}

// users answers with the names of all who may log in: whom issues can be
// assigned to.
func (s *Server) users(c *gin.Context) error {
	all, err := s.config.Users.List(c.Request.Context())
	if err != nil {
		return err
	}
	names := make([]string, len(all))
	for i, user := range all {
		names[i] = user.Name
	}
	writeJSON(c, http.StatusOK, struct {
		Names []string `json:"names"`
	}{names})
	return nil
}
