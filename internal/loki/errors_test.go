package loki

import "testing"

func TestARefusalIsShownWithoutTheJSONAroundIt(t *testing.T) {
	const want = "Loki does not understand the query; correct it: syntax error: unexpected RANGE"
	for _, body := range []string{
		`{"status":"invalid-query","error":"syntax error: unexpected RANGE"}`,
		"syntax error: unexpected RANGE\n",
	} {
		if got := statusError(400, body); got.Message != want || got.Code != CodeSyntax {
			t.Errorf("%s: got %s %q", body, got.Code, got.Message)
		}
	}
}
