package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"malmoi/internal/catalog/source/fakehub"
	"malmoi/internal/golden"
)

// The scripts in testdata/script are a manual by example: each runs the program
// as a user would, in an empty folder, with a hub on the loopback.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"malmoi": func() {
			os.Exit(Main(context.Background(), Env{
				Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
			}))
		},
	})
}

func TestScripts(t *testing.T) {
	tiny := filepath.Join(golden.Root(t), "internal", "model", "testdata", "tiny")
	hub := fakehub.New(t, scriptRepos(t, tiny))
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("MALMOI_DATA", filepath.Join(e.WorkDir, "data"))
			e.Setenv("HF_ENDPOINT", hub.URL)
			e.Setenv("TINY", tiny)
			// The folder of the program alone, for a PATH that has nothing else.
			e.Setenv("PROGRAM", filepath.SplitList(e.Getenv("PATH"))[0])
			return nil
		},
	})
}

// scriptRepos are what the scripts' hub has.
func scriptRepos(t *testing.T, tiny string) map[string]*fakehub.Repo {
	t.Helper()
	read := func(names ...string) map[string][]byte {
		files := map[string][]byte{}
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(tiny, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(name)] = data
		}
		return files
	}
	gguf := read("llama/model-bf16.gguf")
	return map[string]*fakehub.Repo{
		"maker/tiny-GGUF": {Licence: "mit", Files: map[string][]byte{"tiny-bf16.gguf": gguf["model-bf16.gguf"], "README.md": []byte("hi")}},
		"maker/embed":     {Licence: "apache-2.0", Files: read("xlm_roberta/model.safetensors", "xlm_roberta/config.json", "xlm_roberta/tokenizer.json", "xlm_roberta/tokenizer_config.json")},
		"maker/gated":     {Licence: "other", Gated: true, Token: "hf_right", Files: map[string][]byte{"tiny-bf16.gguf": gguf["model-bf16.gguf"]}},
		"maker/research":  {Licence: "cc-by-nc-4.0", Files: map[string][]byte{"tiny-bf16.gguf": gguf["model-bf16.gguf"]}},
		"maker/broken":    {Licence: "mit", Files: map[string][]byte{"broken.gguf": []byte("this is no model")}},
		// What the catalogue expects under this name has another hash.
		"Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF": {Licence: "apache-2.0", Files: map[string][]byte{"qwen2.5-coder-1.5b-instruct-q4_k_m.gguf": []byte("changed")}},
	}
}
