package openai

import (
	"encoding/json"

	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// TokenizeRequest is the body of POST /tokenize, as vLLM has it: a prompt, or
// the messages of a chat. ParseSpecial is ours: special tokens inside the
// prompt are read as such, which they are not by default.
type TokenizeRequest struct {
	Model            string            `json:"model"`
	Prompt           *string           `json:"prompt"`
	Content          *string           `json:"content"` // the same, as llama.cpp calls it
	Messages         []json.RawMessage `json:"messages"`
	Tools            []Tool            `json:"tools"`
	TemplateKwargs   json.RawMessage   `json:"chat_template_kwargs"`
	AddSpecialTokens *bool             `json:"add_special_tokens"`
	ParseSpecial     bool              `json:"parse_special"`
	ReturnTokenStrs  bool              `json:"return_token_strs"`
}

// TokenizeResponse is the answer.
type TokenizeResponse struct {
	Count       int      `json:"count"`
	MaxModelLen int      `json:"max_model_len"`
	Tokens      []int32  `json:"tokens"`
	TokenStrs   []string `json:"token_strs"`
}

// DecodeTokenize reads a tokenize request. chat is nil when it has a prompt.
func DecodeTokenize(body []byte) (w *TokenizeRequest, chat *llm.ChatRequest, err error) {
	w = new(TokenizeRequest)
	if err := wire.Decode(body, w); err != nil {
		return nil, nil, err
	}
	if w.Prompt == nil {
		w.Prompt = w.Content
	}
	switch {
	case w.Prompt == nil && w.Messages == nil:
		return nil, nil, wire.Missing("prompt")
	case w.Prompt != nil && w.Messages != nil:
		return nil, nil, wire.Invalid("messages", "cannot be combined with prompt")
	case w.Prompt != nil:
		return w, nil, nil
	}
	chat = &llm.ChatRequest{ToolChoice: llm.ToolChoice{Mode: "auto"}, ParallelToolCalls: true}
	if chat.Messages, err = messages(w.Messages); err != nil {
		return nil, nil, err
	}
	if chat.Tools, err = tools(w.Tools); err != nil {
		return nil, nil, err
	}
	chat.Kwargs, err = kwargs("", w.TemplateKwargs)
	return w, chat, err
}

// AddSpecial reports whether the prompt gets the tokens that the model's
// tokenizer puts around a text.
func (w *TokenizeRequest) AddSpecial() bool { return w.AddSpecialTokens == nil || *w.AddSpecialTokens }

// DetokenizeRequest is the body of POST /detokenize.
type DetokenizeRequest struct {
	Model  string          `json:"model"`
	Tokens json.RawMessage `json:"tokens"`
}

// DetokenizeResponse is the answer.
type DetokenizeResponse struct {
	Prompt string `json:"prompt"`
}

// DecodeDetokenize reads a detokenize request.
func DecodeDetokenize(body []byte) (*DetokenizeRequest, []int32, error) {
	var w DetokenizeRequest
	if err := wire.Decode(body, &w); err != nil {
		return nil, nil, err
	}
	if wire.Null(w.Tokens) {
		return nil, nil, wire.Missing("tokens")
	}
	ids, err := TokenIDs(w.Tokens, "tokens")
	return &w, ids, err
}
