package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUpstreamConfigs(t *testing.T) {
	dir := t.TempDir()
	g := &globals{Data: filepath.Join(dir, "data")}
	vars := map[string]string{"MALMOI_UPSTREAM_KEY_MY_GPU": "sk-env"}
	env := &Env{Getenv: func(name string) string { return vars[name] }}
	f := upstreamFlags{Upstream: []string{"my-gpu=http://a:8000,http://b:8000"}}
	got, err := f.configs(env, g)
	if err != nil || len(got) != 1 || got[0].Key != "sk-env" || len(got[0].URLs) != 2 {
		t.Errorf("flags: %+v, %v", got, err)
	}
	if _, err := os.Stat(g.Data); err == nil {
		t.Error("a data folder was made without need")
	}
	if err := os.MkdirAll(g.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(g.Data, "upstreams.json")
	if err := os.WriteFile(path, []byte(`{"upstreams":[{"name":"file","urls":["http://c"],"key":"sk-canary"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err = f.configs(env, g)
	if err != nil || len(got) != 2 || got[0].Name != "file" || got[0].Key != "sk-canary" {
		t.Errorf("file and flags: %+v, %v", got, err)
	}
	if data, _ := os.ReadFile(path); strings.Contains(string(data), "canary") {
		t.Errorf("the key stays in the file: %s", data)
	}
	for _, bad := range []upstreamFlags{
		{Upstream: []string{"x"}}, {Upstreams: filepath.Join(dir, "none.json")},
	} {
		if got, err := bad.configs(env, g); err == nil {
			t.Errorf("%+v: %+v", bad, got)
		}
	}
}
