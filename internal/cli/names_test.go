package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"malmoi/internal/golden"
	"malmoi/internal/llm"
	"malmoi/internal/upstream"
)

// namedShelf is a shelf of names.
type namedShelf []string

func (s namedShelf) Installed() []llm.Info {
	var out []llm.Info
	for _, name := range s {
		out = append(out, llm.Info{Name: name})
	}
	return out
}

func (s namedShelf) Path(name string) (string, error) { return "", llm.ErrUnknownModel }

// What stands before the slash is a server if there is one of that name.
func TestNameModels(t *testing.T) {
	shelf := namedShelf{"qwen", "odd/name"}
	configs := []upstream.Config{{Name: "gpu"}, {Name: "taken", Aliases: map[string]string{"큰모델": "x"}}}
	got, err := nameModels(map[string]string{"HCX-005": "QWEN", "HCX-007": "gpu/org/m", "odd": "odd/name"}, configs, shelf)
	if err != nil || len(got) != 2 || got["HCX-005"] != "qwen" || got["odd"] != "odd/name" || configs[0].Aliases["HCX-007"] != "org/m" {
		t.Errorf("%v, servers %v, %v", got, configs[0].Aliases, err)
	}
	f := func(want, alias, target string) {
		t.Helper()
		_, err := nameModels(map[string]string{alias: target}, configs, shelf)
		if err == nil {
			t.Errorf("%s=%s was taken", alias, target)
			return
		}
		text := err.Error()
		if h, ok := err.(hinted); ok {
			text += " " + h.hint
		}
		if !strings.Contains(text, want) {
			t.Errorf("%s=%s: %q, want %q", alias, target, text, want)
		}
	}
	f("installed: qwen, odd/name", "HCX-005", "absent")
	f("servers: gpu, taken", "HCX-005", "none/m")
	f("no installed model", "HCX-005", "gpu/")
	f("a model of that name is installed", "Qwen", "odd/name")
	f("taken/x", "큰모델", "qwen")
}

func TestAliases(t *testing.T) {
	g := &globals{Data: t.TempDir()}
	if got, err := (&nameFlags{}).aliases(g); err != nil || len(got) != 0 {
		t.Errorf("nothing: %v, %v", got, err)
	}
	path := filepath.Join(g.Data, "models.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"names":{"HCX-005":"a","HCX-DASH-002":"b"}}`)
	got, err := (&nameFlags{Alias: []string{"HCX-005=c", "x=gpu/m=1"}}).aliases(g)
	if err != nil || len(got) != 3 || got["HCX-005"] != "c" || got["HCX-DASH-002"] != "b" || got["x"] != "gpu/m=1" {
		t.Errorf("file and flags: %v, %v", got, err)
	}
	for _, bad := range []nameFlags{
		{Alias: []string{"a"}}, {Alias: []string{"a="}}, {Alias: []string{"=b"}}, {Alias: []string{"a=b", "a=c"}}, {Alias: []string{"a b=c"}},
		{Names: filepath.Join(g.Data, "absent.json")},
	} {
		if got, err := bad.aliases(g); err == nil {
			t.Errorf("%+v: %v", bad, got)
		}
	}
	for _, bad := range []string{`{`, `{"name":{}}`, `{"names":{"a":""}}`, `{"names":{"a":1}}`, `{"names":{}} x`, `{"names":{"a\n":"b"}}`, strings.Repeat(" ", maxNamesFile+1)} {
		write(bad)
		if got, err := (&nameFlags{}).aliases(g); err == nil || !strings.Contains(fmt.Sprint(err), "models.json") {
			t.Errorf("%.30q: %v, %v", bad, got, err)
		}
	}
}

func FuzzReadNames(f *testing.F) {
	f.Add([]byte(`{"names":{"HCX-005":"qwen","큰":"gpu/org/m"}}`))
	f.Add([]byte(`{"names":null}`))
	f.Add([]byte(`{"names":{"":"a"}}{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readNames(data)
		for alias, target := range got {
			if err != nil || checkAlias(alias, target) != nil {
				t.Errorf("%q: %q=%q, %v", data, alias, target, err)
			}
		}
	})
}

// A local model answers under the name that CLOVA Studio's clients use, and an
// unknown target ends the start with what is installed.
func TestServeNames(t *testing.T) {
	tiny := filepath.Join(golden.Root(t), "internal", "model", "testdata", "tiny", "llama", "model-bf16.gguf")
	env := map[string]string{"MALMOI_DATA": t.TempDir()}
	var log bytes.Buffer
	if status := runCommand(context.Background(), &log, env, "import", tiny, "--name", "small"); status != 0 {
		t.Fatalf("import: %s", log.String())
	}
	url, _, stop := serving(t, env, "--alias", "HCX-005=small")
	_, list := call(t, http.DefaultClient, "GET", url+"/v1/models", "")
	var names []string
	for _, m := range list["data"].([]any) {
		names = append(names, m.(map[string]any)["id"].(string))
	}
	if !slices.Equal(names, []string{"small", "HCX-005"}) {
		t.Errorf("listed: %v", names)
	}
	status, got := call(t, http.DefaultClient, "POST", url+"/v1/api-tools/tokenize/HCX-005", `{"text":"글"}`)
	if status != 200 || got["result"].(map[string]any)["numTokens"].(float64) < 1 {
		t.Errorf("tokens: %d %v", status, got)
	}
	stop()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	log.Reset()
	if status := runCommand(ctx, &log, env, "serve", "--lazy", "--listen", "127.0.0.1:0", "--alias", "HCX-005=absent"); status != 1 || !strings.Contains(log.String(), "installed: small") {
		t.Errorf("an unknown target: %d %s", status, log.String())
	}
}
