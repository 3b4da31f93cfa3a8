package converse

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"unicode"
)

// fileName makes a title fit for every file system.
func fileName(title string) string {
	title = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return ' '
		}
		return r
	}, title)
	title = strings.Trim(strings.Join(strings.Fields(title), " "), ". ")
	if rs := []rune(title); len(rs) > 60 {
		title = strings.TrimSpace(string(rs[:60]))
	}
	if title == "" {
		return "malmoi"
	}
	return title
}

const stampForm = "2006-01-02 15:04"

// markdown writes a branch for people. What was said is Markdown already and
// is not changed.
func markdown(c Chat, list []Message) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n", orUntitled(c.Title))
	for _, m := range list {
		if m.Role == User {
			fmt.Fprintf(&b, "## 나\n\n%s\n\n", strings.TrimSpace(m.Content))
			continue
		}
		fmt.Fprintf(&b, "## 답\n\n*%s · %s · %s*\n\n", GeneratedMark, m.Model, m.Created.Format(stampForm))
		for _, c := range calls(m) {
			markdownCall(&b, c)
		}
		if text := strings.TrimSpace(m.Content); text != "" {
			b.WriteString(text + "\n\n")
		}
		if note := ended(m); note != "" {
			fmt.Fprintf(&b, "*%s*\n\n", note)
		}
	}
	return b.Bytes()
}

func orUntitled(title string) string {
	if title == "" {
		return "제목 없는 대화"
	}
	return title
}

// ended says how an answer ended if it did not end well.
func ended(m Message) string {
	switch m.Status {
	case Length:
		return "답이 길이 한도에서 끝났습니다."
	case Stopped:
		return "사용자가 답을 멈췄습니다."
	case Interrupted, Live:
		return "답이 도중에 끊겼습니다."
	case Failed:
		return "답하지 못했습니다."
	}
	return ""
}

// htmlPage writes a branch as one HTML file that needs nothing else and runs
// nothing: all texts are escaped.
func htmlPage(c Chat, list []Message) ([]byte, error) {
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, map[string]any{"Title": orUntitled(c.Title), "Created": c.Created.Format(stampForm), "Messages": list, "Mark": GeneratedMark})
	return b.Bytes(), err
}

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"question": func(m Message) bool { return m.Role == User },
	"ended":    ended,
	"calls":    calls,
	"at":       func(m Message) string { return m.Created.Format(stampForm) },
}).Parse(`<!doctype html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<meta name="generator" content="malmoi">
<title>{{.Title}}</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.6 Pretendard, "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; word-break: keep-all; overflow-wrap: anywhere }
h1 { font-size: 1.4rem }
section { margin: 1.5rem 0 }
.text { white-space: pre-wrap }
.question .text { background: color-mix(in srgb, currentColor 8%, transparent); border-radius: 1rem; padding: .75rem 1rem }
.about, details { font-size: .85rem; opacity: .75 }
details { margin: .5rem 0 }
summary { cursor: pointer }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0 .75rem; font-size: .8rem }
@media print { section { break-inside: avoid-page } }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
<p class="about">{{.Created}}</p>
{{range .Messages}}{{if question .}}<section class="question"><div class="text">{{.Content}}</div></section>
{{else}}<section class="answer"><p class="about">{{$.Mark}} · {{.Model}} · {{at .}}</p>
{{with .Reasoning}}<details><summary>생각</summary><div class="text">{{.}}</div></details>
{{end}}{{range calls .}}<details><summary>도구: {{.Title}}{{with .State}} · {{.}}{{end}}</summary>
{{with .Arguments}}<p>실행한 내용</p><pre>{{.}}</pre>{{end}}{{if .Result}}<p>{{.ResultTitle}}</p><pre>{{.Result}}</pre>{{end}}</details>
{{end}}<div class="text">{{.Content}}</div>{{with ended .}}<p class="about">{{.}}</p>{{end}}</section>
{{end}}{{end}}</body>
</html>
`))
