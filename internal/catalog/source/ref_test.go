package source

import (
	"strings"
	"testing"
)

func TestRefs(t *testing.T) {
	check := func(in string, want Ref, ok bool, fails bool) {
		t.Helper()
		got, gotOK, err := ParseRef(in)
		if gotOK != ok || (err != nil) != fails || (!fails && got != want) {
			t.Errorf("%q: got %+v %v %v", in, got, gotOK, err)
		}
	}
	check("qwen3-0.6b", Ref{}, false, false)
	check("hf:a/b", Ref{Repo: "a/b"}, true, false)
	check("hf:a/b:Q4_K_M", Ref{Repo: "a/b", Pick: "Q4_K_M"}, true, false)
	check("hf:a/b@v1.0:sub/x.gguf", Ref{Repo: "a/b", Revision: "v1.0", Pick: "sub/x.gguf"}, true, false)
	check("hf:nothing", Ref{}, true, true)
	check("hf:../../etc", Ref{}, true, true)
	check("hf:a/../b", Ref{}, true, true)
}

func TestPick(t *testing.T) {
	l := func(names ...string) *Listing {
		l := &Listing{Repo: "a/b"}
		for _, n := range names {
			l.Files = append(l.Files, HubFile{Path: n})
		}
		return l
	}
	many := []string{"README.md", "m-f16.gguf", "m-q4_0.gguf", "m-q4_k_m.gguf", "m-Q8_0.gguf", "mmproj-f16.gguf"}
	split := []string{"big-q8_0-00001-of-00002.gguf", "big-q8_0-00002-of-00002.gguf", "big-q4_0.gguf", "big-q8_0-00001-of-00003.gguf"}
	folder := []string{"model.safetensors", "config.json", "tokenizer.json", "pytorch_model.bin", "train.py", "1_Pooling/config.json"}
	check := func(l *Listing, pick, want string) {
		t.Helper()
		_, files, err := l.Pick(pick)
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
		}
		text := strings.Join(got, " ")
		if err != nil {
			text = "error: " + err.Error()
		}
		if !strings.HasPrefix(text, want) || want == "" && text != "" {
			t.Errorf("pick %q: got %q, want %q", pick, text, want)
		}
	}
	check(l(many...), "", "m-q4_k_m.gguf")
	check(l(many...), "q8_0", "m-Q8_0.gguf")
	check(l(many...), "m-f16.gguf", "m-f16.gguf")
	check(l(many...), "q4", "error: hub: a/b has no file or quantisation \"q4\"; it has m-f16.gguf, ")
	check(l(split...), "Q8_0", "big-q8_0-00001-of-00002.gguf big-q8_0-00002-of-00002.gguf")
	check(l(split...), "", "big-q4_0.gguf")
	check(l(folder...), "", "model.safetensors config.json tokenizer.json 1_Pooling/config.json")
	check(l(folder...), "q8_0", "error: hub: a/b has no GGUF file")
	check(l("README.md"), "", "error: hub: a/b has neither")
	check(l("odd.gguf"), "", "odd.gguf")
}
