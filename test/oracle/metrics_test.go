package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// compareMetrics compares the metrics of the metrics stage, and what stages
// dropped by reason, once the series that are to end have ended.
func compareMetrics(t *testing.T, theirs, ours *shipper) {
	var want, got []string
	for s, out := range map[*shipper]*[]string{theirs: &want, ours: &got} {
		servers.Eventually(t, s.name+" forgets what is idle", func() bool {
			families := s.metrics(t)
			*out = samples(families)
			return len(families["oracle_own_idle"].GetMetric()) == 0
		})
	}
	if len(want) < 50 {
		t.Errorf("promtail has only %d samples", len(want))
	}
	diff(t, want, got)
}

// samples is one line for each sample that the cases cause.
func samples(families map[string]*dto.MetricFamily) []string {
	var all []string
	for name, family := range families {
		custom := strings.HasPrefix(name, "promtail_custom_") || strings.HasPrefix(name, "oracle_own_")
		if custom {
			all = append(all, fmt.Sprintf("%s is a %s: %s", name, family.GetType(), family.GetHelp()))
		}
		for _, m := range family.GetMetric() {
			if text := sample(m); custom || strings.HasPrefix(name, "logentry_dropped_lines") && isOurs(text) {
				all = append(all, name+text)
			}
		}
	}
	slices.Sort(all)
	return all
}

// isOurs reports whether a case named a reason itself, or it is a limit's.
func isOurs(sample string) bool {
	return strings.Contains(sample, `"oracle_`) || strings.Contains(sample, "ratelimit_drop_stage") || strings.Contains(sample, "label_name")
}

func sample(m *dto.Metric) string {
	var labels []string
	for _, l := range m.GetLabel() {
		labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	slices.Sort(labels)
	text := fmt.Sprintf("{%s} %v", strings.Join(labels, ", "), m.GetCounter().GetValue()+m.GetGauge().GetValue())
	for _, b := range m.GetHistogram().GetBucket() {
		text += fmt.Sprintf(" ≤%v: %d", b.GetUpperBound(), b.GetCumulativeCount())
	}
	if h := m.GetHistogram(); h != nil {
		text += fmt.Sprintf(" sum %v", h.GetSampleSum())
	}
	return text
}
