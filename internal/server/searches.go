package server

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/searches"
)

// searchBody is a saved search in an answer.
type searchBody struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	Path      string  `json:"path"`
	View      string  `json:"view"`
	CreatedBy string  `json:"created_by"`
	CreatedAt *string `json:"created_at"`
	// Own is true when the user saved it.
	Own bool `json:"own"`
}

func searchOf(one searches.Search, user string) searchBody {
	return searchBody{one.ID, one.Name, one.Path, one.View, one.CreatedBy, stamp(one.CreatedAt), one.CreatedBy == user}
}

// savedSearches answers with the searches of all users.
func (s *Server) savedSearches(c *gin.Context) error {
	found, err := s.config.Searches.All(c.Request.Context())
	if err != nil {
		return err
	}
	user := c.MustGet(userKey).(auth.User).Name
	writeJSON(c, http.StatusOK, struct {
		Searches []searchBody `json:"searches"`
	}{mapped(found, func(one searches.Search) searchBody { return searchOf(one, user) })})
	return nil
}

// saveSearch saves a search in the user's name.
func (s *Server) saveSearch(c *gin.Context) error {
	var request struct {
		Name string `json:"name"`
		Path string `json:"path"`
		View string `json:"view"`
	}
	if err := readJSON(c.Request.Body, &request, `{"name": "Timeouts", "path": "lines", "view": "q=timeout"}`); err != nil {
		return err
	}
	user := c.MustGet(userKey).(auth.User).Name
	saved, err := s.config.Searches.Add(c.Request.Context(), searches.Search{Name: request.Name, Path: request.Path, View: request.View, CreatedBy: user})
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusCreated, searchOf(saved, user))
	return nil
}

// deleteSearch deletes a search of the user; an admin deletes any.
func (s *Server) deleteSearch(c *gin.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return badRequest("%q is not the id of a search", shorten(c.Param("id")))
	}
	user := c.MustGet(userKey).(auth.User)
	if err := s.config.Searches.Delete(c.Request.Context(), id, user.Name, user.Role == auth.RoleAdmin); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}
