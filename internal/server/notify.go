package server

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/notify"
	"github.com/tovtech/tovplay-logging/internal/secret"
)

// notifyRoutes adds the routes of notifications, which are the admin's.
func (s *Server) notifyRoutes(api *gin.RouterGroup) {
	change := api.Group("", fromHere(s.external))
	api.GET("", s.handle(s.notifications))
	api.GET("/sent", s.handle(s.sentNotifications))
	change.POST("/channels", s.handle(s.addChannel))
	change.PUT("/channels/:id", s.handle(s.setChannel))
	change.DELETE("/channels/:id", s.handle(s.deleteChannel))
	change.POST("/channels/:id/test", s.handle(s.testChannel))
	change.POST("/rules", s.handle(s.addRule))
	change.PUT("/rules/:id", s.handle(s.setRule))
	change.DELETE("/rules/:id", s.handle(s.deleteRule))
}

// requireNotify lets only the admin through, and nobody where there are no
// notifications.
func (s *Server) requireNotify(c *gin.Context) error {
	if s.config.Notify == nil {
		return &requestError{http.StatusServiceUnavailable, "unavailable", "this dashboard sends no notifications"}
	}
	return s.requireAdmin("only an admin sees and changes notifications")(c)
}

// sentLimit and sentMax are numbers of messages in one page.
const (
	sentLimit = 20
	sentMax   = 100
)

// notifications answers with channels, rules and who changed them.
func (s *Server) notifications(c *gin.Context) error {
	ctx := c.Request.Context()
	channels, err := s.config.Notify.Channels(ctx)
	if err != nil {
		return err
	}
	rules, err := s.config.Notify.Rules(ctx)
	if err != nil {
		return err
	}
	changes, err := s.config.Notify.Changes(ctx)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, notificationsBody{
		Channels: mapped(channels, channelOf), Rules: mapped(rules, ruleOf), Changes: mapped(changes, auditOf),
		Links: s.config.ExternalURL != "", Issues: s.config.Issues != nil,
	})
	return nil
}

// sentNotifications answers with what was sent, the newest first.
func (s *Server) sentNotifications(c *gin.Context) error {
	params := c.Request.URL.Query()
	limit, err := parseLimit(params, sentLimit, sentMax)
	if err != nil {
		return err
	}
	before := int64(0)
	if text := params.Get("before"); text != "" {
		if before, err = strconv.ParseInt(text, 10, 64); err != nil || before < 1 {
			return badRequest("before=%q is not the id of a message", shorten(text))
		}
	}
	messages, err := s.config.Notify.Sent(c.Request.Context(), before, limit)
	if err != nil {
		return err
	}
	body := sentBody{Messages: mapped(messages, messageOf)}
	if len(messages) == limit {
		body.NextBefore = messages[limit-1].ID
	}
	writeJSON(c, http.StatusOK, body)
	return nil
}

func (s *Server) addChannel(c *gin.Context) error {
	entered, err := readChannel(c, 0)
	if err != nil {
		return err
	}
	stored, err := s.config.Notify.AddChannel(c.Request.Context(), actorOf(c), entered)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusCreated, createdBody{stored.ID})
	return nil
}

func (s *Server) setChannel(c *gin.Context) error {
	id, err := notifyID(c)
	if err != nil {
		return err
	}
	entered, err := readChannel(c, id)
	if err != nil {
		return err
	}
	return s.done(c, s.config.Notify.SetChannel(c.Request.Context(), actorOf(c), entered))
}

func (s *Server) deleteChannel(c *gin.Context) error {
	id, err := notifyID(c)
	if err != nil {
		return err
	}
	return s.done(c, s.config.Notify.DeleteChannel(c.Request.Context(), actorOf(c), id))
}

// testChannel sends a test message and answers with what became of it.
func (s *Server) testChannel(c *gin.Context) error {
	id, err := notifyID(c)
	if err != nil {
		return err
	}
	result, err := s.config.Notify.TestChannel(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, testBody{result.Error == "", result.Error, result.Remedy, result.Took.Milliseconds()})
	return nil
}

func (s *Server) addRule(c *gin.Context) error {
	entered, err := readRule(c, 0)
	if err != nil {
		return err
	}
	stored, err := s.config.Notify.AddRule(c.Request.Context(), actorOf(c), entered)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusCreated, createdBody{stored.ID})
	return nil
}

func (s *Server) setRule(c *gin.Context) error {
	id, err := notifyID(c)
	if err != nil {
		return err
	}
	entered, err := readRule(c, id)
	if err != nil {
		return err
	}
	return s.done(c, s.config.Notify.SetRule(c.Request.Context(), actorOf(c), entered))
}

func (s *Server) deleteRule(c *gin.Context) error {
	id, err := notifyID(c)
	if err != nil {
		return err
	}
	return s.done(c, s.config.Notify.DeleteRule(c.Request.Context(), actorOf(c), id))
}

// done answers without a body, if there is no error.
func (s *Server) done(c *gin.Context, err error) error {
	if err == nil {
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
	}
	return err
}

// actorOf returns the name of the user.
func actorOf(c *gin.Context) string { return c.MustGet(userKey).(auth.User).Name }

// notifyID reads the number in the path.
func notifyID(c *gin.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, notify.ErrUnknown
	}
	return id, nil
}

// readChannel reads a channel that somebody entered.
func readChannel(c *gin.Context, id int64) (notify.Channel, error) {
	var r channelRequest
	if err := readJSON(c.Request.Body, &r, `a channel; its form is ChannelInput in api/v1/openapi.json`); err != nil {
		return notify.Channel{}, err
	}
	return notify.Channel{
		ID: id, Name: r.Name, Kind: r.Kind, Enabled: r.Enabled, URL: secret.New(r.URL), Secret: secret.New(r.Secret),
		Settings: notify.Settings{Mail: r.Mail, DigestMinutes: r.DigestMinutes, RepeatMinutes: r.RepeatMinutes, PerHour: r.PerHour, Quiet: r.Quiet},
	}, nil
}

// readRule reads a rule that somebody entered.
func readRule(c *gin.Context, id int64) (notify.Rule, error) {
	var r ruleRequest
	if err := readJSON(c.Request.Body, &r, `a rule; its form is RuleInput in api/v1/openapi.json`); err != nil {
		return notify.Rule{}, err
	}
	return notify.Rule{
		ID: id, Name: r.Name, Enabled: r.Enabled, Channels: r.Channels,
		Terms: notify.Terms{On: r.On, Kinds: r.Kinds, Env: r.Env, Service: r.Service, Level: r.Level, Search: r.Search, Query: r.Query, View: r.View, Count: r.Count, Minutes: r.Minutes},
	}, nil
}
