package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"malmoi/internal/upstream/seal"
)

func TestParseFlag(t *testing.T) {
	f := func(in string, want ...string) {
		t.Helper()
		c, err := ParseFlag(in)
		if err != nil || c.Name != want[0] || !reflect.DeepEqual(c.URLs, want[1:]) {
			t.Errorf("%q: %+v, %v", in, c, err)
		}
	}
	f("gpu=http://10.0.0.7:8000", "gpu", "http://10.0.0.7:8000/v1")
	f("gpu=http://a/v1/,https://b/openai/v1", "gpu", "http://a/v1", "https://b/openai/v1")
	for _, bad := range []string{"", "gpu", "gpu=", "=http://a", "g/p=http://a", "gpu=a:80", "gpu=ftp://a", "gpu=http://u:p@a", "gpu=http://a,http://a/v1", "gpu=http://a?x=1", "gpu=http://a,"} {
		if c, err := ParseFlag(bad); err == nil {
			t.Errorf("%q was taken: %+v", bad, c)
		} else if strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: %v tells the password", bad, err)
		}
	}
	if got := EnvName("my-gpu.1"); got != "MALMOI_UPSTREAM_KEY_MY_GPU_1" {
		t.Errorf("variable %q", got)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c := Config{Name: "gpu", Key: "sk-canary"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", c.Key)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c)
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %s", c, c, c.Key), log.String()} {
		if strings.Contains(s, "canary") {
			t.Errorf("%s", s)
		}
	}
}

// TestFile: a plain key is sealed in place, is read again, and opens nowhere
// else.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "upstreams.json")
	box, err := seal.OpenFile(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"upstreams":[{"name":"gpu","urls":["http://a:8000"],"key":"sk-canary","aliases":{"큰":"org/m"},"idle_seconds":7.5},{"name":"open","urls":["http://b"]}]}`)
	first, err := ReadFile(path, box)
	if err != nil {
		t.Fatal(err)
	}
	if c := first[0]; c.Key != "sk-canary" || c.URLs[0] != "http://a:8000/v1" || c.Aliases["큰"] != "org/m" || c.Timeouts.Idle != 7500*time.Millisecond || first[1].Key != "" {
		t.Errorf("read %#v", first)
	}
	data, _ := os.ReadFile(path)
	if bytes.Contains(data, []byte("canary")) || !bytes.Contains(data, []byte("sealed:v1:")) {
		t.Errorf("the file now: %s", data)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	second, err := ReadFile(path, box)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("read again: %+v, %v", second, err)
	}
	if again, _ := os.ReadFile(path); !bytes.Equal(again, data) {
		t.Error("a file without plain keys was written")
	}
	write(strings.Replace(string(data), `"name": "gpu"`, `"name": "evil"`, 1))
	if _, err := ReadFile(path, box); err == nil || !strings.Contains(err.Error(), "enter the secret again") {
		t.Errorf("a key under another name: %v", err)
	}
	if got, err := ReadFile(filepath.Join(dir, "none"), box); got != nil || err != nil {
		t.Errorf("no file: %v, %v", got, err)
	}
	for _, bad := range []string{``, `{"upstreams":[{"nam":"x"}]}`, `{} {}`, `{"upstreams":[{"name":"x","urls":[]}]}`, `{"upstreams":[{"name":"x","urls":["http://a"],"flavour":"what"}]}`, `{"upstreams":[{"name":"x","urls":["http://a"],"key":"a b"}]}`} {
		write(bad)
		if _, err := ReadFile(path, box); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestSetRefusesDoubles(t *testing.T) {
	a := Config{Name: "a", URLs: []string{"http://127.0.0.1:1"}, Aliases: map[string]string{"x": "m"}}
	b := Config{Name: "b", URLs: []string{"http://127.0.0.1:1"}, Aliases: map[string]string{"x": "n"}}
	for name, configs := range map[string][]Config{"names": {a, a}, "aliases": {a, b}} {
		if s, err := New(configs, Options{}); err == nil {
			s.Close()
			t.Errorf("two of the same %s were taken", name)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"upstreams":[{"name":"gpu","urls":["http://a:8000"],"key":"k","aliases":{"x":"y"},"total_seconds":1e300}]}`))
	f.Add([]byte(`{"upstreams":[{"name":"gpu","urls":["http://a"],"key":"sealed:v1:AAAA"}]}`))
	box, err := seal.New(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := decodeFile(data)
		if err != nil {
			return
		}
		configs, _, err := body.open(box)
		if err != nil {
			return
		}
		out, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeFile(out)
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		second, changed, err := again.open(box)
		if err != nil || changed || !reflect.DeepEqual(configs, second) {
			t.Errorf("%s: %#v, then %#v, %v", data, configs, second, err)
		}
	})
}
