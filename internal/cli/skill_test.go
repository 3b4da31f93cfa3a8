package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"malmoi/internal/skill"
)

const shopSpec = `{"openapi":"3.0.3","info":{"title":"가게","version":"1"},"paths":{"/items":{
"get":{"operationId":"listItems","summary":"상품 목록","responses":{}},
"post":{"operationId":"addItem","summary":"상품 추가","requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"name":{"type":"string"}}}}}},"responses":{}}}}}`

// skillRun runs commands over a data folder with a service, and counts what
// the service was asked to change.
type skillRun struct {
	t       *testing.T
	data    string
	added   atomic.Int32
	stdin   io.Reader
	out     bytes.Buffer
	errText bytes.Buffer
}

func newSkillRun(t *testing.T) *skillRun {
	r := &skillRun{t: t, data: t.TempDir(), stdin: strings.NewReader("")}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodPost {
			r.added.Add(1)
		}
		io.WriteString(w, `{"items":["사과\u001b[2J"]}`)
	}))
	t.Cleanup(shop.Close)
	r.write("shop.json", shopSpec)
	r.write("skills.json", `{"allow":["127.0.0.1"],"openapi":[{"name":"shop","file":"shop.json","base_url":"`+shop.URL+`"}],"mcp":[{"name":"dead","command":["/nowhere/program"]}]}`)
	return r
}

func (r *skillRun) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.data, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *skillRun) run(args ...string) (status int) {
	r.out.Reset()
	r.errText.Reset()
	return Main(context.Background(), Env{Args: args, Stdin: r.stdin, Stdout: &r.out, Stderr: &r.errText, Now: time.Now,
		Getenv: func(name string) string { return map[string]string{"MALMOI_DATA": r.data}[name] }})
}

func TestSkillListKnowsOutsideSkills(t *testing.T) {
	r := newSkillRun(t)
	if status := r.run("skill", "list"); status != 0 {
		t.Fatalf("%d %s", status, r.errText.String())
	}
	lines := map[string]string{}
	for line := range strings.Lines(r.out.String()) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		lines[name] = strings.TrimSpace(rest)
	}
	for name, effect := range map[string]string{"calculate": "computes", "convert_money": "computes", "shop_listItems": "reads", "shop_addItem": "asks first"} {
		if !strings.HasPrefix(lines[name], effect) {
			t.Errorf("%s: %q, want %q", name, lines[name], effect)
		}
	}
	if !strings.Contains(r.errText.String(), "dead") {
		t.Errorf("nothing is said of the server that does not start: %q", r.errText.String())
	}
	if r.run("skill", "list", "--json"); !strings.Contains(r.out.String(), `"shop_addItem"`) || !json.Valid(r.out.Bytes()) {
		t.Errorf("%s", r.out.String())
	}
	if r.run("skill", "list", "--own"); strings.Contains(r.out.String(), "shop_") || !strings.Contains(r.out.String(), "convert_unit") || r.errText.Len() > 0 {
		t.Errorf("%s %s", r.out.String(), r.errText.String())
	}
	r.write("skills.json", "{")
	if status := r.run("skill", "list"); status != 1 || !strings.Contains(r.errText.String(), "docs/guide/skills.md") {
		t.Errorf("a bad file: %d %s", status, r.errText.String())
	}
}

func TestSkillCallAsksBeforeItChanges(t *testing.T) {
	r := newSkillRun(t)
	if status := r.run("skill", "call", "shop_listItems"); status != 0 || !strings.Contains(r.out.String(), "사과") {
		t.Errorf("reading: %d %s%s", status, r.out.String(), r.errText.String())
	}
	if strings.Contains(r.out.String(), "\x1b") {
		t.Error("a stranger's text moves the cursor")
	}
	add := []string{"skill", "call", "shop_addItem", `{"body":{"name":"배"}}`}
	if status := r.run(add...); status != 1 || r.added.Load() != 0 || !strings.Contains(r.errText.String(), "--yes") {
		t.Errorf("nobody to ask: %d, %d added, %s", status, r.added.Load(), r.errText.String())
	}
	terminal, err := os.Open(os.DevNull) // a device, on which nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	r.stdin = terminal
	if status := r.run(add...); status != 1 || r.added.Load() != 0 || !strings.Contains(r.errText.String(), "was not called") || !strings.Contains(r.errText.String(), `"배"`) {
		t.Errorf("no answer: %d, %d added, %s", status, r.added.Load(), r.errText.String())
	}
	if status := r.run(append(add, "--yes")...); status != 0 || r.added.Load() != 1 {
		t.Errorf("--yes: %d, %d added, %s", status, r.added.Load(), r.errText.String())
	}
	for name, want := range map[string]string{"nothing": "no skill", "dead_tool": "dead"} {
		if status := r.run("skill", "call", name); status != 1 || !strings.Contains(r.errText.String(), want) {
			t.Errorf("%s: %d %s", name, status, r.errText.String())
		}
	}
}

func TestAgreeToCall(t *testing.T) {
	x := skill.Skill{Name: "x", Title: "가"}
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "네\n": true, " 예 \n": true, "\n": false, "": false, "n\n": false, "yesterday\n": false} {
		if got := agreeToCall(io.Discard, strings.NewReader(answer), x, "{}"); got != want {
			t.Errorf("%q: %v", answer, got)
		}
	}
}

func TestSkillRates(t *testing.T) {
	r := newSkillRun(t)
	const table = "date\t2026-01-02\nsource\t우리 은행 고시\nUSD\t1\t1234.5\t미국 달러,US dollar,달러\n"
	good, bad, early := filepath.Join(t.TempDir(), "good.tsv"), filepath.Join(t.TempDir(), "bad.tsv"), filepath.Join(t.TempDir(), "early.tsv")
	for path, text := range map[string]string{good: table, bad: strings.Replace(table, "1234.5", "1,234.5", 1), early: strings.Replace(table, "2026-01-02", "2999-01-02", 1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	usd := func(want string) {
		t.Helper()
		if status := r.run("skill", "call", "convert_money", `{"amount":2,"from":"달러","to":"원"}`); status != 0 || !strings.Contains(r.out.String(), want) {
			t.Errorf("%d %s%s, want %q", status, r.out.String(), r.errText.String(), want)
		}
	}
	if status := r.run("skill", "rates"); status != 0 || !strings.Contains(r.out.String(), "100 JPY") || !strings.Contains(r.out.String(), "2026-10-30") {
		t.Errorf("%d %s", status, r.out.String())
	}
	usd("2,671 KRW")
	for path, want := range map[string]string{bad: "line 3", early: "still to come", "none.tsv": "no such file"} {
		if status := r.run("skill", "rates", path); status != 1 || !strings.Contains(r.errText.String(), want) {
			t.Errorf("%s: %d %s", path, status, r.errText.String())
		}
	}
	usd("2,671 KRW")
	if status := r.run("skill", "rates", good); status != 0 || !strings.Contains(r.out.String(), "1 USD") || !strings.Contains(r.out.String(), "1,234.5 KRW") {
		t.Errorf("%d %s%s", status, r.out.String(), r.errText.String())
	}
	usd("2,469 KRW(대한민국 원)\n1 USD = 1,234.5원: 2026-01-02 기준 참고 환율(우리 은행 고시)")
	r.write("rates.tsv", "broken")
	if status := r.run("skill", "call", "convert_money"); status != 1 || !strings.Contains(r.errText.String(), "malmoi skill rates FILE") {
		t.Errorf("a broken table: %d %s", status, r.errText.String())
	}
	if status := r.run("skill", "rates", "--reset"); status != 0 {
		t.Errorf("%d %s", status, r.errText.String())
	}
	usd("2,671 KRW")
}
