package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// compareMetrics compares the metrics of the metrics stage, those of files, and
// what stages dropped by reason, once the series that are to end have ended.
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
			if text := sample(m); custom || isOfFile(name, text) || strings.HasPrefix(name, "logentry_dropped_lines") && isOurs(text) {
				all = append(all, name+text)
			}
		}
	}
	slices.Sort(all)
	return all
}

// isOfFile reports whether a sample is one of a file that mean the same in both:
// of a compressed one promtail counts lines as bytes, and of one that is read
// twice it counts the lines twice.
func isOfFile(name, sample string) bool {
	counts := name == "promtail_read_lines_total" || name == "promtail_read_bytes_total" || name == "promtail_file_bytes_total"
	return counts && strings.Contains(sample, `.log"`) && !strings.Contains(sample, "same_file_twice")
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
