package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/upstream"
)

// shelf is one model, "m", that is installed.
type shelf struct{}

func (shelf) Installed() []llm.Info { return []llm.Info{{Name: "m", Title: "Model", Chat: true}} }
func (shelf) Path(name string) (string, error) {
	if name != "m" {
		return "", fmt.Errorf("%w: %q", llm.ErrUnknownModel, name)
	}
	return "/m", nil
}

// newPool is a pool whose model answers as scripts say.
func newPool() *llm.Pool {
	o := llm.PoolOptions{Limit: 2, Memory: 8_000_000_000, Working: 500_000_000, KeepAlive: 20 * time.Minute,
		Estimate: func(string, llm.Info) int64 { return 1_500_000_000 }}
	return llm.NewBoundedPool(shelf{}, o, func(_ context.Context, _ string, i llm.Info) (llm.Generator, error) {
		i.Loaded = true
		return &fake.Model{About: i, OnChat: script}, nil
	})
}

// inMemory is GET /api/admin/pool.
type inMemory struct {
	Limit       int
	Bytes       int64
	BytesLimit  int64 `json:"bytes_limit"`
	KeepAliveMS int64 `json:"keep_alive_ms"`
	Models      []struct {
		Name           string
		Bytes          int64
		Users, Running int
		Loading        bool
	}
}

func get[T any](t *testing.T, a actor, path string) (out T) {
	t.Helper()
	got := a.do("GET", path, "")
	if got.status != 200 {
		t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), &out); err != nil {
		t.Fatalf("%s: %v: %s", path, err, got.body)
	}
	return out
}

// TestPoolOfAdmins: what is in memory is seen without being used, a model that
// somebody uses stays, an idle one goes, and the audit log says who did it.
func TestPoolOfAdmins(t *testing.T) {
	pool := newPool()
	r := newRigOn(t, pool, func(c *Config) { c.Pool = pool })
	admin := r.setUp()
	if s := get[inMemory](t, admin, "/api/admin/pool"); s.Limit != 2 || s.BytesLimit != 8e9 || s.KeepAliveMS != 20*60_000 || s.Bytes != 0 || s.Models == nil || len(s.Models) != 0 {
		t.Errorf("at the start: %+v", s)
	}
	unload := func(model string) answer {
		return admin.do("POST", "/api/admin/pool/unload", `{"model":"`+model+`"}`)
	}
	if got := unload("m"); got.status != 404 {
		t.Errorf("one that is not in memory: %d %s", got.status, got.body)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	resp, err := admin.request(ctx, "POST", "/v1/chat/completions", `{"model":"m","stream":true,"messages":[{"role":"user","content":"hang"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	wait(t, "the model at work", func() bool {
		s := get[inMemory](t, admin, "/api/admin/pool")
		return len(s.Models) == 1 && s.Models[0].Users == 1 && s.Models[0].Running == 1
	})
	s := get[inMemory](t, admin, "/api/admin/pool")
	if m := s.Models[0]; m.Name != "m" || m.Bytes != 2e9 || m.Loading || s.Bytes != 2e9 {
		t.Errorf("at work: %+v", s)
	}
	models := get[struct {
		Models []struct {
			Running        int
			Loaded, Remote bool
		}
	}](t, admin, "/api/admin/models").Models
	if len(models) != 1 || models[0].Running != 1 || !models[0].Loaded || models[0].Remote {
		t.Errorf("models %+v", models)
	}
	if got := unload("m"); got.status != 409 || got.code() != "model_in_use" {
		t.Errorf("one in use: %d %s", got.status, got.body)
	}
	stop()
	wait(t, "the model idle", func() bool { return get[inMemory](t, admin, "/api/admin/pool").Models[0].Users == 0 })
	if got := admin.do("GET", "/metrics", "").body; !strings.Contains(got, `malmoi_generations_total{model="m"} 1`) {
		t.Errorf("metrics lack the model: %s", got)
	}
	if got := unload("m"); got.status != 204 {
		t.Errorf("an idle one: %d %s", got.status, got.body)
	}
	if got := admin.do("GET", "/metrics", "").body; strings.Contains(got, `{model="m"}`) {
		t.Errorf("metrics have a model that is gone: %s", got)
	}
	if s := get[inMemory](t, admin, "/api/admin/pool"); len(s.Models) != 0 {
		t.Errorf("after it: %+v", s)
	}
	log := admin.do("GET", "/api/admin/audit?action=model.", "").body
	if strings.Count(log, `"model.unload"`) != 1 || !strings.Contains(log, `"target":"m"`) {
		t.Errorf("audit log %s", log)
	}
}

// wait polls until done; what it waits for happens in goroutines of the site.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within ten seconds", what)
		}
	}
}

// TestUpstreamsOfAdmins: an administrator sees how other servers are, and never
// a key; a model says where it runs.
func TestUpstreamsOfAdmins(t *testing.T) {
	const key = "sk-canary-8812"
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/models" {
			fmt.Fprint(w, `{"data":[{"id":"big","max_model_len":4096}]}`)
			return
		}
		w.WriteHeader(500)
		fmt.Fprintf(w, `{"error":{"message":"out of memory for %s"}}`, r.Header.Get("Authorization"))
	}))
	t.Cleanup(far.Close)
	set, err := upstream.New([]upstream.Config{{Name: "gpu", URLs: []string{far.URL}, Key: key, Mask: true}},
		upstream.Options{Probe: time.Hour, Mask: func(s string) string { return s }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	set.Refresh(t.Context())
	r := newRigOn(t, set, func(c *Config) { c.Upstreams = set })
	admin := r.setUp()
	got := admin.do("POST", "/v1/chat/completions", `{"model":"gpu/big","messages":[{"role":"user","content":"x"}]}`)
	if got.status != 503 || strings.Contains(got.body, key) {
		t.Errorf("a failure: %d %s", got.status, got.body)
	}
	all := get[struct {
		Upstreams []struct {
			Name             string
			Masked           bool
			Models, Requests int
			Failed           int
			Replicas         []struct {
				Address          string
				Answers, Resting bool
				Probed           int64
				LatencyMS        float64 `json:"latency_ms"`
				Failure          string
				FailedAt         int64 `json:"failed_at"`
			}
		}
	}](t, admin, "/api/admin/upstreams").Upstreams
	if len(all) != 1 || len(all[0].Replicas) != 1 {
		t.Fatalf("upstreams %+v", all)
	}
	u, one := all[0], all[0].Replicas[0]
	if u.Name != "gpu" || !u.Masked || u.Models != 1 || u.Requests != 1 || u.Failed != 1 {
		t.Errorf("upstream %+v", u)
	}
	if one.Address != far.URL+"/v1" || !one.Answers || one.Probed == 0 || one.LatencyMS <= 0 || one.FailedAt == 0 || one.Failure != "out of memory for Bearer (secret)" {
		t.Errorf("replica %+v", one)
	}
	for _, path := range []string{"/api/info", "/api/admin/models"} {
		if body := admin.do("GET", path, "").body; !strings.Contains(body, `"remote":true,"server":"gpu","masked":true`) {
			t.Errorf("%s does not say where the model runs: %s", path, body)
		}
	}
	for _, path := range []string{"/api/admin/upstreams", "/api/admin/models", "/api/admin/health", "/metrics"} {
		if body := admin.do("GET", path, "").body; strings.Contains(body, key) {
			t.Errorf("%s shows the key", path)
		}
	}
	if strings.Contains(r.log.String(), key) {
		t.Error("the log shows the key")
	}
}
