package openai

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"malmoi/internal/llm"
)

func TestCompletionPrompts(t *testing.T) {
	f := func(prompt string, want ...llm.CompletionRequest) {
		t.Helper()
		_, got, err := DecodeCompletion([]byte(`{"prompt":` + prompt + `}`))
		if err != nil {
			t.Errorf("%s: %v", prompt, err)
			return
		}
		for i := range got {
			got[i].Params = llm.Params{}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", prompt, got, want)
		}
	}
	type R = llm.CompletionRequest
	f(`"옛날"`, R{Prompt: "옛날"})
	f(`""`, R{})
	f(`["a","b"]`, R{Prompt: "a"}, R{Prompt: "b"})
	f(`[1,2]`, R{IDs: []int32{1, 2}})
	f(`[[1],[2,3]]`, R{IDs: []int32{1}}, R{IDs: []int32{2, 3}})
	f(`["a",[7]]`, R{Prompt: "a"}, R{IDs: []int32{7}})
}

func TestCompletionRefuses(t *testing.T) {
	f := func(fields, param, code string) {
		t.Helper()
		_, _, err := DecodeCompletion([]byte(`{` + fields + `}`))
		refused(t, fields, err, param, code)
	}
	f(``, "prompt", "missing_required_parameter")
	f(`"prompt":{}`, "prompt", "invalid_value")
	f(`"prompt":[]`, "prompt", "invalid_value")
	f(`"prompt":[[]]`, "prompt[0]", "invalid_value")
	f(`"prompt":[1,"a"]`, "prompt", "invalid_value")
	f(`"prompt":[1.5]`, "prompt", "invalid_value")
	f(`"prompt":[-1]`, "prompt", "invalid_value")
	f(`"prompt":[4294967296]`, "prompt", "invalid_value")
	f(`"prompt":["a",1]`, "prompt[1]", "invalid_value")
	f(`"prompt":[`+strings.Repeat(`"a",`, MaxPrompts)+`"a"]`, "prompt", "invalid_value")
	f(`"prompt":"a","suffix":"b"`, "suffix", "unsupported_parameter")
	f(`"prompt":"a","best_of":3`, "best_of", "unsupported_parameter")
	f(`"prompt":"a","max_tokens":0`, "max_tokens", "invalid_value")
	f(`"prompt":"a","logprobs":21`, "logprobs", "invalid_value")
	f(`"prompt":"a","logprobs":true`, "logprobs", "invalid_type")
	f(`"prompt":"a","messages":[]`, "messages", "unknown_parameter")
}

func TestCompletionParams(t *testing.T) {
	f := func(fields string, want func(llm.CompletionRequest) bool) {
		t.Helper()
		_, got, err := DecodeCompletion([]byte(`{"prompt":"a",` + fields + `}`))
		if err != nil || !want(got[0]) {
			t.Errorf("%s: %v, %+v", fields, err, got)
		}
	}
	type R = llm.CompletionRequest
	f(`"echo":true`, func(r R) bool { return r.Echo && r.MaxTokens == 16 && !r.LogProbs })
	f(`"echo":true,"max_tokens":0,"logprobs":0`, func(r R) bool { return r.MaxTokens == NoTokens && r.LogProbs && r.TopLogProbs == 0 })
	f(`"logprobs":5,"n":2,"best_of":2,"max_tokens":7`, func(r R) bool { return r.TopLogProbs == 5 && r.N == 2 && r.MaxTokens == 7 })
	f(`"grammar":"root ::= \"x\""`, func(r R) bool { return r.Format.GBNF != "" })
}

// TestCompletionLogProbs follows a prompt that is echoed and a character that
// two tokens share.
func TestCompletionLogProbs(t *testing.T) {
	token := func(p float32, b ...byte) llm.ChosenLogProb {
		return llm.ChosenLogProb{TokenLogProb: llm.TokenLogProb{Bytes: b, LogProb: p}}
	}
	ga := []byte("가")
	second := token(-0.5, ga[0], ga[1])
	second.Top = []llm.TokenLogProb{{Bytes: []byte("나"), LogProb: -0.25}, {Bytes: ga[:1], LogProb: -3}}
	r := NewCompletionReply(ReplyHead{ID: "c", Model: "m"}, 1, false)
	r.Add(llm.Event{Content: "한", LogProbs: []llm.ChosenLogProb{token(float32(math.NaN()), []byte("한")...)}})
	r.Add(llm.Event{LogProbs: []llm.ChosenLogProb{second}})
	r.Add(llm.Event{Content: "가", LogProbs: []llm.ChosenLogProb{token(float32(math.Inf(-1)), ga[2])}})
	r.Add(llm.Event{Content: "!", LogProbs: []llm.ChosenLogProb{token(-1, '!')}, Finish: "stop"})
	b, err := json.Marshal(r.Response(llm.Usage{}).Choices[0])
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"index":0,"text":"한가!","logprobs":{` +
		`"tokens":["한","` + "\uFFFD" + `","` + "\uFFFD" + `","!"],` +
		`"token_logprobs":[null,-0.5,-9999,-1],` +
		`"top_logprobs":[null,{"나":-0.25,"` + "\uFFFD" + `":-0.5},{"` + "\uFFFD" + `":-9999},{"!":-1}],` +
		`"text_offset":[0,1,2,2]},"finish_reason":"stop"}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}

func TestEmbeddingRequests(t *testing.T) {
	f := func(fields, param, code string) {
		t.Helper()
		_, _, err := DecodeEmbedding([]byte(`{` + fields + `}`))
		refused(t, fields, err, param, code)
	}
	f(``, "input", "missing_required_parameter")
	f(`"input":""`, "input", "invalid_value")
	f(`"input":["a",""]`, "input", "invalid_value")
	f(`"input":"a","encoding_format":"int8"`, "encoding_format", "invalid_value")
	f(`"input":"a","dimensions":0`, "dimensions", "invalid_value")
	f(`"input":[`+strings.Repeat(`"a",`, MaxInputs)+`"a"]`, "input", "invalid_value")

	w, _, err := DecodeEmbedding([]byte(`{"input":"a","dimensions":2}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.Response("m", [][]float32{{0.3, 0.4, 0.5}}, 1)
	if err != nil || !reflect.DeepEqual(got.Data[0].Embedding, []float32{0.6, 0.8}) {
		t.Errorf("shortened to %v, %v; want unit length", got.Data, err)
	}
	_, err = w.Response("m", [][]float32{{1}}, 1)
	refused(t, "more dimensions than there are", err, "dimensions", "invalid_value")
}
