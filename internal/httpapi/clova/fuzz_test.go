package clova

import (
	"errors"
	"testing"

	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Every decoder takes any bytes, and whatever it refuses it refuses as a
// client's mistake.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"messages":[{"role":"user","content":"안녕"}],"maxTokens":20,"includeAiFilters":true}`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"toolChoice":{"type":"function","function":{"name":"f"}},"thinking":{"effort":"high"}}`,
		`{"text":"가","start":"\n","restart":"#","maxTokens":0}`, `{"text":"가.","alpha":-100,"segCnt":-1}`,
		`{"texts":["가"],"segMinSize":300}`, `{"query":"q","documents":[{"id":"1","doc":"d"}]}`, `{"maxTokens":1e9}`, `[]`, "\xff",
	} {
		f.Add([]byte(s))
	}
	chat := func(decode func([]byte) (llm.ChatRequest, bool, error)) func([]byte) error {
		return func(b []byte) error {
			r, _, err := decode(b)
			if err == nil && (len(r.Messages) == 0 || r.MaxTokens < 1) {
				return errors.New("a chat without messages or room for an answer is taken")
			}
			return err
		}
	}
	decoders := []func([]byte) error{
		chat(DecodeChatV1), chat(DecodeChatV3), chat(DecodeReasoning),
		func(b []byte) error { _, _, err := DecodeCompletion(b); return err },
		func(b []byte) error { _, err := DecodeText(b, MaxEmbedText); return err },
		func(b []byte) error { _, err := DecodeTurns(b); return err },
		func(b []byte) error { _, _, err := DecodeSliding(b); return err },
		func(b []byte) error { _, err := DecodeSegmentation(b); return err },
		func(b []byte) error { _, err := DecodeSummary(b); return err },
		func(b []byte) error { _, err := DecodeRerank(b); return err },
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for i, decode := range decoders {
			err := decode(body)
			var refused *wire.Error
			if err != nil && (!errors.As(err, &refused) || refused.Status < 400 || refused.Status >= 500) {
				t.Errorf("decoder %d, %q: %v", i, body, err)
			}
		}
	})
}
