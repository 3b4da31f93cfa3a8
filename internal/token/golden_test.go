package token

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"malmoi/internal/golden"
)

// goldenFile is a file of shared/goldens/tokenizers.
type goldenFile struct {
	Cases []struct {
		Cat                string
		Text               string
		IDs                []int32
		IDsSpecialAsText   []int32 `json:"ids_special_as_text"`
		Decoded            *string
		DecodedSkipSpecial *string `json:"decoded_skip_special"`
	}
	DecodeCases []struct {
		IDs      []int32
		BytesHex string `json:"bytes_hex"`
		Text     string
	} `json:"decode_cases"`
	BytesCases []struct {
		BytesHex string `json:"bytes_hex"`
		IDs      []int32
	} `json:"bytes_cases"`
}

func gunzip(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// models are the SHA-256 of the model files that the tests know.
var models = map[string]string{
	"gemma-3-270m-q4_k_m.gguf": "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
	"smollm2.gguf":             "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
	"qwen-0.5b.gguf":           "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
}

// localFile finds a file that is too large or not free to keep beside the vectors:
// where the environment points, in the cache folder, or among the installed models.
func localFile(t testing.TB, names ...string) string {
	t.Helper()
	cache, _ := os.UserCacheDir()
	for _, dir := range []string{os.Getenv("MALMOI_TEST_TOKENIZERS"), filepath.Join(cache, "malmoi-test")} {
		for _, name := range names {
			if path := filepath.Join(dir, name); dir != "" {
				if _, err := os.Stat(path); err == nil {
					return path
				}
			}
		}
	}
	if sum := models[names[0]]; sum != "" {
		return golden.Model(t, sum)
	}
	t.Skipf("none of %q in MALMOI_TEST_TOKENIZERS or the cache folder", names)
	return ""
}

func TestGoldenTokenizers(t *testing.T) {
	for _, name := range []string{"gpt2", "qwen2.5", "smollm2"} {
		t.Run(name, func(t *testing.T) {
			data := gunzip(t, golden.File(t, "tokenizers/vocab/"+name+".tokenizer.json.gz"))
			tok, err := FromJSON(data, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, tok, name)
		})
	}
	for _, name := range []string{"cl100k_base", "o200k_base"} {
		t.Run(name, func(t *testing.T) {
			tok, err := Open(golden.Path(t, "tokenizers/vocab/"+name+".tiktoken.gz"))
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, tok, name)
		})
	}
	for _, name := range []string{"gemma3", "llama3"} {
		t.Run(name, func(t *testing.T) {
			golden.Dir(t)
			tok, err := Open(localFile(t, name+".json", name+".json.gz"))
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, tok, name)
		})
	}
}

// TestGoldenGGUF holds the tokenizers of real model files against the reference of
// the same vocabulary.
func TestGoldenGGUF(t *testing.T) {
	for file, name := range map[string]string{
		"gemma-3-270m-q4_k_m.gguf": "gemma3", "smollm2.gguf": "smollm2", "qwen-0.5b.gguf": "qwen2.5",
	} {
		t.Run(name, func(t *testing.T) {
			golden.Dir(t)
			tok, err := Open(localFile(t, file))
			if err != nil {
				t.Fatal(err)
			}
			if name == "qwen2.5" {
				// The converter calls the fill-in-the-middle tokens control, which keeps
				// them out of user text; tokenizer.json does not.
				for i := range tok.added.list {
					if a := &tok.added.list[i]; strings.HasPrefix(a.text, "<|fim_") {
						a.special = false
					}
				}
			}
			checkGolden(t, tok, name)
		})
	}
}

func checkGolden(t *testing.T, tok *Tokenizer, name string) {
	t.Helper()
	var g goldenFile
	if err := json.Unmarshal(golden.File(t, "tokenizers/"+name+".json"), &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range g.Cases {
		asText := c.IDs
		if c.IDsSpecialAsText != nil {
			asText = c.IDsSpecialAsText
		}
		checkEncode(t, tok, c.Text, c.IDs, asText)
		decoded := c.Text
		if c.Decoded != nil {
			decoded = *c.Decoded
		}
		checkDecode(t, tok, c.IDs, decoded, c.DecodedSkipSpecial)
	}
	for _, c := range g.DecodeCases {
		var raw []byte
		for _, id := range c.IDs {
			raw = append(raw, goldenBytes(tok, id)...)
		}
		if got := hex.EncodeToString(raw); got != c.BytesHex {
			t.Errorf("bytes of %v: got %s, want %s", c.IDs, got, c.BytesHex)
		}
		checkDecode(t, tok, c.IDs, c.Text, nil)
	}
	for _, c := range g.BytesCases {
		raw, _ := hex.DecodeString(c.BytesHex)
		checkEncode(t, tok, string(raw), c.IDs, c.IDs)
	}
}

// goldenBytes is Bytes, but for added tokens that spell spaces as marks: the vectors
// have them as spelled, while both libraries decode them to spaces, as Bytes does.
func goldenBytes(tok *Tokenizer, id int32) []byte {
	for _, a := range tok.added.list {
		if a.id == id && strings.Trim(a.text, spaceMark) == "" {
			return []byte(a.text)
		}
	}
	return tok.Bytes(id)
}

func checkEncode(t *testing.T, tok *Tokenizer, text string, special, plain []int32) {
	t.Helper()
	if got := tok.Encode(text, true); !slices.Equal(got, special) {
		t.Errorf("encode %q:\n got %v\nwant %v", text, got, special)
	}
	if got := tok.Encode(text, false); !slices.Equal(got, plain) {
		t.Errorf("encode %q, specials as text:\n got %v\nwant %v", text, got, plain)
	}
}

// checkDecode also streams the ids; where Decode gives up a run of bytes the stream
// may show more of it.
func checkDecode(t *testing.T, tok *Tokenizer, ids []int32, want string, wantSkip *string) {
	t.Helper()
	if got := tok.Decode(ids); got != want {
		t.Errorf("decode %v:\n got %q\nwant %q", ids, got, want)
	}
	if wantSkip != nil {
		if got := tok.DecodeText(ids); got != *wantSkip {
			t.Errorf("decode %v without specials:\n got %q\nwant %q", ids, got, *wantSkip)
		}
	}
	d, got := tok.Decoder(false), ""
	for _, id := range ids {
		part := d.Push(id)
		if !utf8.ValidString(part) {
			t.Errorf("stream of %v: part %q is not UTF-8", ids, part)
		}
		got += part
	}
	got += d.Flush()
	if got != want && (tok.byteLevel || !bytes.ContainsRune([]byte(want), utf8.RuneError)) {
		t.Errorf("stream of %v:\n got %q\nwant %q", ids, got, want)
	}
}

// TestTinyPrompts encodes the text prompts of the tiny checkpoints from both forms.
func TestTinyPrompts(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(golden.Dir(t), "tiny", "*", "goldens.json"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no tiny checkpoints: %v", err)
	}
	for _, path := range dirs {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			tok, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			checkTiny(t, tok, path)
			twins, _ := filepath.Glob(filepath.Join(dir, "*.gguf"))
			for _, twin := range twins {
				tok, err := Open(twin)
				if err != nil {
					t.Fatal(err)
				}
				checkTiny(t, tok, path)
			}
		})
	}
}

func checkTiny(t *testing.T, tok *Tokenizer, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Prompts []struct {
			Text *string
			IDs  []int32
		}
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, p := range g.Prompts {
		if p.Text == nil {
			continue
		}
		checked++
		if got := tok.WithSpecials(tok.Encode(*p.Text, true)); !slices.Equal(got, p.IDs) {
			t.Errorf("%s: encode %q:\n got %v\nwant %v", path, *p.Text, got, p.IDs)
		}
	}
	if checked == 0 {
		t.Errorf("%s has no text prompts", path)
	}
}
