package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"malmoi/internal/llm"
)

// metrics is the server's own registry; the default one is process-wide state.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
}

// durations reach from a refused request to a long answer on a slow machine.
var durations = []float64{0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600}

func newMetrics(models llm.Models, pool Pool) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "malmoi_http_requests_total", Help: "Requests answered, by route and status."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "malmoi_http_request_seconds", Help: "Time until the last byte of an answer.", Buckets: durations}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "malmoi_http_requests_in_flight", Help: "Requests being answered now."}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "malmoi_http_panics_total", Help: "Panics that became a 500."}),
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.seconds, m.inFlight, m.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		modelCollector{models, pool})
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

func (m *metrics) observe(c *call, took time.Duration) {
	route := c.pattern
	if route == "" {
		route = "refused" // paths are the client's words: never a label
	}
	m.requests.WithLabelValues(route, strconv.Itoa(c.status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// Pool is what holds local models in memory and can be looked at without using
// them: acquiring one to look at it would keep it there.
type Pool interface{ State() llm.PoolState }

// modelCollector reads the statistics of the models in memory when asked.
type modelCollector struct {
	models llm.Models
	pool   Pool
}

// statsTimeout bounds a scrape; a loaded model is acquired at once.
const statsTimeout = 2 * time.Second

// stat is one number of llm.Stats under its public name.
type stat struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(*llm.Stats) float64
}

func newStat(name, help string, kind prometheus.ValueType, read func(*llm.Stats) float64) stat {
	return stat{prometheus.NewDesc("malmoi_"+name, help, []string{"model"}, nil), kind, read}
}

var stats = []stat{
	newStat("sequences_running", "Sequences in the batch now.", prometheus.GaugeValue, func(s *llm.Stats) float64 { return float64(s.Running) }),
	newStat("sequences_waiting", "Sequences waiting for room.", prometheus.GaugeValue, func(s *llm.Stats) float64 { return float64(s.Waiting) }),
	newStat("kv_pages_used", "KV pages held by sequences.", prometheus.GaugeValue, func(s *llm.Stats) float64 { return float64(s.PagesUsed) }),
	newStat("kv_pages_cached", "KV pages kept for reuse.", prometheus.GaugeValue, func(s *llm.Stats) float64 { return float64(s.PagesCached) }),
	newStat("kv_pages", "KV pages there are.", prometheus.GaugeValue, func(s *llm.Stats) float64 { return float64(s.PagesTotal) }),
	newStat("prompt_tokens_total", "Prompt tokens received.", prometheus.CounterValue, func(s *llm.Stats) float64 { return float64(s.PromptTokens) }),
	newStat("cached_tokens_total", "Prompt tokens found in the prefix cache.", prometheus.CounterValue, func(s *llm.Stats) float64 { return float64(s.CachedTokens) }),
	newStat("completion_tokens_total", "Tokens generated.", prometheus.CounterValue, func(s *llm.Stats) float64 { return float64(s.CompletionTokens) }),
	newStat("generations_total", "Generations started.", prometheus.CounterValue, func(s *llm.Stats) float64 { return float64(s.Requests) }),
	newStat("generations_cancelled_total", "Generations cancelled.", prometheus.CounterValue, func(s *llm.Stats) float64 { return float64(s.Cancelled) }),
	newStat("generations_failed_total", "Generations that failed.", prometheus.CounterValue, func(s *llm.Stats) float64 { return float64(s.Failed) }),
	newStat("prefill_seconds_total", "Time spent on prompts.", prometheus.CounterValue, func(s *llm.Stats) float64 { return s.PrefillSeconds }),
	newStat("decode_seconds_total", "Time spent on generating.", prometheus.CounterValue, func(s *llm.Stats) float64 { return s.DecodeSeconds }),
}

// Describe implements prometheus.Collector.
func (modelCollector) Describe(out chan<- *prometheus.Desc) {
	for _, s := range stats {
		out <- s.desc
	}
}

// Collect implements prometheus.Collector. A model that is not in memory is
// not loaded for the sake of a number, and one that is there goes as if nobody
// scraped.
func (c modelCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	for name, now := range c.read(ctx) {
		for _, s := range stats {
			out <- prometheus.MustNewConstMetric(s.desc, s.kind, s.read(&now), name)
		}
	}
}

// read is what every model in memory, and on other servers, does now.
func (c modelCollector) read(ctx context.Context) map[string]llm.Stats {
	out := map[string]llm.Stats{}
	for _, i := range c.models.List() {
		if !i.Loaded || c.pool != nil && !i.Remote {
			continue
		}
		if m, release, err := c.models.Acquire(ctx, i.Name); err == nil {
			out[i.Name] = m.Stats()
			release()
		}
	}
	if c.pool == nil {
		return out
	}
	for _, r := range c.pool.State().Residents {
		if !r.Loading {
			out[r.Name] = r.Stats
		}
	}
	return out
}
