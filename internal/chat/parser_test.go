package chat

import (
	"fmt"
	"strings"
	"testing"
)

var testTools = []Tool{
	{Name: "get_weather", Parameters: []byte(`{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}`)},
	{Name: "now", Parameters: nil},
}

// reply is what a reply consists of, calls as name(arguments).
type reply struct{ content, reasoning, calls string }

func gather(deltas []Delta) reply {
	var r reply
	for _, d := range deltas {
		r.content += d.Content
		r.reasoning += d.Reasoning
		if d.Call != nil {
			r.calls += d.Call.Name + "(" + d.Call.Arguments + ");"
		}
	}
	return r
}

type parserCase struct {
	name, prompt, text string
	noTools            bool
	want               reply
}

// check feeds a reply whole, byte by byte and cut in two at every place.
func (c parserCase) check(t *testing.T, d Dialect) {
	t.Helper()
	run := func(how string, pieces ...string) {
		o := ParserOptions{Prompt: c.prompt, Tools: testTools, NewID: func() string { return "id" }}
		if c.noTools {
			o.Tools = nil
		}
		p := d.Parser(o)
		var all []Delta
		for _, s := range pieces {
			all = append(all, p.Push(s)...)
		}
		all = append(all, p.Close()...)
		if got := gather(all); got != c.want {
			t.Errorf("%s, %s:\ngot  %+q\nwant %+q", c.name, how, got, c.want)
		}
		for _, d := range all {
			if d.Content == "" && d.Reasoning == "" && d.Call == nil {
				t.Errorf("%s, %s: empty delta", c.name, how)
			}
		}
	}
	run("whole", c.text)
	var bytes []string
	for i := range len(c.text) {
		bytes = append(bytes, c.text[i:i+1])
		run(fmt.Sprintf("cut at %d", i), c.text[:i], c.text[i:])
		if t.Failed() {
			return
		}
	}
	run("byte by byte", bytes...)
}

func checkAll(t *testing.T, d Dialect, cases []parserCase) {
	t.Helper()
	for _, c := range cases {
		c.check(t, d)
	}
}

const weather = `get_weather({"city": "서울"});`

func TestPlain(t *testing.T) {
	checkAll(t, Detect("{{ messages }}", ""), []parserCase{
		{name: "text", text: "안녕하세요.\n\n둘째 문단 ", want: reply{content: "안녕하세요.\n\n둘째 문단 "}},
		{name: "nothing", text: "", want: reply{}},
		{name: "space only", text: "\n", want: reply{content: "\n"}},
		{name: "think", text: "<think>\n생각\n중\n</think>\n\n답", want: reply{"답", "생각\n중", ""}},
		{name: "think, empty", text: "<think>\n\n</think>\n\n답", want: reply{content: "답"}},
		{name: "think, cut off", text: "<think>\nabc</thi", want: reply{reasoning: "abc</thi"}},
		{name: "think in the middle is text", text: "The tag <think> opens it, </think> closes.", want: reply{content: "The tag <think> opens it, </think> closes."}},
		{name: "tag begun", text: "a <thi", want: reply{content: "a <thi"}},
		{name: "opened by the prompt", prompt: "<|im_start|>assistant\n<think>\n", text: "abc\n</think>\n\nx", want: reply{"x", "abc", ""}},
		{name: "closed by the prompt", prompt: "<|im_start|>assistant\n<think>\n\n</think>\n\n", text: "x", want: reply{content: "x"}},
		{name: "less than", text: "a < b <t> {", want: reply{content: "a < b <t> {"}},
	})
}

func TestHermes(t *testing.T) {
	d := Detect("<|im_start|> <tool_call> <|im_end|>", "qwen2")
	checkAll(t, d, []parserCase{
		{name: "call", text: "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"서울\"}}\n</tool_call>", want: reply{calls: weather}},
		{name: "text and call", text: "볼게요.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"서울\"}}\n</tool_call>\n", want: reply{content: "볼게요.", calls: weather}},
		{name: "two calls", text: "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"서울\"}}</tool_call>\n<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>", want: reply{calls: weather + "now({});"}},
		{name: "two in one", text: "<tool_call>\n{\"name\":\"now\",\"arguments\":{}}\n{\"name\":\"now\"}\n</tool_call>", want: reply{calls: "now({});now({});"}},
		{name: "never closed", text: "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n", want: reply{calls: "now({});"}},
		{name: "text after", text: "<tool_call>{\"name\":\"now\"}</tool_call>\n끝", want: reply{content: "끝", calls: "now({});"}},
		{name: "closing tag in a string", text: `<tool_call>{"name":"now","arguments":{"x":"</tool_call>"}}</tool_call>`, want: reply{calls: `now({"x":"</tool_call>"});`}},
		{name: "arguments as text", text: `<tool_call>{"name":"now","arguments":"{\"a\": 1}"}</tool_call>`, want: reply{calls: `now({"a": 1});`}},
		{name: "broken JSON", text: "x <tool_call>{\"name\": now}</tool_call> y", want: reply{content: "x <tool_call>{\"name\": now}</tool_call> y"}},
		{name: "cut off", text: "<tool_call>\n{\"name\": \"get_wea", want: reply{content: "<tool_call>\n{\"name\": \"get_wea"}},
		{name: "no name", text: "<tool_call>{\"arguments\": {}}</tool_call>", want: reply{content: "<tool_call>{\"arguments\": {}}</tool_call>"}},
		{name: "arguments no object", text: "<tool_call>{\"name\": \"now\", \"arguments\": [1]}</tool_call>", want: reply{content: "<tool_call>{\"name\": \"now\", \"arguments\": [1]}</tool_call>"}},
		{name: "broken, then good", text: "<tool_call>nonsense <tool_call>{\"name\":\"now\"}</tool_call>", want: reply{content: "<tool_call>nonsense", calls: "now({});"}},
		{name: "empty", text: "<tool_call></tool_call>", want: reply{content: "<tool_call></tool_call>"}},
		{name: "no tools offered", noTools: true, text: "<tool_call>{\"name\":\"now\"}</tool_call>", want: reply{content: "<tool_call>{\"name\":\"now\"}</tool_call>"}},
		{name: "think and call", text: "<think>\nhm\n</think>\n\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", want: reply{"", "hm", "now({});"}},
		{name: "think, text and call", text: "<think>a</think>b\n\n<tool_call>{\"name\":\"now\"}</tool_call>", want: reply{"b", "a", "now({});"}},
		{name: "call while thinking is thought", prompt: "<think>\n", text: "<tool_call>{}</tool_call></think>x", want: reply{"x", "<tool_call>{}</tool_call>", ""}},
		{name: "tag begun", text: "a\n<tool_c", want: reply{content: "a\n<tool_c"}},
		{name: "block of JSON", text: "```json\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"서울\"}}\n```", want: reply{calls: weather}},
		{name: "block, then text", text: "\n```json\n{\"name\": \"now\", \"arguments\": {}}\n```\n잠시만요.", want: reply{content: "잠시만요.", calls: "now({});"}},
		{name: "block with two calls", text: "```json\n{\"name\":\"now\"}\n{\"name\":\"now\",\"arguments\":{}}\n```", want: reply{calls: "now({});now({});"}},
		{name: "two blocks", text: "```json\n{\"name\":\"now\"}\n```\n```json\n{\"name\":\"now\"}\n```", want: reply{calls: "now({});now({});"}},
		{name: "block not closed", text: "```json\n{\"name\": \"now\", \"arguments\": {}}", want: reply{calls: "now({});"}},
		{name: "fence in an argument", text: "```json\n{\"name\":\"now\",\"arguments\":{\"x\":\"```\"}}\n```", want: reply{calls: "now({\"x\":\"```\"});"}},
		{name: "block of a tool that was not offered", text: "```json\n{\"name\": \"rm\", \"arguments\": {}}\n```", want: reply{content: "```json\n{\"name\": \"rm\", \"arguments\": {}}\n```"}},
		{name: "block of data", text: "```json\n{\"city\": \"서울\"}\n```\n끝", want: reply{content: "```json\n{\"city\": \"서울\"}\n```\n끝"}},
		{name: "block of a person", text: "```json\n{\"name\": \"김\", \"age\": 3}\n```", want: reply{content: "```json\n{\"name\": \"김\", \"age\": 3}\n```"}},
		{name: "block behind text is text", text: "이렇게요:\n```json\n{\"name\": \"now\"}\n```", want: reply{content: "이렇게요:\n```json\n{\"name\": \"now\"}\n```"}},
		{name: "block and no tools offered", noTools: true, text: "```json\n{\"name\": \"now\"}\n```", want: reply{content: "```json\n{\"name\": \"now\"}\n```"}},
		{name: "block broken", text: "```json\n{\"name\": now}\n```", want: reply{content: "```json\n{\"name\": now}\n```"}},
	})
}

func TestLlama3(t *testing.T) {
	checkAll(t, Detect(`<|start_header_id|> {"name": function name, "parameters": ...} <|python_tag|>`, "llama"), []parserCase{
		{name: "call", text: "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"서울\"}}", want: reply{calls: weather}},
		{name: "space in front", text: "\n {\"name\": \"now\", \"parameters\": {}}\n", want: reply{calls: "now({});"}},
		{name: "two", text: `{"name": "now", "parameters": {}}; {"name": "now", "parameters": {"a": 1}}`, want: reply{calls: `now({});now({"a": 1});`}},
		{name: "array", text: `[{"name": "now", "parameters": {}}]`, want: reply{calls: `now({});`}},
		{name: "python list", text: `[now(), get_weather(city="서울")]`, want: reply{calls: `now({});` + weather}},
		{name: "python tag", text: `<|python_tag|>{"type": "function", "name": "now", "parameters": {}}`, want: reply{calls: "now({});"}},
		{name: "built-in tool", text: `<|python_tag|>brave_search.call(query="a \"b\"")`, want: reply{calls: `brave_search({"query": "a \"b\""});`}},
		{name: "code", text: "<|python_tag|>print(1)", want: reply{content: "<|python_tag|>print(1)"}},
		{name: "JSON answer", text: `{"answer": {"name": "now"}}`, want: reply{content: `{"answer": {"name": "now"}}`}},
		{name: "unknown tool", text: `{"name": "Kim", "age": 3}`, want: reply{content: `{"name": "Kim", "age": 3}`}},
		{name: "cut off", text: `{"name": "now", "param`, want: reply{content: `{"name": "now", "param`}},
		{name: "list answer", text: "[1, 2]", want: reply{content: "[1, 2]"}},
		{name: "link", text: "[now](http://x) is", want: reply{content: "[now](http://x) is"}},
		{name: "text first", text: `Sure: {"name": "now", "parameters": {}}`, want: reply{content: `Sure: {"name": "now", "parameters": {}}`}},
		{name: "text after", text: `{"name": "now", "parameters": {}} done`, want: reply{content: "done", calls: "now({});"}},
	})
}

func TestMistral(t *testing.T) {
	checkAll(t, Detect("[TOOL_CALLS] [THINK] [/THINK]", "llama"), []parserCase{
		{name: "array", text: `[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "서울"}, "id": "abcdefghi"}]`, want: reply{calls: weather}},
		{name: "array with space", text: `[TOOL_CALLS] [{"name": "now", "arguments": {}}, {"name": "now"}]`, want: reply{calls: "now({});now({});"}},
		{name: "name and arguments", text: `[TOOL_CALLS]get_weather[ARGS]{"city": "서울"}[TOOL_CALLS]now[ARGS]{}`, want: reply{calls: weather + "now({});"}},
		{name: "with id", text: `[TOOL_CALLS]now[CALL_ID]123456789[ARGS]{}`, want: reply{calls: "now({});"}},
		{name: "text in front", text: `Let me see.[TOOL_CALLS]now[ARGS]{}`, want: reply{content: "Let me see.", calls: "now({});"}},
		{name: "thinking", text: "[THINK]hm[/THINK]ok", want: reply{"ok", "hm", ""}},
		{name: "cut off", text: `[TOOL_CALLS]now[ARGS]{"a`, want: reply{content: `[TOOL_CALLS]now[ARGS]{"a`}},
		{name: "broken", text: `[TOOL_CALLS][{"name": 5}] x`, want: reply{content: `[TOOL_CALLS][{"name": 5}] x`}},
	})
}

func TestHyperCLOVAX(t *testing.T) {
	d := Detect("tool_list assistant -> tool/function_call <|im_end|>", "hyperclovax")
	const open, plain, think = "<|im_start|>assistant", "<|im_start|>assistant\n", "<|im_start|>assistant/think\n"
	checkAll(t, d, []parserCase{
		{name: "answer", prompt: plain, text: "안녕하세요<|im_end|><|endofturn|>", want: reply{content: "안녕하세요"}},
		{name: "answer, tokens hidden", prompt: plain, text: "안녕하세요", want: reply{content: "안녕하세요"}},
		{name: "forced thinking", prompt: think, text: "생각\n<|im_end|>\n<|im_start|>assistant\n답<|im_end|><|endofturn|>", want: reply{"답", "생각", ""}},
		{name: "chooses to think", prompt: open, text: "/think\n생각<|im_end|>\n<|im_start|>assistant\n답", want: reply{"답", "생각", ""}},
		{name: "chooses not to", prompt: open, text: "\n답<|im_end|><|endofturn|>", want: reply{content: "답"}},
		{name: "calls at once", prompt: open, text: " -> tool/function_call\n{\"name\":\"now\",\"input\":{}}<|im_end|><|stop|>", want: reply{calls: "now({});"}},
		{name: "array", prompt: plain, text: "볼게요<|im_end|>\n<|im_start|>assistant -> tool/function_call\n[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"서울\"}}]<|im_end|><|stop|>", want: reply{content: "볼게요", calls: weather}},
		{name: "object, cut before the end", prompt: plain, text: "<|im_end|>\n<|im_start|>assistant -> tool/function_call\n{\"name\": \"get_weather\", \"input\": {\"city\": \"서울\"}}", want: reply{calls: weather}},
		{name: "think and call", prompt: think, text: "a<|im_end|>\n<|im_start|>assistant -> tool/function_call\n{\"name\": \"now\"}<|im_end|><|stop|>", want: reply{"", "a", "now({});"}},
		{name: "broken call", prompt: plain, text: "<|im_end|>\n<|im_start|>assistant -> tool/function_call\nnow()<|im_end|>", want: reply{content: "<|im_start|>assistant -> tool/function_call\nnow()"}},
		{name: "no head", prompt: open, text: "그냥 답", want: reply{content: "그냥 답"}},
		{name: "unknown head", prompt: plain, text: "a<|im_end|>\n<|im_start|>assistant/other\nb", want: reply{content: "a/other\nb"}},
		{name: "trailing space", prompt: plain, text: "a \n", want: reply{content: "a \n"}},
		{name: "tag begun", prompt: plain, text: "a<|im_", want: reply{content: "a<|im_"}},
	})
	if !contains(d.Stops, "<|endofturn|>") || contains(d.Stops, "<|im_end|>") || !contains(d.Continues, "<|im_end|>") {
		t.Errorf("stops %q, continues %q", d.Stops, d.Continues)
	}
}

func TestGLM(t *testing.T) {
	checkAll(t, Detect("<tool_call> <arg_key> <think>", "glm4"), []parserCase{
		{name: "call", text: "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>서울</arg_value>\n<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>", want: reply{calls: `get_weather({"city": "서울", "days": 3});`}},
		{name: "string that looks like a number", text: "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>12</arg_value>\n</tool_call>", want: reply{calls: `get_weather({"city": "12"});`}},
		{name: "no arguments", text: "<think>x</think>\n<tool_call>now\n</tool_call>", want: reply{"", "x", "now({});"}},
		{name: "several lines", text: "<tool_call>get_weather<arg_key>city</arg_key><arg_value>a\n\"b\"</arg_value></tool_call>", want: reply{calls: `get_weather({"city": "a\n\"b\""});`}},
		{name: "JSON", text: `<tool_call>{"name": "now", "arguments": {}}</tool_call>`, want: reply{calls: "now({});"}},
		{name: "cut off", text: "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>서", want: reply{content: "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>서"}},
		{name: "broken", text: "<tool_call>get_weather\n<arg_key>city</arg_key>서울</tool_call>", want: reply{content: "<tool_call>get_weather\n<arg_key>city</arg_key>서울</tool_call>"}},
	})
}

func TestFunctionTags(t *testing.T) {
	checkAll(t, Detect("<tool_call> <function= <parameter=", "qwen3"), []parserCase{
		{name: "call", text: "<tool_call>\n<function=get_weather>\n<parameter=city>\n서울\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>", want: reply{calls: `get_weather({"city": "서울", "days": 3});`}},
		{name: "without the outer tag", text: "ok\n<function=now>\n</function>", want: reply{content: "ok", calls: "now({});"}},
		{name: "cut off", text: "<tool_call>\n<function=now>\n<parameter=x", want: reply{content: "<tool_call>\n<function=now>\n<parameter=x"}},
		{name: "JSON", text: "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", want: reply{calls: "now({});"}},
	})
	checkAll(t, Detect("<function=name>{}</function>", "llama"), []parserCase{
		{name: "JSON arguments", text: "<function=get_weather>{\"city\": \"서울\"}</function>", want: reply{calls: weather}},
		{name: "broken", text: "<function=get_weather>{city}</function>", want: reply{content: "<function=get_weather>{city}</function>"}},
	})
}

func TestHarmony(t *testing.T) {
	const prompt = "<|end|><|start|>assistant"
	checkAll(t, Detect("<|channel|> <|message|>", "gpt-oss"), []parserCase{
		{name: "final", prompt: prompt, text: "<|channel|>final<|message|>hi<|return|>", want: reply{content: "hi"}},
		{name: "analysis and final", prompt: prompt, text: "<|channel|>analysis<|message|>hm\n<|end|><|start|>assistant<|channel|>final<|message|>hi", want: reply{"hi", "hm", ""}},
		{name: "call", prompt: prompt, text: "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"서울\"}<|call|>", want: reply{"", "hm", weather}},
		{name: "recipient in the role", prompt: prompt, text: " to=functions.now<|channel|>commentary json<|message|>{}<|call|>", want: reply{calls: "now({});"}},
		{name: "preamble", prompt: prompt, text: "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.now<|message|>{}", want: reply{content: "I look.", calls: "now({});"}},
		{name: "broken call", prompt: prompt, text: "<|channel|>commentary to=functions.now<|message|>nope<|call|>", want: reply{content: "<|channel|>commentary to=functions.now<|message|>nope"}},
		{name: "no channel", prompt: prompt, text: "just text", want: reply{content: "just text"}},
		{name: "cut in the head", prompt: prompt, text: "<|channel|>fin", want: reply{content: "<|channel|>fin"}},
	})
}

func TestTokenDialects(t *testing.T) {
	checkAll(t, Detect("<|START_ACTION|> <|START_THINKING|> <|END_THINKING|>", "cohere2"), []parserCase{
		{name: "command", text: "<|START_THINKING|>hm<|END_THINKING|><|START_ACTION|>[\n {\"tool_call_id\": \"0\", \"tool_name\": \"get_weather\", \"parameters\": {\"city\": \"서울\"}}\n]<|END_ACTION|>", want: reply{"", "hm", weather}},
	})
	checkAll(t, Detect("<|tool_call_begin|>", "kimi"), []parserCase{
		{name: "kimi", text: "a<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{\"city\": \"서울\"}<|tool_call_end|><|tool_call_begin|>functions.now:1<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>", want: reply{content: "a", calls: weather + "now({});"}},
	})
	checkAll(t, Detect("<|tool_call_start|>", "lfm2"), []parserCase{
		{name: "lfm2", text: `<|tool_call_start|>[get_weather(city='서울')]<|tool_call_end|>ok`, want: reply{content: "ok", calls: weather}},
	})
	checkAll(t, Detect("<｜tool▁calls▁begin｜>", "deepseek2"), []parserCase{
		{name: "deepseek", text: "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{\"city\": \"서울\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", want: reply{calls: weather}},
		{name: "deepseek 3.1", text: "<think>a</think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", want: reply{"", "a", "now({});"}},
	})
	checkAll(t, Detect("<|tool_call|>", "granite"), []parserCase{
		{name: "granite", text: `<|tool_call|>[{"name": "now", "arguments": {}}]`, want: reply{calls: "now({});"}},
	})
}

func TestGeneric(t *testing.T) {
	checkAll(t, Detect("<start_of_turn>", "gemma3"), []parserCase{
		{name: "fence", text: "```json\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"서울\"}}\n```", want: reply{calls: weather}},
		{name: "bare", text: "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"서울\"}}", want: reply{calls: weather}},
		{name: "text and fence", text: "I look.\n\n```json\n{\"name\": \"now\", \"arguments\": {}}\n```\n", want: reply{content: "I look.", calls: "now({});"}},
		{name: "tool_code", text: "```tool_code\nget_weather(city=\"서울\")\n```", want: reply{calls: weather}},
		{name: "other JSON", text: "```json\n{\"a\": 1}\n```\nend", want: reply{content: "```json\n{\"a\": 1}\n```\nend"}},
		{name: "other fence", text: "```python\nx = {\"name\": \"now\"}\n```", want: reply{content: "```python\nx = {\"name\": \"now\"}\n```"}},
		{name: "unknown tool", text: "```json\n{\"name\": \"other\", \"arguments\": {}}\n```", want: reply{content: "```json\n{\"name\": \"other\", \"arguments\": {}}\n```"}},
		{name: "cut off", text: "```json\n{\"name\": \"no", want: reply{content: "```json\n{\"name\": \"no"}},
		{name: "no tools", noTools: true, text: "```json\n{\"name\": \"now\"}\n```", want: reply{content: "```json\n{\"name\": \"now\"}\n```"}},
	})
}

func TestNewID(t *testing.T) {
	p := Detect("<tool_call>", "").Parser(ParserOptions{Tools: testTools})
	d := append(p.Push(`<tool_call>{"name":"now"}</tool_call><tool_call>{"name":"now","id":"own"}</tool_call>`), p.Close()...)
	if len(d) != 2 || len(d[0].Call.ID) != 9 || strings.Trim(d[0].Call.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" || d[1].Call.ID != "own" {
		t.Errorf("deltas %+v", d)
	}
	if p.Calls() != 2 {
		t.Errorf("%d calls", p.Calls())
	}
}

// FuzzParser: no reply makes a parser panic, and the pieces in which it comes
// make no difference.
func FuzzParser(f *testing.F) {
	sources := []string{"", "<tool_call>", "<|python_tag|>", "[TOOL_CALLS][THINK][/THINK]", "tool/function_call", "<arg_key>", "<|channel|><|message|>", "<function=<parameter=", "<function=",
		"<|START_ACTION|>", "<|tool_call_begin|>", "<|tool_call_start|>", "tool▁calls▁begin", "<|tool_call|>"}
	for i := range sources {
		f.Add(i, 3, "<|im_start|>assistant", "<think>\na</think>\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call> x")
		f.Add(i, 9, "", "[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS][{\"name\":\"now\"}]<|channel|>final<|message|>a<|end|>")
		f.Add(i, 5, "", "```json\n{\"name\":\"now\"}\n```<function=now>{}</function>[now(a=[1,{'b':None}])]")
		f.Add(i, 7, "<|start|>assistant", "/think\na<|im_end|>\n<|im_start|>assistant -> tool/function_call\n{\"name\":\"now\"}<|im_end|><|stop|>")
	}
	f.Fuzz(func(t *testing.T, source, cut int, prompt, text string) {
		d := Detect(sources[uint(source)%uint(len(sources))], "")
		run := func(size int) reply {
			p := d.Parser(ParserOptions{Prompt: prompt, Tools: testTools, NewID: func() string { return "id" }})
			var all []Delta
			for rest := text; rest != ""; {
				n := min(size, len(rest))
				all = append(all, p.Push(rest[:n])...)
				rest = rest[n:]
			}
			return gather(append(all, p.Close()...))
		}
		whole := run(len(text) + 1)
		if got := run(1 + int(uint(cut)%17)); got != whole {
			t.Errorf("in pieces %+q\nwhole     %+q", got, whole)
		}
	})
}

func TestMarker(t *testing.T) {
	tests := []struct {
		source, token string
		want          bool
	}{
		{"tool/function_call", "<|im_start|>", true},
		{"tool/function_call", "<|stop|>", true},
		{"tool/function_call", "<|endoftext|>", false},
		{"<tool_call>", "<tool_call>", true},
		{"<tool_call>", "<|im_end|>", false},
		{"<tool_call>", "", false},
		{"[TOOL_CALLS]", "[ARGS]", true},
		{"<|channel|><|message|>", "<|constrain|>", true},
		{"<|tool_call_begin|>", "<|tool_call_argument_begin|>", true},
		{"tool▁calls▁begin", "<｜tool▁sep｜>", true},
		{"", "<think>", true},
	}
	for _, tt := range tests {
		if got := Detect(tt.source, "").Marker(tt.token); got != tt.want {
			t.Errorf("%q in %q: %v", tt.token, tt.source, got)
		}
	}
}
