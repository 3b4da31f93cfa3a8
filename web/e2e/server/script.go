package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

//go:embed showcase.md
var showcase string

//go:embed artifact.html
var artifact string

//go:embed xss.json
var xssJSON []byte

// plan is what a question gets.
type plan struct {
	text      string
	reasoning string
	size      int           // characters a piece, 4 if 0
	delay     time.Duration // between pieces; negative: the server's
	tool      bool
	calls     [][2]string // one a turn: name and arguments
	echo      bool        // the answer ends with the last call's result, as the model was told it
	stall     bool        // after three pieces, until it is stopped
	cut       bool        // the model breaks off
	finish    string
	err       error // instead of an answer
}

// usual is the delay of the command line.
const usual = -1

// plans are the commands, by a question's first word:
//
//	/long      some 400 sentences, 25 ms apart
//	/showcase  all that Markdown can be
//	/xss       payloads that must not run
//	/split     one character at a time
//	/cut       ends with an error in the middle
//	/stall     stops after three pieces and goes on never
//	/think     reasoning, then an answer
//	/tool      a tool call
//	/calc      calls the calculator, then answers
//	/mail      calls a skill that changes something, then answers
//	/spy       reads a page, then does as /mail
//	/python CODE  has the page run the code, then says what came out
//	/length    reaches the limit of tokens
//	/code      a block of 2,500 lines
//	/artifact HOST:PORT  HTML that tries to reach that address, and the page around it
//	/foul      words that a text filter ends
//	/slow      the usual answer, 150 ms a piece
//	/busy /toolong /fail   no answer, with the failures of these names
func plans(question string) plan {
	word, _, _ := strings.Cut(strings.TrimSpace(question), " ")
	word, _, _ = strings.Cut(word, "\n")
	switch word {
	case "/long":
		return plan{text: strings.Repeat("천천히 한 마디씩 이어지는 긴 답변입니다. ", 400), delay: 25 * time.Millisecond}
	case "/showcase":
		return plan{text: showcase, size: 7, delay: time.Millisecond}
	case "/xss":
		return plan{text: strings.Join(xss(), "\n\n"), size: 9}
	case "/split":
		return plan{text: "한글 음절이 바이트 사이에서 잘려도 깨지지 않습니다. 🇰🇷 뷁쀍", size: 1}
	case "/cut":
		return plan{text: "여기까지만 오고 끊깁니다.", cut: true}
	case "/stall":
		return plan{text: "첫 마디 뒤에 한참 멈춥니다. ", stall: true}
	case "/think":
		return plan{text: "**답**은 4입니다.", reasoning: "2와 2를 더하면 4가 된다. 검산해도 4다.", delay: usual}
	case "/tool":
		return plan{tool: true, delay: usual}
	case "/calc":
		return plan{text: "계산기로 확인했습니다.", delay: usual, calls: [][2]string{{"calculate", `{"expression":"12*34"}`}}}
	case "/mail":
		return plan{text: "메일 이야기는 여기까지입니다.", delay: usual, calls: [][2]string{mail}}
	case "/spy":
		return plan{text: "글을 읽고 답했습니다.", delay: usual, calls: [][2]string{{"read_page", `{}`}, mail}}
	case "/python":
		return plan{text: "실행 결과입니다.", delay: usual, echo: true, calls: [][2]string{python(strings.TrimSpace(strings.TrimPrefix(question, word)))}}
	case "/length":
		return plan{text: "길이 제한에 닿는 답", finish: "length", delay: usual}
	case "/code":
		return plan{text: "```js\n" + strings.Repeat("const 긴줄 = '코드가 이어진다'; // 12345\n", 2500) + "```", size: 12}
	case "/artifact":
		return plan{text: "```html\n" + strings.ReplaceAll(artifact, "canary.invalid", strings.TrimSpace(strings.TrimPrefix(question, word))) + "```\n\n```svg\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"90\"><circle cx=\"45\" cy=\"45\" r=\"40\" fill=\"teal\"/></svg>\n```", size: 60}
	case "/foul":
		return plan{text: "하하 이런 씨발", delay: usual}
	case "/slow":
		return plan{text: answerTo(question), delay: 150 * time.Millisecond}
	case "/busy":
		return plan{err: busy{}}
	case "/toolong":
		return plan{err: &llm.ContextError{Prompt: 40000, Max: 0, Limit: 32768}}
	case "/fail":
		return plan{err: errors.New("engine stopped")}
	}
	return plan{text: answerTo(question), delay: usual}
}

// mail is a call that changes something.
var mail = [2]string{"send_mail", `{"to":"kim@example.com","text":"내일 10시에 뵙겠습니다."}`}

// python is a call that the user's page makes.
func python(code string) [2]string {
	arguments, err := json.Marshal(map[string]string{"code": code})
	if err != nil {
		panic(err) // a text is always JSON
	}
	return [2]string{"run_python", string(arguments)}
}

// turn is what the plan says after so many results of calls, of which last is
// the last.
func (p plan) turn(results int, last string) plan {
	if results < len(p.calls) {
		return plan{calls: p.calls[results : results+1], tool: true, delay: p.delay}
	}
	if p.echo && len(p.calls) > 0 {
		p.text += "\n\n```text\n" + last + "\n```"
	}
	p.calls = nil
	return p
}

func answerTo(question string) string {
	head := []rune(question)
	head = head[:min(200, len(head))]
	return fmt.Sprintf("**질문(question)**에 답합니다: %s\n\n- 하나\n- 둘\n\n좋은 하루 보내세요.", string(head))
}

func xss() []string {
	var list []string
	if err := json.Unmarshal(xssJSON, &list); err != nil {
		panic(err) // the embedded file is ours
	}
	return list
}

// busy is a full queue that says when to come back.
type busy struct{}

func (busy) Error() string             { return "queue is full" }
func (busy) Is(err error) bool         { return err == llm.ErrBusy }
func (busy) RetryAfter() time.Duration { return 7 * time.Second }

// script turns a plan into the moves of a stream.
func (p plan) script(delay time.Duration) fake.Script {
	if p.err != nil {
		return fake.Script{Err: p.err}
	}
	if p.delay != usual {
		delay = p.delay
	}
	var s fake.Script
	add := func(e llm.Event) { s.Steps = append(s.Steps, fake.Step{Event: e, Wait: delay}) }
	for _, piece := range pieces(p.reasoning, p.size) {
		add(llm.Event{Reasoning: piece})
	}
	if p.tool {
		call := [2]string{"get_weather", `{"city":"서울","unit":"celsius"}`}
		if len(p.calls) > 0 {
			call = p.calls[0]
		}
		add(llm.Event{ToolCall: &llm.ToolCallDelta{ID: "call_1", Name: call[0]}})
		for _, piece := range pieces(call[1], p.size) {
			add(llm.Event{ToolCall: &llm.ToolCallDelta{Arguments: piece}})
		}
	}
	for i, piece := range pieces(p.text, p.size) {
		if p.stall && i == 3 {
			s.Steps = append(s.Steps, fake.Step{Hang: true})
		}
		add(llm.Event{Content: piece})
	}
	count := len(s.Steps)
	if p.cut {
		s.Steps = append(s.Steps, fake.Step{Err: errors.New("the model broke off"), Wait: 200 * time.Millisecond})
	} else {
		add(llm.Event{Finish: p.end()})
	}
	s.Usage = llm.Usage{PromptTokens: 12, CachedTokens: 4, CompletionTokens: count, Decode: time.Duration(count) * delay}
	return s
}

func (p plan) end() string {
	switch {
	case p.finish != "":
		return p.finish
	case p.tool:
		return "tool_calls"
	}
	return "stop"
}

// pieces cuts a text every size characters.
func pieces(text string, size int) []string {
	if size == 0 {
		size = 4
	}
	var out []string
	for r := []rune(text); len(r) > 0; {
		n := min(size, len(r))
		out = append(out, string(r[:n]))
		r = r[n:]
	}
	return out
}
