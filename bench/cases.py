"""What paired.py measures: prompts and cases.

Each case takes a running side and a seed and returns named values. Both sides of a pair get the same seed, hence the
same token ids; every pair gets another seed, so that nothing measured is in a prefix cache unless the case is about
one. Decoding is greedy and ignores the end-of-sequence token.
"""
import dataclasses
import functools
import json
import random
import statistics

import sides

SENTENCES = """The river ran past the old mill and under the stone bridge. | In the morning the baker opened the shop before sunrise.
Every winter the harbour froze and the boats stayed on the shore. | A letter arrived from the city with news about the railway.
The children counted the lamps along the street until they fell asleep. | Nobody remembered who had planted the trees behind the school.
She measured the field twice and wrote the numbers into a small book. | 봄이 오면 마을 사람들은 강가에 모여 씨를 뿌렸다.
The clock in the station was always four minutes late. | 도서관의 불은 늦은 밤까지 꺼지지 않았다.
He repaired radios in a room that smelled of coffee and solder. | When the rain stopped, the market filled with voices again.
The map showed a road that had never been built. | 할머니는 낱말을 하나씩 공책에 적어 두었다.
Two engineers argued about the bridge until the tea was cold. | The library kept a list of every word that the village used.
A ferry crossed the bay at noon, carrying apples and newspapers. | 기차는 정해진 시각보다 조금 늦게 떠났다.
The teacher asked for silence and read the first page aloud. | Behind the theatre there was a garden with a broken fountain.
They sold the wool in autumn and bought salt for the winter. | The experiment failed three times before anyone looked at the valve."""

SCHEMA = {
    "type": "object",
    "properties": {"members": {
        "type": "array", "minItems": 4, "maxItems": 4,
        "items": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 12},
                "age": {"type": "integer", "minimum": 0, "maximum": 99},
                "city": {"enum": ["Seoul", "Busan", "Daegu", "Incheon", "Gwangju"]},
                "active": {"type": "boolean"},
            },
            "required": ["name", "age", "city", "active"], "additionalProperties": False,
        },
    }},
    "required": ["members"], "additionalProperties": False,
}

# The same as a grammar, with white space where llama.cpp's own conversion of a schema allows it.
GRAMMAR = r'''
root ::= "{" space "\"members\"" space ":" space "[" space item ("," space item){3} "]" space "}" space
item ::= "{" space "\"name\"" space ":" space name "," space "\"age\"" space ":" space age "," space "\"city\"" space ":" space city "," space "\"active\"" space ":" space active "}" space
name ::= "\"" char{0,12} "\"" space
age ::= ([0-9] | [1-9] [0-9]) space
city ::= ("\"Seoul\"" | "\"Busan\"" | "\"Daegu\"" | "\"Incheon\"" | "\"Gwangju\"") space
active ::= ("true" | "false") space
char ::= [^"\\\x7F\x00-\x1F] | [\\] (["\\bfnrt] | "u" [0-9a-fA-F]{4})
space ::= | " " | "\n"{1,2} [ \t]{0,20}
'''


class Prompts:
    """Token ids of known length, made of shuffled sentences."""

    def __init__(self, side):
        lines = [s.strip() for s in SENTENCES.replace("\n", "|").split("|")]
        # Asked once per text: a request to the server just before a measurement would favour the other side.
        self.plain = functools.cache(lambda s: side.tokenize(s, False))
        with_special = side.tokenize("a", True)
        self.start = with_special[:len(with_special) - len(self.plain("a"))]
        self.lines = [(s, self.plain(" " + s)) for s in lines]
        self.digits = [self.plain(str(d)) for d in range(10)]

    def number(self, rng, count):
        """So many digits, one by one: the part of a prompt that makes it new."""
        return [i for _ in range(count) for i in self.digits[rng.randrange(10)]]

    def ids(self, seed, n):
        rng = random.Random(seed)
        out = self.start + self.number(rng, 9) + self.plain(":")
        while len(out) < n:
            out += rng.choice(self.lines)[1]
        return out[:n]

    def repeat(self, seed):
        """A text of about 200 tokens, the wish for one change, and the first words of the answer."""
        rng = random.Random(seed)
        chosen = rng.sample(self.lines, 10)
        body = [i for _, ids in chosen for i in ids]
        ask = self.plain("\n\nThe same text again, with this number added at the end: ") + self.number(rng, 6) + self.plain("\n\n")
        return self.start + self.plain("Text:\n\n") + body + ask + body[:24]


@dataclasses.dataclass(frozen=True)
class Sizes:
    decode: int = 96  # tokens decoded in an empty context
    deep: int = 48  # and at depth 2,048
    streams: tuple = (1, 2, 4, 8)
    stream_prompt: int = 200
    stream_tokens: int = 64
    repeat: int = 128


QUICK = Sizes(decode=48, deep=24, streams=(1, 2, 4, 8), stream_prompt=100, stream_tokens=24, repeat=96)

DEEP = 2048


@dataclasses.dataclass(frozen=True)
class Metric:
    label: str
    unit: str
    lower: bool = False
    targets: tuple = ()  # of the ratio: on AVX-512 VNNI, on AVX2
    from_threads: int = 1  # that the target speaks of


METRICS = {
    "prefill_16": Metric("prefill, 16 tokens", "tok/s", targets=(3.0, 2.0)),
    "prefill_128": Metric("prefill, 128 tokens", "tok/s", targets=(4.0, 2.5)),
    "prefill_512": Metric("prefill, 512 tokens", "tok/s", targets=(4.0, 2.5)),
    "prefill_2048": Metric("prefill, 2,048 tokens", "tok/s", targets=(4.0, 2.5)),
    "decode_0": Metric("decode, empty context", "tok/s", targets=(1.9, 1.3)),
    "decode_2048": Metric("decode at depth 2,048", "tok/s", targets=(2.2, 1.7)),
    "second_turn": Metric("first token of a second turn", "ms", True, (0.4, 0.6)),
    "streams_1": Metric("1 stream, all tokens", "tok/s"),
    "streams_2": Metric("2 streams, all tokens", "tok/s"),
    "streams_4": Metric("4 streams, all tokens", "tok/s", targets=(3.0, 2.0)),
    "streams_8": Metric("8 streams, all tokens", "tok/s", targets=(4.0, 2.5)),
    "latency_1": Metric("1 stream, time of the answer", "ms", True),
    "latency_2": Metric("2 streams, time of an answer", "ms", True),
    "latency_4": Metric("4 streams, time of an answer", "ms", True),
    "latency_8": Metric("8 streams, time of an answer", "ms", True),
    "json": Metric("JSON Schema", "tok/s", targets=(2.5, 1.8)),
    "repeat_plain": Metric("repeat with one change, no lookup", "tok/s"),
    "repeat_best": Metric("repeat with one change, each side's best", "tok/s", targets=(1.5, 1.3)),
    "busy": Metric("decode beside one busy process", "tok/s", targets=(2.0, 1.5), from_threads=2),
    "load_warm": Metric("start to first token, file in memory", "ms", True, (0.8, 0.8)),
    "load_cold": Metric("start to first token, file on disk", "ms", True),
    "memory": Metric("peak resident memory", "MB", True, (0.85, 0.85)),
}


class Cases:
    """The measurements that need a running side. run.lookup maps a side to the one with prompt lookup, or itself."""

    def __init__(self, prompts, sizes, lookup, neighbour):
        self.prompts, self.sizes, self.lookup, self.neighbour = prompts, sizes, lookup, neighbour

    def all(self):
        yield "prefill 16", ("prefill_16",), lambda side, seed: self.prefill(side, seed, 16, 8)
        yield "prefill 128", ("prefill_128",), lambda side, seed: self.prefill(side, seed, 128, 3)
        yield "prefill 512", ("prefill_512",), lambda side, seed: self.prefill(side, seed, 512, 1)
        yield "depth 2048", ("prefill_2048", "decode_2048"), self.deep
        yield "decode", ("decode_0",), self.decode
        yield "second turn", ("second_turn",), self.second_turn
        for n in self.sizes.streams:
            yield f"{n} streams", (f"streams_{n}", f"latency_{n}"), lambda side, seed, n=n: self.streams(side, seed, n)
        yield "json", ("json",), self.json
        yield "repeat", ("repeat_plain", "repeat_best"), self.repeat
        yield "busy", ("busy",), self.busy

    def prompts_only(self):
        """What is asked of a peer that is one for prompts only."""
        yield "prefill 128", ("prefill_128",), lambda side, seed: self.prefill(side, seed, 128, 3)
        yield "prefill 512", ("prefill_512",), lambda side, seed: self.prefill(side, seed, 512, 1)
        yield "prefill 2048", ("prefill_2048",), lambda side, seed: self.prefill(side, seed, DEEP, 1)

    def prefill(self, side, seed, n, times):
        """Short prompts are summed over several requests, which hides the clock's and the scheduler's grain."""
        side.clear()
        spent = 0.0
        for i in range(times):
            a = side.ask(self.prompts.ids((seed, i).__repr__(), n), 1)
            expect(a.prompt == n and a.cached < n // 2, f"{a.cached} of {a.prompt} prompt tokens came from the cache")
            spent += a.first - a.start
        return {f"prefill_{n}": n * times / spent}

    def deep(self, side, seed):
        side.clear()
        a = side.ask(self.prompts.ids(seed, DEEP), self.sizes.deep + 1)
        return {"prefill_2048": DEEP / (a.first - a.start), "decode_2048": a.decode_rate, "_inner_2048": inner_rate(a)}

    def decode(self, side, seed):
        side.clear()
        a = side.ask(self.prompts.ids(seed, 8), self.sizes.decode + 1)
        return {"decode_0": a.decode_rate, "_inner_0": inner_rate(a)}

    def second_turn(self, side, seed):
        side.clear()
        first = self.prompts.ids(seed, 512)
        a = side.ask(first, 32)
        more = side.tokenize(a.text, False) + self.prompts.ids(f"{seed} again", 24)[len(self.prompts.start):]
        b = side.ask(first + more, 1)
        return {"second_turn": 1000 * (b.first - b.start), "_cached": b.cached, "_prompt": b.prompt}

    def streams(self, side, seed, n):
        side.clear(n, n * 512)
        z = self.sizes
        answers = side.ask_all([side.body(self.prompts.ids(f"{seed}/{i}", z.stream_prompt), z.stream_tokens) for i in range(n)])
        wall = max(a.end for a in answers) - min(a.start for a in answers)
        return {f"streams_{n}": sum(a.tokens for a in answers) / wall,
                f"latency_{n}": 1000 * statistics.median(a.end - a.start for a in answers),
                "_first": 1000 * statistics.median(a.first - a.start for a in answers)}

    def json(self, side, seed):
        """All tokens over the whole time of the request: forced tokens may arrive together."""
        side.clear()
        p = self.prompts
        ids = p.start + p.number(random.Random(seed), 6) + p.plain(". Register of the reading club. Four members as JSON:\n")
        a = side.ask(ids, 400, **side.constrained(SCHEMA, GRAMMAR))
        try:
            members = json.loads(a.text)["members"]
        except (ValueError, KeyError, TypeError):
            members = []
        expect(len(members) == 4, f"the answer does not follow the schema: {a.text[-120:]!r}")
        return {"json": a.tokens / (a.end - a.start), "_bytes_per_s": len(a.text.encode()) / (a.end - a.start)}

    def repeat(self, side, seed):
        ids = self.prompts.repeat(seed)
        side.clear()
        plain = side.ask(ids, self.sizes.repeat + 1).decode_rate
        out = {"repeat_plain": plain, "repeat_best": plain}
        other = self.lookup(side)
        if other:
            other.clear()
            a = other.ask(ids, self.sizes.repeat + 1, **other.lookup())
            out |= {"repeat_best": max(plain, a.decode_rate), "_lookup": a.decode_rate}
            out |= {"_drafted": a.inner["drafted"], "_accepted": a.inner["accepted"]} if a.inner else {}
        return out

    def busy(self, side, seed):
        side.clear()
        with self.neighbour(side):
            a = side.ask(self.prompts.ids(seed, 8), self.sizes.decode // 2 + 1)
        return {"busy": a.decode_rate}


def expect(true, message):
    if not true:
        raise sides.Failed(message)


def inner_rate(a):
    """Decode speed inside libllama alone, where the side tells: what peer.py costs is the difference."""
    return (a.tokens - 1) / a.inner["decode_s"] if a.inner.get("decode_s") else None
