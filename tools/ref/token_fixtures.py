"""python token_fixtures.py OUT [SEED COUNT]

Trains small tokenizers of every kind that malmoi reads, and writes each as NAME.json
(a tokenizer.json) and NAME.cases.json (what the reference library makes of some
strings), and splits.json (how it cuts strings by each known pattern).
internal/token/testdata holds the output of `token_fixtures.py internal/token/testdata`.
Another SEED and COUNT give other strings for a wider comparison. The trainers break
ties by chance, so a new run writes other vocabularies of the same kinds.

Needs: tokenizers==0.23.3 sentencepiece protobuf. Texts: written for this project.
"""
import io
import json
import os
import random
import sys
import tempfile

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = """오늘은 바람이 불고, 나무 아래에서 세 명이 바둑을 둔다.
말모이는 우리말을 모은다는 뜻이다. 사전을 만들던 사람들의 이름이기도 하다.
학교 앞 문방구에서 공책 세 권과 연필 12자루를 샀더니 4,500원이었다.
서울에서 부산까지 기차로 두 시간 반쯤 걸리고 버스로는 네 시간이 넘게 걸린다.
어머니께서 김치찌개를 끓이시는 동안 동생은 숙제를 끝냈습니다.
비가 그치면 산책을 나가자고 했지만 결국 집에서 책을 읽었다.
The quick engine reads the map, and nobody asks where it's going.
We've counted 1,024 lines; they're sorted, aren't they? I'd say so. She'll agree.
def tokenize(text):\n    return [word for word in text.split() if word]
for (int i = 0; i < n; i++) { total += weights[i] * values[i]; }
HyperText Transfer Protocol, version 1.1: GET /index.html HTTP/1.1
Les élèves mangent des pâtes à l'école. Größe, naïve, coöperate, façade.
日本語の文章と漢字仮名交じり文。中文句子也在这里。
Привет, как дела? Ωμέγα και άλφα. مرحبا بالعالم
""".split("\n")

STRINGS = ["", " ", "  ", "   ", "\n", "\r\n", "\t", " \n ", "\n\n\n", "a", " a", "a ", " a ", "a  b", "a   b\n\n  c  ", "\u3000전각\u3000",
    "안녕하세요", " 안녕, 세계!", "오늘은 3월 14일입니다.", "가격은 12,345.67원(부가세 포함)", "ㅋㅋㅋㅋ ㅠㅠ", "\u1112\u1161\u11ab\u1100\u1173\u11af", "각\u11a8", "뷁쀍똠방각하",
    "大韓民國(대한민국)", "カタカナとひらがな、漢字", "ｶﾞｷﾞ ﾊﾟ ﬁﬂ ㎏ ℃ ① Ⅳ ½ ﷺ", "한국어English섞어쓰기123abc가나다", "e\u0301 é Å \u212b ñ n\u0303 \u1e9b\u0323", "naïve façade Größe ŒUVRE İstanbul ΑΒΓς ǅ",
    "don't I'M we'LL they'Re it'ſ 'S 's'S x's'y", "'sfoo' ''s", "ABC AbC aBc HTTPServer getURLFor가나ABC", "isn't", "can 't do not  stop ! ? , .",
    "1234567890 12 3 ４５６ ١٢٣ ²³ ½ Ⅻ", "a1b22c333d4444", "0x1F 1e-9 v1.2.3", "foo_bar-baz.qux/quux", "https://예시.한국/경로?q=검색어&p=1#조각",
    "{\"a\": [1, 2.5, null], \"b\": \"\\n\"}", "if (x >= 0 && y != 1) {\n\treturn x;\n}\n", "/* 주석 */ // x\r\n", "!!!???...---===", "«“‘’”» ‐–— … ·", "$100 €5 ₩1,000 ¥", "a+b=c ^_^ ~|` <>",
    "👍🏽 👩\u200d👩\u200d👧\u200d👦 🇰🇷 ☃️ ❤", "\u200b\u200d\ufeff\u00ad\u2060", "\x00\x01\x7f\x80\x85\u2028\u2029", "\ufffd \ue000 \U0010ffff \U000e0001",
    "नमस्ते สวัสดี שלום مرحبا", "z\u0335\u0321a\u0300\u0301\u0327lgo", "\u0301a \u0301 1\u0301", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", " " * 40 + "x", "가" * 50, "\n" * 35, "=" * 45, "▁▁a▁b", "▁", "a▁ b",
    "<s>", "</s> a", "<unk>", "[CLS] a [SEP]", "[MASK]", "x[MASK]y", "a <mask>  b", "<mask>", "<|im_start|>user\n안녕<|im_end|>\n", "<|im_start|><|im_start|>", "<|im_", "a<|end|>b", "<|tool|> tool <|tool|>x", "Ab ab AB xab abx ab.", "  <|pad|>  ",
    "\U0001f1f0\U0001f1f7\U0001f1fa", "\u1c89 \ua7cb \U00010d50 \U00016ea0", "\U00011938\U00011935\U00011930 \U00010400", "\u0f77 \u0344 \u2126", "\uac00\u11a7\uac01\u11ff", "\u115f\u1160", "x\u0345\u0301\u0323y", "\r \n\r", "a\u00a0b\u2003c", "tab\tand\vvt\fff"]

POOL = [*"abcdeABCDE 's'tre.,!?-_/()<>{}=+|~^`$%&*#@\"\\\n\r\t0123456789   ", *"가나다라마바사한글국어의는을", *"ㄱㅏ\u1100\u1161\u11a8\u0301\u0308\u0327", *"漢字日本かなカナー", *"éÉßſİıΣςǅʰªⅣ½²①١４",
    *"\u00a0\u1680\u2003\u2028\u3000\x85\x0b\u200b\u200d\ufeff▁", *"👍🏽🇰❤️‍", *"«»“”…·、。！", *"नमสุשم", "<|im_start|>", "<|end|>", "<s>", "</s>", "[MASK]", "<mask>", "ab", "'ll", "'Ve", "  ", "\r\n", "\U00010d50", "\u1c89", "\U0001e900", "\U000e0100", "\U00011938"]


def strings(seed, count):
    r = random.Random(seed)
    out = list(STRINGS)
    for i in range(count):
        if i % 3 == 0:
            line = r.choice(CORPUS)
            a = r.randrange(len(line) + 1)
            out.append(line[a:a + r.randrange(1, 40)])
        else:
            out.append("".join(r.choice(POOL) for _ in range(r.randrange(1, 25))))
    return out


LETTERS = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
SMALL = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
FOLD = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "llama3": FOLD + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL,
    "qwen2": FOLD + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL,
    "qwen35": FOLD + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + TAIL,
    "cl100k": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    "o200k": rf"[^\r\n\p{{L}}\p{{N}}]?{LETTERS}*{SMALL}+{FOLD}?|[^\r\n\p{{L}}\p{{N}}]?{LETTERS}+{SMALL}*{FOLD}?" + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL,
    "tekken": rf"[^\r\n\p{{L}}\p{{N}}]?{LETTERS}*{SMALL}+|[^\r\n\p{{L}}\p{{N}}]?{LETTERS}+{SMALL}*" + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL,
    "exaone_moe": FOLD + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+",
    "seed_coder": FOLD + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+" + TAIL,
    "bailing": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    "deepseek": r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*".replace('\\"', '"') + TAIL,
    "kana": "[一-龥぀-ゟ゠-ヿ]+",
    "digit": r"\p{N}",
    "digits3": r"\p{N}{1,3}",
    "plain": r"[\p{P}\$\+<=>\^~\|]+",
    "lines": r"[^\n]+|[\n]+",
}


def split(name, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(PATTERNS[name]), behavior, invert)


def byte_level(prefix=False, regex=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)


def specials(*names, special=True, **kw):
    return [AddedToken(n, special=special, normalized=False, **kw) for n in names]


def train_bytes(pre, normalizer=None, size=420, **model):
    t = Tokenizer(models.BPE(**model))
    t.pre_tokenizer, t.decoder = pre, decoders.ByteLevel()
    if normalizer:
        t.normalizer = normalizer
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


def build():
    out = {}
    gpt2 = train_bytes(byte_level(prefix=True, regex=True))
    gpt2.add_special_tokens(specials("<|endoftext|>", "<|im_start|>") + [AddedToken("<mask>", lstrip=True, special=True)])
    gpt2.add_tokens([AddedToken("ab", single_word=True, normalized=False), AddedToken("<|tool|>", rstrip=True, normalized=False), AddedToken("한글", normalized=True)])
    gpt2.post_processor = processors.RobertaProcessing(("<|endoftext|>", gpt2.token_to_id("<|endoftext|>")), ("<mask>", gpt2.token_to_id("<mask>")))
    out["bpe_gpt2"] = gpt2

    llama3 = train_bytes(pre_tokenizers.Sequence([split("llama3"), byte_level()]), ignore_merges=True)
    llama3.add_special_tokens(specials("<|begin_of_text|>", "<|end|>", "<|im_start|>", "<|im_end|>"))
    bos = llama3.token_to_id("<|begin_of_text|>")
    llama3.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|> $B", special_tokens=[("<|begin_of_text|>", bos)])])
    out["bpe_llama3"] = llama3

    o200k = train_bytes(pre_tokenizers.Sequence([split("o200k"), byte_level()]), normalizers.NFC())
    o200k.add_special_tokens(specials("<|im_start|>", "<|im_end|>"))
    o200k.add_tokens([AddedToken("e\u0301", normalized=True)])
    out["bpe_o200k_nfc"] = o200k

    hcx = train_bytes(pre_tokenizers.Sequence([split("digit"), split("kana"), split("deepseek"), byte_level()]))
    hcx.add_special_tokens(specials("<|endofturn|>", "<|stop|>", "<|im_start|>", "<|im_end|>"))
    out["bpe_hyperclovax"] = hcx

    falcon = train_bytes(pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), byte_level(regex=True),
        pre_tokenizers.Digits(False), pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")]), size=360)
    out["bpe_falcon"] = falcon

    clip = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=True))
    clip.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    clip.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True)])
    clip.decoder = decoders.BPEDecoder(suffix="</w>")
    clip.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=400, limit_alphabet=150, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False))
    out["bpe_suffix"] = clip

    cont = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"))
    cont.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    cont.decoder = decoders.WordPiece(cleanup=False)
    cont.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=400, limit_alphabet=120, special_tokens=["<unk>"], continuing_subword_prefix="##", show_progress=False))
    out["bpe_prefix"] = cont

    def spm(normalizer, pre, dec, fuse=True):
        t = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=fuse))
        t.normalizer = normalizers.Replace(" ", "▁")
        t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=620, limit_alphabet=150, max_token_length=8, show_progress=False,
            special_tokens=["<pad>", "<s>", "</s>", "<unk>"] + [f"<0x{b:02X}>" for b in range(256)]))
        # byte tokens are plain pieces, not added tokens
        j = json.loads(t.to_str())
        j["added_tokens"] = [a for a in j["added_tokens"] if not a["content"].startswith("<0x")]
        t = Tokenizer.from_str(json.dumps(j))
        t.normalizer, t.decoder = normalizer, dec
        if pre:
            t.pre_tokenizer = pre
        s = t.token_to_id("<s>")
        t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", s)])
        return t

    mark = decoders.Replace("▁", " ")
    out["spm_prepend"] = spm(normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None,
        decoders.Sequence([mark, decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]))
    gemma = spm(normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", "merged_with_previous"), decoders.Sequence([mark, decoders.ByteFallback(), decoders.Fuse()]))
    gemma.add_tokens([AddedToken("▁▁", normalized=False), AddedToken("\n\n", normalized=False)])
    out["spm_gemma"] = gemma
    first = spm(None, pre_tokenizers.Metaspace("▁", "first", split=False), decoders.Sequence([mark, decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]))
    first.normalizer = normalizers.Sequence([])
    out["spm_first"] = first

    out["unigram"] = unigram()
    fallback = Tokenizer.from_str(out["unigram"].to_str())
    j = json.loads(fallback.to_str())
    j["model"]["byte_fallback"] = True
    j["model"]["vocab"] += [[f"<0x{b:02X}>", 0.0] for b in range(256)]
    j["normalizer"] = None
    j["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True}
    j["decoder"] = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True}]}
    out["unigram_bytes"] = Tokenizer.from_str(json.dumps(j))

    def bert(normalizer, size=420):
        t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=40))
        t.normalizer, t.pre_tokenizer, t.decoder = normalizer, pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
        t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=size, limit_alphabet=180, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
        t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        return t
    out["bert_uncased"] = bert(normalizers.BertNormalizer())
    out["bert_cased"] = bert(normalizers.BertNormalizer(lowercase=False, strip_accents=True, handle_chinese_chars=False))
    kd = bert(normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Strip(), normalizers.Lowercase()]))
    kd.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_next")])
    kd.decoder = decoders.WordPiece(cleanup=False)
    out["bert_nfkd"] = kd

    words = Tokenizer(models.WordLevel(unk_token="<unk>"))
    words.normalizer, words.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Whitespace()
    words.train_from_iterator(CORPUS, trainers.WordLevelTrainer(vocab_size=120, special_tokens=["<unk>"], show_progress=False))
    out["words"] = words
    return out


RULES = [("ﬁ", "fi"), ("ﬂ", "fl"), ("㎏", "kg"), ("℃", "°C"), ("①", "1"), ("½", "1/2"), ("\u3000", " "), ("\t", " "), ("\n", " "), ("\r", " "),
    ("e\u0301", "é"), ("\u1112\u1161", "하"), ("\u1112\u1161\u11ab", "한"), ("ｶﾞ", "ガ"), ("ｶ", "カ"), ("４", "4"), ("\u200b", " "), ("\ufeff", ""), ("…", "..."), ("Ⅳ", "IV"), ("\u00ad", "")]


def unigram():
    """A SentencePiece model gives the compiled character map; XLM-R has the same parts."""
    import base64
    import sentencepiece as sp
    from sentencepiece import sentencepiece_model_pb2 as pb
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", delete=False) as f:
        tsv = f.name
        for a, b in RULES:
            f.write(" ".join("%X" % ord(c) for c in a) + "\t" + " ".join("%X" % ord(c) for c in b) + "\n")
    buf = io.BytesIO()
    sp.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS * 3), model_writer=buf, model_type="unigram", vocab_size=250, character_coverage=0.98,
        normalization_rule_tsv=tsv, bos_id=0, pad_id=1, eos_id=2, unk_id=3, minloglevel=2, max_sentencepiece_length=8)
    os.remove(tsv)
    m = pb.ModelProto.FromString(buf.getvalue())
    vocab = [(p.piece, p.score) for p in m.pieces]
    t = Tokenizer(models.Unigram(vocab, unk_id=3))
    meta = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    j = json.loads(t.to_str())
    j["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(m.normalizer_spec.precompiled_charsmap).decode()},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}
    j["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, meta]}
    j["decoder"] = meta
    t = Tokenizer.from_str(json.dumps(j))
    t.add_special_tokens(specials("<s>", "<pad>", "</s>", "<unk>") + [AddedToken("<mask>", lstrip=True, special=True, normalized=True)])
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return t


def cases(t, strs):
    out = []
    for s in strs:
        t.encode_special_tokens = False
        ids = t.encode(s, add_special_tokens=False).ids
        c = {"text": s, "ids": ids}
        t.encode_special_tokens = True
        plain = t.encode(s, add_special_tokens=False).ids
        t.encode_special_tokens = False
        if plain != ids:
            c["plain"] = plain
        if (d := t.decode(ids, skip_special_tokens=False)) != s:
            c["decoded"] = d
        if (d2 := t.decode(ids, skip_special_tokens=True)) != d:
            c["skipped"] = d2
        out.append(c)
    return {"around": t.encode("").ids, "cases": out}


def main(out, seed=1, count=60):
    strs = strings(seed, count)
    dump = lambda v, name: json.dump(v, open(os.path.join(out, name), "w"), ensure_ascii=False, separators=(",", ":"))
    for name, t in build().items():
        open(os.path.join(out, name + ".json"), "w").write(json.dumps(json.loads(t.to_str()), ensure_ascii=False, separators=(",", ":")))
        dump(cases(t, strs), name + ".cases.json")
    cut = {}
    for name in PATTERNS:
        pre = split(name)
        cut[name] = {"pattern": PATTERNS[name], "pieces": [[p for p, _ in pre.pre_tokenize_str(s)] for s in strs]}
    behaviors = {}
    for b in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
        for inv in (False, True):
            behaviors[f"{b}/{inv}"] = [[p for p, _ in split("digit", b, inv).pre_tokenize_str(s)] for s in strs]
    dump({"strings": strs, "patterns": cut, "behaviors": behaviors}, "splits.json")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
