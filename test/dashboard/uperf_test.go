package dashboard

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestUperfFill(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("N"))
	span, _ := time.ParseDuration(os.Getenv("SPAN"))
	fill(t, os.Getenv("LOKI"), n, span)
}

func BenchmarkUperfWrite(b *testing.B) {
	ctx, cancel := context.WithTimeout(context.Background(), 600*time.Second)
	defer cancel()
	go func() { os.Stdin.Read(make([]byte, 1)); cancel() }()
	writeLines(ctx, b, os.Getenv("LOKI"), 4000)
}
