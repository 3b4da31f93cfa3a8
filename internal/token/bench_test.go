package token

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"malmoi/internal/golden"
)

func openBench(t testing.TB, name string) *Tokenizer {
	if strings.HasSuffix(name, "_base") {
		tok, err := Open(golden.Path(t, "tokenizers/vocab/"+name+".tiktoken.gz"))
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	if name == "gemma3.json" || strings.HasSuffix(name, ".gguf") {
		tok, err := Open(localFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	tok, err := FromJSON(gunzip(t, golden.File(t, "tokenizers/vocab/"+name+".tokenizer.json.gz")), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

const prose = "오늘은 바람이 불고, 나무 아래에서 세 명이 바둑을 둔다. 말모이는 우리말을 모은다는 뜻이고 사전을 만들던 사람들의 이름이기도 하다.\n" +
	"The quick engine reads the map, and nobody asks where it's going; 1,024 lines were counted, they're sorted, aren't they?\n" +
	"서울에서 부산까지 기차로 두 시간 반쯤 걸리고 버스로는 네 시간이 넘게 걸린다. if (x >= 0 && y != 1) { return weights[i] * values[i]; }\n"

// coldText has words that no cache has seen: every syllable block is shifted.
func coldText() string {
	var b strings.Builder
	for i := 0; b.Len() < 1<<20; i++ {
		for _, r := range prose {
			switch {
			case 0xAC00 <= r && r <= 0xD7A3:
				r = 0xAC00 + (r-0xAC00+rune(i*7))%(0xD7A4-0xAC00)
			case 'a' <= r && r <= 'z':
				r = 'a' + (r-'a'+rune(i))%26
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

func BenchmarkEncode(b *testing.B) {
	warm, cold := strings.Repeat(prose, 1<<20/len(prose)), coldText()
	for _, name := range []string{"qwen2.5", "gpt2", "cl100k_base", "o200k_base", "gemma3.json", "gemma-3-270m-q4_k_m.gguf"} {
		for kind, text := range map[string]string{"prose": warm, "unseen": cold} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				tok := openBench(b, name)
				b.SetBytes(int64(len(text)))
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				var ids []int32
				start := cpuTime()
				for b.Loop() {
					ids = tok.EncodeAppend(ids[:0], text, true)
				}
				if cpu := (cpuTime() - start).Seconds(); cpu > 0 {
					b.ReportMetric(float64(b.N)*float64(len(text))/1e6/cpu, "MB/cpu-s")
				}
				b.ReportMetric(float64(len(text))/float64(len(ids)), "bytes/token")
			})
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, name := range []string{"qwen2.5", "cl100k_base", "gemma3.json", "gemma-3-270m-q4_k_m.gguf", "qwen-0.5b.gguf"} {
		b.Run(name, func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			start := cpuTime()
			for b.Loop() {
				openBench(b, name)
			}
			b.ReportMetric(float64((cpuTime()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// TestLongRuns encodes long runs of one unit, which must not take quadratic time:
// at 64 KiB that would show.
func TestLongRuns(t *testing.T) {
	for _, name := range fixtures(t) {
		tok := openFixture(t, name)
		for _, unit := range []string{"a", "가", " ", "\n", "1", "!", "▁", "ab", "\u0301", "\xff", "<|im_start", "가A", "'"} {
			text := strings.Repeat(unit, 1<<16/len(unit))
			start := time.Now()
			ids := tok.Encode(text, false)
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("%s: %d bytes of %q took %v", name, len(text), unit, took)
			}
			if len(ids) > len(text)+2 {
				t.Errorf("%s: %d tokens for %d bytes of %q", name, len(ids), len(text), unit)
			}
		}
	}
}
