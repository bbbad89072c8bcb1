package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// target is what the collector's /targets?format=json says of one source.
type target struct {
	Job    string `json:"job"`
	Path   string `json:"path"`
	State  string `json:"state"`
	Error  string `json:"error"`
	Remedy string `json:"remedy"`
}

// printUnreadable writes to w the sources that the collector cannot read, each with the command that opens it; nothing
// when all can be read.
func printUnreadable(ctx context.Context, args []string, w io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: probe unreadable URL")
	}
	targets, err := fetchTargets(ctx, args[0])
	if err != nil {
		return fmt.Errorf("ask the collector for its targets: %w", err)
	}
	var closed []target
	for _, t := range targets {
		if t.State == "unreadable" {
			closed = append(closed, t)
		}
	}
	if len(closed) == 0 {
		return nil
	}
	fmt.Fprintf(w, "The collector may not read %d of its %d log sources; the rest is collected:\n", len(closed), len(targets))
	for _, t := range closed {
		fmt.Fprintf(w, "  %s (job %s): %s\n", t.Path, t.Job, t.Error)
		if t.Remedy != "" {
			fmt.Fprintf(w, "      to open it: %s\n", t.Remedy)
		}
	}
	return nil
}

func fetchTargets(ctx context.Context, url string) ([]target, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	var answer struct {
		Targets []target `json:"targets"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("decode %s: %w", url, err)
	}
	return answer.Targets, nil
}
