"""Tokenizers for the tiny checkpoints of tiny.py, each of exactly the given size.

Each function returns the tokenizer, its tokenizer_config.json and the special ids
of config.json.
"""
import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = """말모이는 우리말을 모은다는 뜻이다. 사전을 만들던 사람들의 이름이기도 하다.
오늘은 바람이 불고, 나무 아래에서 세 명이 바둑을 둔다. 우리는 말을 모은다.
The quick engine reads the map, and the map is read again by the engine.
We counted the words and the letters of the map; they are the same.
안녕하세요. 말을 모으는 모임입니다. 우리말 사전을 읽는다.
""".splitlines()

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CHAT = ("{% for m in messages %}<|start|>{{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}")


def byte_bpe(vocab):
    """Byte-level BPE as Llama 3 and Qwen have it."""
    special = ["<|begin|>", "<|end|>", "<|start|>"]
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=vocab - len(special), initial_alphabet=alphabet, show_progress=False))
    t.add_special_tokens([AddedToken(s, normalized=False) for s in special])
    assert t.get_vocab_size() == vocab
    begin, end = (t.token_to_id(s) for s in special[:2])
    t.post_processor = processors.TemplateProcessing(single="<|begin|> $A", pair="<|begin|> $A <|begin|> $B", special_tokens=[("<|begin|>", begin)])
    config = dict(bos_token="<|begin|>", eos_token="<|end|>", tokenizer_class="PreTrainedTokenizerFast", chat_template=CHAT, add_bos_token=True)
    return t, config, dict(bos_token_id=begin, eos_token_id=end)


def pieces(count):
    """Trains count pieces and their merges on the corpus with spaces as ▁."""
    t = Tokenizer(models.BPE())
    lines = ["▁" + line.replace(" ", "▁") for line in CORPUS]
    t.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=count, limit_alphabet=count - 8, show_progress=False))
    m = json.loads(t.to_str())["model"]
    ordered = sorted(m["vocab"], key=m["vocab"].get)
    return ordered, [tuple(x) for x in m["merges"]]


def sentence_bpe(vocab):
    """SentencePiece BPE with byte fallback, as Gemma and ERNIE have it."""
    head = ["<pad>", "<eos>", "<bos>", "<unk>"] + [f"<0x{b:02X}>" for b in range(256)]
    more, merges = pieces(vocab - len(head))
    ids = {p: i for i, p in enumerate(head + more)}
    t = Tokenizer(models.BPE(ids, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Replace(" ", "▁")
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    t.add_special_tokens([AddedToken(s, normalized=False) for s in head[:4]])
    assert t.get_vocab_size() == vocab
    t.post_processor = processors.TemplateProcessing(single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", 2)])
    config = dict(bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", pad_token="<pad>", tokenizer_class="PreTrainedTokenizerFast", add_bos_token=True)
    return t, config, dict(bos_token_id=2, eos_token_id=1, pad_token_id=0)


def sentence_unigram(vocab):
    """SentencePiece unigram with the frame of XLM-R."""
    head = ["<s>", "<pad>", "</s>", "<unk>"]
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.decoder = decoders.Metaspace()
    t.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=vocab - 1, special_tokens=head, unk_token="<unk>", show_progress=False))
    size = t.get_vocab_size()
    assert size < vocab, size
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return t, dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>", tokenizer_class="XLMRobertaTokenizerFast"), dict(bos_token_id=0, eos_token_id=2, pad_token_id=1)


def wordpiece(vocab):
    """WordPiece as BERT has it, lower case."""
    head = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=vocab, special_tokens=head, show_progress=False))
    assert t.get_vocab_size() <= vocab
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return t, dict(cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", pad_token="[PAD]", tokenizer_class="BertTokenizerFast", do_lower_case=True), dict(pad_token_id=0)
