package dashboard

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func searchesAreSaved(t *testing.T, _ string, d *dashboard) {
	send := func(method, path, body string) (int, []byte) {
		request, err := http.NewRequest(method, d.url+"/api/v1/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		answer, err := d.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, readBody(t, answer)
	}
	status, data := send("POST", "searches", `{"name":"Timeouts","path":"lines","view":"q=timeout"}`)
	if status != http.StatusCreated {
		t.Fatalf("save: got %d %s", status, data)
	}
	d.check("SavedSearch", data)
	if status, _ := send("POST", "searches", `{"name":"timeouts","path":"lines","view":""}`); status != http.StatusBadRequest {
		t.Errorf("the same name: got %d", status)
	}
	var got struct {
		Searches []struct {
			ID         int64
			Name, View string
			CreatedBy  string `json:"created_by"`
			Own        bool
		}
	}
	if d.get("searches", nil, "SavedSearches", &got); len(got.Searches) != 1 || !got.Searches[0].Own || got.Searches[0].View != "q=timeout" {
		t.Fatalf("got %+v", got)
	}
	one := fmt.Sprint("searches/", got.Searches[0].ID)
	if status, data := send("DELETE", one, ""); status != http.StatusNoContent {
		t.Errorf("delete: got %d %s", status, data)
	}
	if status, _ := send("DELETE", one, ""); status != http.StatusNotFound {
		t.Errorf("delete again: got %d", status)
	}
}
