"""python token_unicode.py OUT

Writes internal/token/uni/classes.bin: for every code point, what the reference
libraries believe about it. Tokens depend on the Unicode version that those
libraries were built with (tokenizers and tiktoken split with Unicode 16, BERT's
punctuation is from Unicode 8, normal forms from Unicode 12), so the table is
read off them instead of taken from whatever the compiler ships.

Needs: tokenizers==0.23.3 tiktoken==0.14.0 unicodedata2
Layout: uvarint count of distinct classes, each class as uvarint bit set (bits in
uni.go), then runs (uvarint length, uvarint class index) from U+0000 to U+10FFFF.
"""
import sys
import tiktoken
import unicodedata2
from tokenizers import normalizers as N, pre_tokenizers as P

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
TEXT = "".join(map(chr, CODE_POINTS))
BITS = "Lu Ll Lt Lm Lo M N P S space number punct cjk control blank mn mark word frozen Han".split()


def matched(pattern):
    """Code points that a pattern of one character matches: unmatched text has no ids."""
    enc = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks={bytes([i]): i for i in range(256)}, special_tokens={})
    out = set()
    for i in range(0, len(TEXT), 65536):
        out.update(map(ord, enc.decode_bytes(enc.encode_ordinary(TEXT[i:i + 65536])).decode()))
    return out


def isolated(pre):
    return {c for c in CODE_POINTS if [p for p, _ in pre.pre_tokenize_str("a" + chr(c) + "a")] == ["a", chr(c), "a"]}


def mapped(normalizer):
    return {c: n for c in CODE_POINTS if (n := normalizer.normalize_str(chr(c))) != chr(c)}


def bert(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return mapped(N.BertNormalizer(**{**off, **on}))


def frozen():
    """Code points whose normal form is newer than the reference's tables; to it they are inert."""
    known = set()
    for form in (N.NFC(), N.NFD(), N.NFKC(), N.NFKD()):
        known |= set(mapped(form))
    nfd = N.NFD()
    known |= {c for c in CODE_POINTS if nfd.normalize_str(chr(c) + "\u0334") == "\u0334" + chr(c)
              or nfd.normalize_str("\u0345" + chr(c)) == chr(c) + "\u0345"}
    known |= {0x334, 0x345}
    out = set()
    for c in CODE_POINTS:
        decomposition = unicodedata2.decomposition(chr(c))
        if c in known or not (decomposition or unicodedata2.combining(chr(c))):
            continue
        out.add(c)
        if decomposition and not decomposition.startswith("<"):
            out.add(int(decomposition.split()[0], 16))
    return out - known


def main(out):
    sets = {k: matched(r"\p{%s}" % k) for k in "Lu Ll Lt Lm Lo M N P S Han".split()}
    sets["space"] = matched(r"\s")
    sets["word"] = matched(r"\w")
    sets["number"] = isolated(P.Digits(individual_digits=True))
    sets["punct"] = isolated(P.BertPreTokenizer())
    sets["cjk"] = set(bert(handle_chinese_chars=True))
    clean = bert(clean_text=True)
    sets["control"] = {c for c, s in clean.items() if s == ""}
    sets["blank"] = {c for c, s in clean.items() if s == " "} | {32}
    nfd = mapped(N.NFD())
    sets["mn"] = {c for c, s in bert(strip_accents=True).items() if s == "" and nfd.get(c, "x") != ""}
    sets["mark"] = {c for c, s in mapped(N.StripAccents()).items() if s == ""}
    sets["frozen"] = frozen()
    print({k: len(v) for k, v in sets.items()})
    value = [0] * 0x110000
    for bit, name in enumerate(BITS):
        for c in sets[name]:
            value[c] |= 1 << bit
    classes = sorted(set(value))
    index = {v: i for i, v in enumerate(classes)}

    def uvarint(n):
        b = b""
        while n >= 0x80:
            b += bytes([n & 0x7F | 0x80])
            n >>= 7
        return b + bytes([n])

    blob = uvarint(len(classes)) + b"".join(map(uvarint, classes))
    start = 0
    for c in range(1, 0x110001):
        if c == 0x110000 or value[c] != value[start]:
            blob += uvarint(c - start) + uvarint(index[value[start]])
            start = c
    open(out, "wb").write(blob)
    print(len(blob), "bytes")


if __name__ == "__main__":
    main(sys.argv[1])
