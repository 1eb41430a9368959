package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
)

// metrics are those of the steps; labels are steps, formats, verdicts and codes of the catalogue, so that there is a bound on
// how many series there can be. Those with few labels are there from the start: what never happened is 0, not absent.
type metrics struct {
	steps    *prometheus.HistogramVec
	files    *prometheus.CounterVec
	findings *prometheus.CounterVec
	refused  *prometheus.CounterVec
	bytes    prometheus.Histogram

	measurements *prometheus.CounterVec
	slotWait     prometheus.Histogram
	measuring    *prometheus.HistogramVec

	readings *prometheus.CounterVec
	reading  *prometheus.HistogramVec
	parts    *prometheus.CounterVec

	revalidated      *prometheus.CounterVec
	revalidationSave prometheus.Histogram
	yielded          prometheus.Counter

	deliveries *prometheus.CounterVec
	delivery   prometheus.Histogram
}

// newMetrics makes the metrics of a pipeline and registers them where it has a registry.
func newMetrics(p *Pipeline) *metrics {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "preflight_step_seconds", Help: "Time of each step of an upload or a job.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"step", "result"}),
		files:    counters("preflight_files_total", "Files judged, by format and verdict.", "format", "verdict"),
		findings: counters("preflight_findings_total", "Findings, by code.", "code"),
		refused:  counters("preflight_uploads_refused_total", "Uploads that were not taken, by reason.", "reason"),
		bytes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "preflight_upload_bytes", Help: "Sizes of the files received.", Buckets: prometheus.ExponentialBuckets(16<<10, 2, 12),
		}),
		measurements: counters("preflight_measurements_total", "Measurements that were needed, by where they came from: measured now, or kept from before.", "source"),
		slotWait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "preflight_measuring_wait_seconds", Help: "How long a picture waited for a slot to be measured in.",
			Buckets: []float64{.001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		measuring: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "preflight_measuring_seconds", Help: "Time of measuring one picture, by result; deadline: it took too long and was ended; worker: its worker process ended each time.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 60},
		}, []string{"result"}),
		readings: counters("preflight_readings_total", "Readings that were needed, by where they came from: read now, or kept from before.", "source"),
		reading: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "preflight_reading_seconds", Help: "Time of reading one picture, by result; deadline: it took too long and was ended.",
			Buckets: []float64{.05, .1, .25, .5, 1, 1.5, 2.5, 5, 10, 20, 30, 60},
		}, []string{"result"}),
		parts:       counters("preflight_parts_total", "Parts of stitched pictures in files judged, by what they were recognized as; unread: nobody read them.", "kind"),
		revalidated: counters("preflight_revalidated_filings_total", "Filings judged again by this process, by whether they change.", "result"),
		revalidationSave: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "preflight_revalidation_save_seconds", Help: "Time of each commit of a revalidation.",
			Buckets: []float64{.001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
		yielded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "preflight_revalidation_yielded_seconds_total", Help: "Time that revalidations of this process waited for uploads.",
		}),
		deliveries: counters("preflight_webhook_attempts_total", "Attempts to deliver messages to receivers, by what became of the message.", "result"),
		delivery: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "preflight_webhook_attempt_seconds", Help: "Time of each attempt to deliver a message.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15},
		}),
	}
	for _, name := range append(uploadSteps(), checkSteps()...) {
		m.steps.WithLabelValues(name, "ok")
		m.steps.WithLabelValues(name, "failed")
	}
	for _, reason := range []string{"busy", "too_large", "incomplete"} {
		m.refused.WithLabelValues(reason)
	}
	for _, source := range []string{"measured", "kept"} {
		m.measurements.WithLabelValues(source)
	}
	for _, result := range []string{"ok", "deadline", "worker", "failed"} {
		m.measuring.WithLabelValues(result)
	}
	for _, kind := range []string{"unread", string(filing.DocumentUnknown), string(filing.DocumentIDCard)} {
		m.parts.WithLabelValues(kind)
	}
	for _, result := range []string{"changed", "unchanged"} {
		m.revalidated.WithLabelValues(result)
	}
	for _, format := range []filing.Format{filing.FormatJPEG, filing.FormatPNG, filing.FormatGIF} {
		for _, verdict := range []filing.Verdict{filing.VerdictPass, filing.VerdictReview, filing.VerdictFail} {
			m.files.WithLabelValues(string(format), string(verdict))
		}
	}
	for _, group := range checks.Catalogue() {
		for _, entry := range group.Entries {
			m.findings.WithLabelValues(entry.Code)
		}
	}
	if p.Metrics == nil {
		return m
	}
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	p.Metrics.MustRegister(
		m.steps, m.files, m.findings, m.refused, m.bytes, m.measurements, m.slotWait, m.measuring, m.readings, m.reading, m.parts,
		m.revalidated, m.revalidationSave, m.yielded, m.deliveries, m.delivery,
		gauge("preflight_uploads_in_flight", "Uploads on their way, their checks included.", func() int { return len(p.admission) }),
		gauge("preflight_uploads_limit", "Uploads that may be on their way at once.", func() int { return cap(p.admission) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "preflight_decoding_bytes", Help: "Decoded bytes of uploads that wait to be measured or are measured.",
		}, func() float64 { return float64(p.decoding.inUse()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "preflight_decoding_bytes_limit", Help: "Decoded bytes that uploads may stand for at once; one more is answered 429.",
		}, func() float64 { return float64(p.decoding.limit) }),
		gauge("preflight_measuring_slots_in_use", "Pictures in memory and being measured or drawn.", func() int { return len(p.slots) }),
		gauge("preflight_measuring_slots", "Pictures that may be in memory at once.", func() int { return cap(p.slots) }),
		gauge("preflight_reading_slots_in_use", "Pictures being read.", func() int { return len(p.readers) }),
		gauge("preflight_reading_slots", "Pictures that may be read at once.", func() int { return cap(p.readers) }),
	)
	return m
}

// measured counts one picture measured.
func (m *metrics) measured(result string, took time.Duration) {
	m.measuring.WithLabelValues(result).Observe(took.Seconds())
	m.measurements.WithLabelValues("measured").Inc()
}

// read counts one picture read.
func (m *metrics) read(err error, overdue bool, took time.Duration) {
	result := "ok"
	switch {
	case overdue:
		result = "deadline"
	case err != nil:
		result = "failed"
	}
	m.reading.WithLabelValues(result).Observe(took.Seconds())
	m.readings.WithLabelValues("read").Inc()
}

// partsSeen counts the parts of a file that was judged.
func (m *metrics) partsSeen(parts []filing.PartReport) {
	for i := range parts {
		kind := "unread"
		if parts[i].Kind != nil {
			kind = string(parts[i].Kind.Detected)
		}
		m.parts.WithLabelValues(kind).Inc()
	}
}

// uploadSteps and checkSteps name the steps of Upload and of checkMaterial.
func uploadSteps() []string {
	return []string{"find", "hash", "recognize", "store", "record", "check", "match", "answer"}
}

func checkSteps() []string { return []string{"measure", "read", "compare", "judge", "save"} }
