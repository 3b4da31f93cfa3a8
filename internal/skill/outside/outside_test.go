package outside

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"malmoi/internal/skill/mcp"
	"malmoi/internal/upstream/seal"
)

const spec = `{"openapi":"3.0.3","info":{"title":"x","version":"1"},"paths":{"/a":{"get":{"operationId":"a","summary":"가","responses":{}}}}}`

// tools is a tool server that wants a key.
func tools(t *testing.T) string {
	t.Helper()
	s := sdk.NewServer(&sdk.Implementation{Name: "x", Version: "1"}, nil)
	sdk.AddTool(s, &sdk.Tool{Name: "hello", Description: "인사"}, func(_ context.Context, _ *sdk.CallToolRequest, _ struct{}) (*sdk.CallToolResult, any, error) {
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: "안녕"}}}, nil, nil
	})
	h := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "tool-s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func write(t *testing.T, text string) (path string, box *seal.Box) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "skills.json")
	for name, text := range map[string]string{"skills.json": text, "spec.json": spec} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	box, err := seal.OpenFile(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	return path, box
}

func TestFromFileToSkills(t *testing.T) {
	url := tools(t)
	path, box := write(t, `{"allow":["127.0.0.1"],"web":true,"search":{"kind":"naver","id":"i","secret":"naver-s3cret"},
"openapi":[{"name":"shop","file":"spec.json","base_url":"https://shop.example","auth":{"kind":"bearer","secret":"shop-s3cret"}}],
"mcp":[{"name":"hall","url":"`+url+`","headers":{"X-Key":"tool-s3cret"}}]}`)
	f, err := ReadFile(path, box)
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := os.ReadFile(path)
	if strings.Contains(string(kept), "s3cret") || strings.Count(string(kept), "sealed:") != 3 {
		t.Fatalf("secrets lie open:\n%s", kept)
	}
	if f.Search.Secret != "naver-s3cret" || f.MCP[0].Headers["X-Key"] != "tool-s3cret" {
		t.Errorf("%+v", f)
	}
	o := Options{Dir: filepath.Dir(path)}
	list, err := Tools(t.Context(), f, "hall", o)
	if err != nil || len(list) != 1 || list[0].State != mcp.New {
		t.Fatalf("%+v %v", list, err)
	}
	if err := Approve(path, "hall", map[string]string{"hello": list[0].Pin}); err != nil {
		t.Fatal(err)
	}
	if f, err = ReadFile(path, box); err != nil {
		t.Fatal(err)
	}
	p, err := assemble(f, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.start()
	defer p.Close()
	deadline := time.Now().Add(10 * time.Second)
	for { // the server is asked in the background
		set := p.Skills()
		var names []string
		for _, x := range set {
			names = append(names, x.Name)
		}
		if strings.Join(names, " ") == "read_page web_search shop_a hall_hello" {
			if got, ok := set.Run(t.Context(), "hall_hello", "{}"); !ok || got != "안녕" {
				t.Errorf("%v %q", ok, got)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v", names)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if v, err := Verify(f, "shop", o); err != nil || len(v) != 1 || v[0].Skill != "shop_a" {
		t.Errorf("%+v %v", v, err)
	}
}

// TestSecretsStayWithTheirAddress: who can write the file, and not read the key
// file, cannot have a secret sent elsewhere.
func TestSecretsStayWithTheirAddress(t *testing.T) {
	path, box := write(t, `{"openapi":[{"name":"shop","file":"spec.json","base_url":"https://shop.example","auth":{"kind":"bearer","secret":"s3cret"}}]}`)
	if _, err := ReadFile(path, box); err != nil {
		t.Fatal(err)
	}
	kept, _ := os.ReadFile(path)
	if err := os.WriteFile(path, []byte(strings.Replace(string(kept), "shop.example", "evil.example", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path, box); err == nil || !strings.Contains(err.Error(), "enter the secret again") {
		t.Error(err)
	}
}

func TestWrongFiles(t *testing.T) {
	for text, want := range map[string]string{
		`{`: "EOF", `{"wev":true}`: "unknown field", `{} {}`: "follows",
		`{"openapi":[{"name":"a","file":"spec.json","base_url":"http://x"},{"name":"a","file":"spec.json","base_url":"http://x"}]}`: "same name",
		`{"openapi":[{"name":"a","file":"nothing.json","base_url":"http://x"}]}`:                                                    "no such file",
		`{"search":{"kind":"bing"}}`: "not known", `{"mcp":[{"name":"x"}]}`: "command or url", `{"allow":["*"]}`: "allow",
	} {
		path, box := write(t, text)
		f, err := ReadFile(path, box)
		if err == nil {
			_, err = assemble(f, Options{Dir: filepath.Dir(path)}, nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	p, err := assemble(File{}, Options{}, nil)
	if err != nil || len(p.Skills()) != 0 {
		t.Errorf("an empty file has skills: %v", err)
	}
	p.Close()
	if err := Approve(filepath.Join(t.TempDir(), "none"), "x", nil); err == nil {
		t.Error("approved in a file that is not there")
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"search":{"kind":"naver","secret":"s"},"mcp":[{"name":"a","env":{"A":"b"}}]}`))
	f.Add([]byte(`{"openapi":[{"auth":{"secret":""}},{"auth":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := decode(data)
		if err != nil {
			return
		}
		file.secrets(func(_ string, s *string) error { *s = "x"; return nil })
	})
}
