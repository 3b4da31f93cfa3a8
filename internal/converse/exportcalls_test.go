package converse

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// An answer's calls are in exports for people: what they are called, what was
// sent, what came back in short, and what became of them.
func TestExportsShowCalls(t *testing.T) {
	m := Message{Role: Assistant, Model: "m", Status: Done, Content: "끝.", Created: time.Unix(0, 0), ToolCalls: []ToolCall{
		{Name: "calculator", Title: "계산기", Arguments: `{"expression":"1+1"}`, Result: "2", State: Ran},
		{Name: "read_page", Title: "웹 문서", Arguments: `{}`, Result: strings.Repeat("가", 5000), State: Ran, Outside: true},
		{Name: "send", Arguments: `{"to":"kim"}`, State: Asks},
		{Name: "break", Title: "고장", Arguments: `not JSON`, Result: "timeout", State: Broke},
	}}
	page, err := htmlPage(Chat{Title: "제목"}, []Message{m})
	if err != nil {
		t.Fatal(err)
	}
	for kind, text := range map[string]string{"html": html.UnescapeString(string(page)), "md": string(markdown(Chat{}, []Message{m}))} {
		for _, want := range []string{"도구: 계산기", "1+1", "결과 (외부에서 온 글)", "가…", "도구: send · 허락하지 않아 실행하지 않음", "도구: 고장 · 실패", "not JSON", "timeout", "끝.", GeneratedMark} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q: %s", kind, want, text)
			}
		}
		if n := strings.Count(text, "가"); n > maxShown/len("가")+5 {
			t.Errorf("%s holds %d of a long result", kind, n)
		}
		if strings.Count(text, "<details>") != 4 || strings.Count(text, "</details>") != 4 || strings.Contains(text, "<details open") {
			t.Errorf("%s: not every call is folded: %s", kind, text)
		}
	}
	if m.ToolCalls[2].State != Asks {
		t.Error("exporting ended a call that waits")
	}
}

// hostileTexts try to get out of where an export puts them.
var hostileTexts = []string{
	`<script>alert(1)</script>`, `</pre></details><script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `"><svg onload=alert(1)>`,
	"```\n</details>\n<script>alert(1)</script>", "````\n\n<iframe src=javascript:alert(1)>", "</summary>\n\n<b>x</b>", `<!--`, `]]></style><script>`,
	`{"a":"</pre><script>alert(1)</script>"}`, "\u2028<script>", "<scr\x00ipt>alert(1)</script>",
}

// Whatever is said, titled, sent or brought back, the page has the elements of
// its own template only, and the Markdown's HTML is what the export wrote.
func TestExportsOfHostileCalls(t *testing.T) {
	for _, s := range hostileTexts {
		hostile(t, s)
	}
}

func FuzzExportCalls(f *testing.F) {
	for _, s := range hostileTexts {
		f.Add(s)
	}
	f.Fuzz(hostile)
}

func hostile(t *testing.T, s string) {
	m := Message{Role: Assistant, Content: s, Model: s, Reasoning: s, Status: Failed, ToolCalls: []ToolCall{
		{Name: s, Title: s, Arguments: s, Result: s, State: Ran, Outside: true}, {Name: s, Arguments: s, Result: s, State: CallState(s)},
	}}
	page, err := htmlPage(Chat{Title: s}, []Message{{Role: User, Content: s}, m})
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	allowed := map[string]bool{"html": true, "head": true, "meta": true, "title": true, "style": true, "body": true, "h1": true, "p": true, "section": true, "div": true, "details": true, "summary": true, "pre": true}
	z := html.NewTokenizer(strings.NewReader(string(page)))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type == html.StartTagToken || token.Type == html.SelfClosingTagToken {
			if !allowed[token.Data] {
				t.Errorf("%q became <%s>", s, token.Data)
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" {
					t.Errorf("%q became %s=%q", s, a.Key, a.Val)
				}
			}
		}
	}
	m.Content, m.Model = "", "m" // what was said stays Markdown as it is
	if got := outsideFences(string(markdown(Chat{}, []Message{m}))); strings.Count(got, "<details>") != 2 || strings.Count(got, "</details>") != 2 || strings.Count(got, "<") != 8 {
		t.Errorf("%q: outside its fences the Markdown says %s", s, got)
	}
}

// outsideFences is a Markdown text without what its fences hold. A fence ends
// at a line that is nothing but at least as many backticks.
func outsideFences(text string) string {
	var out []string
	open := ""
	for _, line := range strings.Split(text, "\n") {
		mark := strings.TrimSpace(line)
		ticks := len(mark) >= 3 && strings.Trim(mark, "`") == ""
		switch {
		case open == "" && ticks:
			open = mark
		case open != "" && ticks && len(mark) >= len(open):
			open = ""
		case open == "":
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
