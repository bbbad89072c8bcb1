package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// madeUpRequest is the id that lines of nginx and of the service chat carry.
const madeUpRequest = "5e1f0c2a-7d34-4b8e-9a61-c0ffee123456"

// addMadeUp puts logs on the machine that show what a page has to do with
// text: Hebrew and Arabic, colours, nested JSON, a very long line, and the
// lines of one request in nginx and in a service of another environment.
func (m *machine) addMadeUp(t *testing.T) {
	t.Helper()
	at := time.Now().Add(-3 * time.Minute).UTC().Truncate(time.Second)
	servers.WriteFile(t, m.path("nginx/access.log"), fmt.Sprintf(
		"192.0.2.7 - - [%s] \"POST /api/games/7/join HTTP/1.1\" 500 15 \"-\" \"probe\" rt=0.120 request_id=%s\n",
		at.Format("02/Jan/2006:15:04:05 -0700"), madeUpRequest))

	record := func(level, message string, more map[string]any) string {
		all := map[string]any{"level": level, "logger": "chat", "message": message}
		for name, value := range more {
			all[name] = value
		}
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	texts := []string{
		record("INFO", "joins a game", map[string]any{"correlation_id": madeUpRequest}),
		record("ERROR", "המשחק כבר מלא!", map[string]any{"correlation_id": madeUpRequest}),
		record("INFO", "הודעה חדשה הגיעה מהשרת.", nil),
		record("INFO", "رسالة جديدة من الخادم.", nil),
		"\x1b[31mWARNING\x1b[0m a \x1b[1mbold\x1b[0m word and a \x1b[32mgreen\x1b[0m one",
		record("INFO", "nested", map[string]any{"player": map[string]any{"id": 7, "tags": []string{"a", "b"}, "away": nil}}),
		"INFO long: " + strings.Repeat("abcdefghij ", 300),
	}
	for i := range 20 {
		texts = append(texts, record("INFO", fmt.Sprintf("שחקן %d הצטרף למשחק", 100+i), nil))
	}
	id := strings.Repeat("c", 64)
	dir := filepath.Join(m.demo, "docker", "containers", id)
	servers.WriteFile(t, filepath.Join(dir, "config.v2.json"),
		`{"ID":"`+id+`","Name":"/chat","Config":{"Labels":{"com.docker.compose.service":"chat"}}}`)
	var log strings.Builder
	for i, text := range texts {
		line, err := json.Marshal(dockerRecord{Log: text + "\n", Stream: "stdout", Time: at.Add(time.Duration(i+1) * 100 * time.Millisecond)})
		if err != nil {
			t.Fatal(err)
		}
		log.Write(append(line, '\n'))
	}
	servers.WriteFile(t, filepath.Join(dir, id+"-json.log"), log.String())
}
