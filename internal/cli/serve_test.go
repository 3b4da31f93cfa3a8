package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serving is a server that runs until stop, which returns its exit status.
func serving(t *testing.T, env map[string]string, args ...string) (url string, out *buffer, stop func() int) {
	t.Helper()
	out = &buffer{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		done <- runCommand(ctx, out, env, append([]string{"serve", "--lazy", "--listen", "127.0.0.1:0"}, args...)...)
	}()
	t.Cleanup(cancel)
	return address(t, out), out, func() int { cancel(); return <-done }
}

// call sends JSON and returns what comes back.
func call(t *testing.T, client *http.Client, method, url, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &out); err != nil {
			t.Fatalf("%s %s: %v: %s", method, url, err, data)
		}
	}
	return resp.StatusCode, out
}

// What is kept is there after a restart; nobody else serves the same file
// meanwhile; once there is an account everybody signs in.
func TestServeKeepsASite(t *testing.T) {
	env := map[string]string{"MALMOI_DATA": t.TempDir()}
	client := &http.Client{}
	url, _, stop := serving(t, env)
	if status, got := call(t, client, "GET", url+"/api/session", ""); status != 200 || got["mode"] != "single" {
		t.Errorf("a fresh site: %d %v", status, got)
	}
	if status, got := call(t, client, "POST", url+"/api/chats", `{"title":"남을 대화"}`); status != 200 {
		t.Errorf("a chat: %d %v", status, got)
	}
	var second bytes.Buffer
	if status := runCommand(context.Background(), &second, env, "serve", "--lazy", "--listen", "127.0.0.1:0"); status != 1 || !strings.Contains(second.String(), "--database") {
		t.Errorf("a second server on the same file: %d %s", status, second.String())
	}
	if status := stop(); status != 0 {
		t.Errorf("stopped with %d", status)
	}
	url, _, stop = serving(t, env)
	_, got := call(t, client, "GET", url+"/api/chats", "")
	if text := fmt.Sprint(got); !strings.Contains(text, "남을 대화") {
		t.Errorf("after the restart: %s", text)
	}
	stop()

	url, out, stop := serving(t, env, "--accounts")
	if !strings.Contains(out.String(), "no account exists yet") {
		t.Errorf("the server does not say what it needs: %s", out.String())
	}
	if status, got := call(t, client, "POST", url+"/api/setup", `{"login":"admin","password":"correct horse battery"}`); status != 200 {
		t.Errorf("set up: %d %v", status, got)
	}
	stop()
	url, _, stop = serving(t, env)
	if status, got := call(t, client, "GET", url+"/api/session", ""); status != 200 || got["mode"] != "accounts" || got["user"] != nil {
		t.Errorf("a site with an account: %d %v", status, got)
	}
	if status, _ := call(t, client, "GET", url+"/v1/models", ""); status != 401 {
		t.Errorf("its models without a credential: %d", status)
	}
	stop()
}

func TestServeRefuses(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		env := map[string]string{"MALMOI_DATA": t.TempDir()}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		status := runCommand(ctx, &out, env, append([]string{"serve", "--lazy"}, args...)...)
		if status == 0 || !strings.Contains(out.String(), want) {
			t.Errorf("serve %v: %d %s, want %q", args, status, out.String(), want)
		}
	}
	f("--accounts", "--listen", "0.0.0.0:0", "--single-user")
	f("exclude each other", "--accounts", "--single-user")
	f("10.1.0.0/16", "--trusted-proxy", "proxy.example")
	f("sign-in.md", "--sign-in", filepath.Join(t.TempDir(), "absent.json"))
}

// TestServeTellsOfItsParts: who administers sees the memory of this process and
// the servers that the command line named.
func TestServeTellsOfItsParts(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"data":[{"id":"big","max_model_len":4096}]}`)
	}))
	t.Cleanup(far.Close)
	env := map[string]string{"MALMOI_DATA": t.TempDir(), "MALMOI_UPSTREAM_KEY_GPU": "sk-canary-3317"}
	client := &http.Client{}
	url, out, stop := serving(t, env, "--upstream", "gpu="+far.URL, "--models-in-memory", "3", "--model-memory", "5", "--keep-alive", "30m")
	defer stop()
	if status, got := call(t, client, "GET", url+"/api/admin/pool", ""); status != 200 || fmt.Sprint(got["limit"], got["bytes_limit"], got["keep_alive_ms"]) != "3 5e+09 1.8e+06" {
		t.Errorf("the pool: %d %v", status, got)
	}
	status, got := call(t, client, "GET", url+"/api/admin/upstreams", "")
	if text := fmt.Sprint(got); status != 200 || !strings.Contains(text, "name:gpu") || !strings.Contains(text, far.URL+"/v1") || !strings.Contains(text, "answers:true") {
		t.Errorf("upstreams: %d %v", status, got)
	}
	if text := fmt.Sprint(got) + out.String(); strings.Contains(text, "sk-canary-3317") {
		t.Errorf("the key is shown: %s", text)
	}
}
