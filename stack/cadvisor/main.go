// Cadvisor is cAdvisor for the tests: its manager, its Docker handler and its
// Prometheus metrics. cAdvisor's own main package is a module that no module
// proxy has, because its repository tags the library alone. It takes cAdvisor's
// flags, of which -docker is the engine's address, and -listen.
//
// The version is the last one whose library counts OOM kills: from 0.60 on
// nothing in the published modules sets container_oom_events_total.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/google/cadvisor/cache/memory"
	"github.com/google/cadvisor/container"
	_ "github.com/google/cadvisor/container/docker/install" // registers the handler of Docker's containers
	_ "github.com/google/cadvisor/fs/overlay/install"
	_ "github.com/google/cadvisor/fs/tmpfs/install"
	_ "github.com/google/cadvisor/fs/vfs/install"
	v2 "github.com/google/cadvisor/info/v2"
	"github.com/google/cadvisor/manager"
	"github.com/google/cadvisor/metrics"
	"github.com/google/cadvisor/utils/sysfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/utils/clock"
)

// What cAdvisor shows unless told otherwise: all but -disable_metrics' default.
var included = container.MetricSet{
	container.CpuUsageMetrics: {}, container.MemoryUsageMetrics: {}, container.DiskIOMetrics: {},
	container.DiskUsageMetrics: {}, container.NetworkUsageMetrics: {}, container.OOMMetrics: {},
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address of /metrics")
	flag.Parse()
	if err := run(*listen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(listen string) error {
	dynamic := false
	m, err := manager.New(memory.New(2*time.Minute, nil), sysfs.NewRealSysFs(),
		manager.HousekeepingConfig{Interval: manager.HousekeepingInterval, AllowDynamic: &dynamic},
		included, http.DefaultClient, []string{""}, []string{""}, "", 0) // cAdvisor expects one empty prefix in the place of none
	if err != nil {
		return fmt.Errorf("make the manager: %w", err)
	}
	if err := m.Start(); err != nil {
		return fmt.Errorf("start the manager: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		metrics.NewPrometheusCollector(m, metrics.DefaultContainerLabels, included, clock.RealClock{},
			v2.RequestOptions{IdType: v2.TypeName, Count: 1, Recursive: true}),
		metrics.NewPrometheusMachineCollector(m, included))
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	if err := http.ListenAndServe(listen, nil); err != nil {
		return fmt.Errorf("serve %s: %w", listen, err)
	}
	return nil
}
