#!/usr/bin/env python3
"""The other side of the comparison: a packaged llama.cpp behind a small HTTP server.

What it is
    `peer.py install` fetches one pinned npm package of prebuilt libraries (libllama, libggml and one libggml-cpu
    per kind of processor) into .cache/peer, without running any of its scripts. `peer.py serve` opens these
    libraries with ctypes and answers /v1/completions on the loopback address, so that paired.py can ask both sides
    the same way. Nothing is compiled, and only the Python standard library is needed.

    python3 bench/peer.py install
    python3 bench/peer.py serve --model FILE.gguf --threads 2 --port 9090
    python3 bench/peer.py about                       # versions, processor library, checksums
    python3 bench/peer.py install --openvino          # the second peer as well, for prompts (peer_openvino.py)

How it is kept fair
    - The processor library is the one that ggml itself scores highest on this machine; --variant haswell forces the
      AVX2 one. Weights are repacked and mapped as llama.cpp does by default, flash attention is left on "auto".
    - The engine thread does everything for a token itself, including the write to the client's socket, so the
      interpreter's lock is never passed around while tokens flow. Its cost is a few dozen microseconds per token;
      each answer's "timings" say how long libllama alone took, so that the cost can be seen and not guessed.
    - There is a context for the case at hand, as a person who knows the case would set it up: one sequence for
      single streams, N separate ones for N streams (POST /context). It is warmed up when it is made, and emptied
      before each measurement, so that no old sequence slows the attention down.
    - Grammars: the likeliest token is tried against the grammar first, and only when it is refused is the whole
      vocabulary masked. Prompt lookup: drafts from the last occurrence of the current n-gram, verified in one
      batch; the draft grows while it is accepted and shrinks when it is not.
    - "loading" is printed with the monotonic clock just before the libraries are opened: what Python itself needs
      to start counts neither as load time nor as memory (see "memory_base" in /about).

What it is not
    A server for people: greedy sampling only, no chat, no limits, loopback only. The layouts of llama.cpp's
    structures below belong to the pinned version; another version is refused, and the defaults that the library
    reports are checked against known values before anything runs.
"""
import argparse
import codecs
import collections
import ctypes as C
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PACKAGE = "@node-llama-cpp/linux-x64"
VERSION = "3.22.1"
LLAMA = "0.5.0-dev"  # the llama.cpp that this package holds, whose structures are laid out below
ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "peer"
LIBS = CACHE / "node_modules" / PACKAGE / "bins" / "linux-x64"

int32, uint32, float32, size_t = C.c_int32, C.c_uint32, C.c_float, C.c_size_t
ptr, flag, text = C.c_void_p, C.c_bool, C.c_char_p


def fields(kind, names):
    return [(name, kind) for name in names.split()]


class ModelParams(C.Structure):
    _fields_ = [
        *fields(ptr, "devices buffer_overrides"),
        *fields(int32, "gpu_layers split_mode load_mode lazy_mode main_gpu"),
        *fields(ptr, "tensor_split progress progress_data kv_overrides"),
        *fields(flag, "vocab_only check_tensors extra_buffer_types no_host no_alloc load_mtp"),
    ]


class ContextParams(C.Structure):
    _fields_ = [
        *fields(uint32, "n_ctx n_batch n_ubatch n_seq_max n_rs_seq outputs_max outputs_max_per_seq"),
        *fields(int32, "threads threads_batch context_type rope_scaling pooling attention flash_attention"),
        *fields(float32, "rope_base rope_scale yarn_ext yarn_attention yarn_fast yarn_slow"),
        *fields(uint32, "yarn_original"),
        *fields(float32, "defrag"),
        *fields(ptr, "eval_callback eval_data"),
        *fields(int32, "type_k type_v"),
        *fields(ptr, "abort_callback abort_data"),
        *fields(flag, "embeddings offload_kqv no_perf op_offload swa_full kv_unified"),
        *fields(ptr, "samplers"),
        *fields(size_t, "sampler_count"),
        *fields(ptr, "other_context"),
    ]


class Batch(C.Structure):
    _fields_ = [
        ("count", int32), ("token", C.POINTER(int32)), ("embedding", ptr), ("position", C.POINTER(int32)),
        ("seq_count", C.POINTER(int32)), ("seq", C.POINTER(C.POINTER(int32))), ("logits", C.POINTER(C.c_int8)),
    ]


class Candidate(C.Structure):
    _fields_ = [("id", int32), ("logit", float32), ("p", float32)]


class Candidates(C.Structure):
    _fields_ = [("data", C.POINTER(Candidate)), ("size", size_t), ("selected", C.c_int64), ("sorted", flag)]


class ChainParams(C.Structure):
    _fields_ = [("no_perf", flag)]


# Name, result, arguments of every function used.
FUNCTIONS = [
    ("llama_version", text, []),
    ("llama_backend_init", None, []),
    ("llama_log_set", None, [ptr, ptr]),
    ("llama_model_default_params", ModelParams, []),
    ("llama_context_default_params", ContextParams, []),
    ("llama_model_load_from_file", ptr, [text, ModelParams]),
    ("llama_model_get_vocab", ptr, [ptr]),
    ("llama_init_from_model", ptr, [ptr, ContextParams]),
    ("llama_get_memory", ptr, [ptr]),
    ("llama_memory_clear", None, [ptr, flag]),
    ("llama_memory_seq_rm", flag, [ptr, int32, int32, int32]),
    ("llama_batch_init", Batch, [int32, int32, int32]),
    ("llama_decode", int32, [ptr, Batch]),
    ("llama_synchronize", None, [ptr]),
    ("llama_tokenize", int32, [ptr, text, int32, C.POINTER(int32), int32, flag, flag]),
    ("llama_token_to_piece", int32, [ptr, int32, text, int32, int32, flag]),
    ("llama_vocab_is_eog", flag, [ptr, int32]),
    ("llama_vocab_n_tokens", int32, [ptr]),
    ("llama_sampler_init_greedy", ptr, []),
    ("llama_sampler_init_grammar", ptr, [ptr, text, text]),
    ("llama_sampler_chain_init", ptr, [ChainParams]),
    ("llama_sampler_chain_add", None, [ptr, ptr]),
    ("llama_sampler_sample", int32, [ptr, ptr, int32]),
    ("llama_sampler_apply", None, [ptr, C.POINTER(Candidates)]),
    ("llama_sampler_accept", None, [ptr, int32]),
    ("llama_sampler_free", None, [ptr]),
]


def install():
    """Fetch the package once; npm checks it against the registry's digest."""
    if (LIBS.parent.parent / "package.json").exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact",
         "--prefix", str(CACHE), f"{PACKAGE}@{VERSION}"],
        check=True, stdout=sys.stderr)


def library(pattern):
    found = sorted(LIBS.glob(pattern), key=lambda p: (len(p.name), p.name))
    if not found:
        sys.exit(f"peer: no {pattern} in {LIBS}; run: python3 bench/peer.py install")
    return found[0]


@C.CFUNCTYPE(None, C.c_int, text, ptr)
def on_log(level, message, _):
    if level == 4:  # errors; what follows with level 5 continues the line before, of any level
        sys.stderr.write(message.decode("utf-8", "replace"))


def open_libraries(variant):
    """Open libggml, a processor library and libllama; returns libllama and the processor library's name."""
    C.CDLL(str(library("libggml-base*.so*")), C.RTLD_GLOBAL)
    ggml = C.CDLL(str(library("libggml.*so*")), C.RTLD_GLOBAL)
    llama = C.CDLL(str(library("libllama.*so*")), C.RTLD_GLOBAL)
    for name, result, arguments in FUNCTIONS:
        f = getattr(llama, name)
        f.restype, f.argtypes = result, arguments
    llama.llama_log_set(C.cast(on_log, ptr), None)
    if variant == "auto":
        ggml.ggml_backend_load_all_from_path.argtypes = [text]
        ggml.ggml_backend_load_all_from_path(str(LIBS).encode())
    else:
        ggml.ggml_backend_load.argtypes, ggml.ggml_backend_load.restype = [text], ptr
        if not ggml.ggml_backend_load(str(library(f"libggml-cpu-{variant}.so")).encode()):
            sys.exit(f"peer: this processor cannot run the variant {variant}")
    loaded = set(re.findall(r"libggml-cpu-([a-z0-9]+)\.so", pathlib.Path("/proc/self/maps").read_text()))
    if len(loaded) != 1:
        sys.exit(f"peer: expected one processor library in memory, found {sorted(loaded)}")
    return llama, loaded.pop()


class Library:
    """libllama with one model, and one context at a time."""

    def __init__(self, model, threads, variant):
        self.c, self.variant = open_libraries(variant)
        self.threads = threads
        self.version = self.c.llama_version().decode()
        if self.version != LLAMA:
            sys.exit(f"peer: libllama {self.version} is not {LLAMA}, whose structures this script knows")
        self.c.llama_backend_init()
        params = self.c.llama_model_default_params()
        self._check_layout(params, self.c.llama_context_default_params())
        params.gpu_layers = 0
        self.model = self.c.llama_model_load_from_file(os.fsencode(model), params)
        if not self.model:
            sys.exit(f"peer: cannot load {model}")
        self.vocab = self.c.llama_model_get_vocab(self.model)
        self.greedy = self.c.llama_sampler_init_greedy()
        self.pieces = {}
        self.contexts, self.context = {}, None
        self.rows = 2048  # n_batch, as llama.cpp's own server has it
        self.batch = self.c.llama_batch_init(self.rows, 0, 1)
        for i in range(self.rows):
            self.batch.seq_count[i] = 1

    @staticmethod
    def _check_layout(m, c):
        got = (c.n_ctx, c.n_batch, c.n_ubatch, c.n_seq_max, c.yarn_ext, c.defrag, c.type_k, c.type_v, c.offload_kqv,
               c.kv_unified, c.sampler_count, m.vocab_only, m.extra_buffer_types)
        want = (512, 2048, 512, 1, -1.0, -1.0, 1, 1, True, False, 0, False, True)
        if got != want:
            sys.exit(f"peer: the library's defaults read as {got}, not {want}: another layout of its structures")

    def use_context(self, n_ctx, slots, unified):
        """Make this kind of context the current one, empty; true if it had to be made first."""
        kind = (n_ctx, slots, unified)
        new = kind not in self.contexts
        if new:
            p = self.c.llama_context_default_params()
            p.n_ctx, p.n_batch, p.n_ubatch, p.n_seq_max = n_ctx, self.rows, 512, slots
            p.threads = p.threads_batch = self.threads
            p.kv_unified, p.no_perf = unified, True
            made = self.c.llama_init_from_model(self.model, p)
            if not made:
                raise ValueError(f"no context of {n_ctx} tokens for {slots} sequences")
            self.contexts[kind] = made
        self.context = self.contexts[kind]
        self.memory = self.c.llama_get_memory(self.context)
        self.c.llama_memory_clear(self.memory, False)
        return new

    def warm_up(self, rows):
        """First touches of memory are not part of any measurement."""
        self.run([(1, i, 0, i == rows - 1) for i in range(rows)])
        self.c.llama_memory_clear(self.memory, False)

    def tokenize(self, s, special):
        raw = s.encode()
        out = (int32 * (len(raw) + 8))()
        n = self.c.llama_tokenize(self.vocab, raw, len(raw), out, len(out), special, False)
        return out[:max(n, 0)]

    def piece(self, token):
        got = self.pieces.get(token)
        if got is None:
            buffer = C.create_string_buffer(512)
            n = self.c.llama_token_to_piece(self.vocab, token, buffer, 512, 0, False)
            got = self.pieces[token] = buffer.raw[:max(n, 0)]
        return got

    def run(self, rows):
        """rows are (token, position, sequence, wants logits)."""
        b = self.batch
        b.count = len(rows)
        token, position, seq, logits = b.token, b.position, b.seq, b.logits
        for i, (t, p, s, w) in enumerate(rows):
            token[i], position[i], seq[i][0], logits[i] = t, p, s, w
        status = self.c.llama_decode(self.context, b)
        self.c.llama_synchronize(self.context)
        return status

    def best(self, row):
        return self.c.llama_sampler_sample(self.greedy, self.context, row)


class Grammar:
    """Constrained greedy choice."""

    def __init__(self, lib, source):
        c = self.c = lib.c
        self.lib = lib
        self.rule = c.llama_sampler_init_grammar(lib.vocab, source.encode(), b"root")
        if not self.rule:
            raise ValueError("the grammar does not parse")
        self.chain = c.llama_sampler_chain_init(ChainParams(True))
        c.llama_sampler_chain_add(self.chain, self.rule)
        c.llama_sampler_chain_add(self.chain, c.llama_sampler_init_greedy())
        self.one = (Candidate * 1)()

    def best(self, row):
        token = self.lib.best(row)
        self.one[0] = Candidate(token, 1.0, 0.0)
        self.c.llama_sampler_apply(self.rule, C.byref(Candidates(self.one, 1, -1, False)))
        if self.one[0].logit == float("-inf"):
            return self.c.llama_sampler_sample(self.chain, self.lib.context, row)  # masks all, accepts by itself
        self.c.llama_sampler_accept(self.rule, token)
        return token

    def close(self):
        self.c.llama_sampler_free(self.chain)


class Guess:
    """Prompt lookup: what followed the last few tokens when they last occurred."""

    LONGEST, SHORTEST, MOST, LEAST = 4, 2, 16, 2

    def __init__(self):
        self.seen = {}  # n-gram → index after its last occurrence
        self.read = 0
        self.length = 8

    def draft(self, tokens, room):
        for end in range(self.read, len(tokens)):  # the n-grams that end before the last token
            for n in range(self.SHORTEST, self.LONGEST + 1):
                if end >= n:
                    self.seen[tuple(tokens[end - n:end])] = end
        self.read = len(tokens)
        for n in range(self.LONGEST, self.SHORTEST - 1, -1):
            at = self.seen.get(tuple(tokens[-n:])) if len(tokens) >= n else None
            if at is not None and room > 0:
                return tokens[at:at + min(self.length, room)]
        return []

    def settle(self, drafted, accepted):
        if drafted and accepted == drafted:
            self.length = min(self.MOST, self.length * 2)
        elif drafted:
            self.length = max(self.LEAST, accepted + 1)


class Job:
    def __init__(self, asked, lib, out):
        prompt = asked["prompt"]
        self.ids = lib.tokenize(prompt, True) if isinstance(prompt, str) else list(prompt)
        if not self.ids:
            raise ValueError("the prompt is empty")
        self.limit = int(asked.get("max_tokens") or 16)
        self.ignore_eos = bool(asked.get("ignore_eos"))
        self.grammar_source = asked.get("grammar")
        self.guess = Guess() if asked.get("lookup") else None
        self.stream = bool(asked.get("stream"))
        self.out = out  # the socket's file; written by the engine thread only
        self.grammar = None
        self.tokens, self.text = [], []
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.cached = self.drafted = self.accepted = 0
        self.prefill = self.decode = 0.0  # seconds inside libllama
        self.finish = None
        self.done = threading.Event()

    def usage(self):
        return {
            "prompt_tokens": len(self.ids), "completion_tokens": len(self.tokens),
            "total_tokens": len(self.ids) + len(self.tokens), "prompt_tokens_details": {"cached_tokens": self.cached},
        }

    def timings(self):
        return {"prefill_s": self.prefill, "decode_s": self.decode, "drafted": self.drafted, "accepted": self.accepted}

    def emit(self, lib, token):
        self.tokens.append(token)
        s = self.decoder.decode(lib.piece(token))
        if self.stream:
            self.event({"choices": [{"index": 0, "text": s, "finish_reason": None}]})
        else:
            self.text.append(s)

    def event(self, o):
        body = o if isinstance(o, str) else json.dumps(o)
        try:
            self.out.write(b"data: " + body.encode() + b"\n\n")
        except OSError:
            self.finish = self.finish or "gone"

    def close(self, why):
        self.finish = why
        if self.grammar:
            self.grammar.close()
        if self.stream and why != "gone":
            self.event({"choices": [{"index": 0, "text": "", "finish_reason": why}]})
            self.event({"choices": [], "usage": self.usage(), "timings": self.timings()})
            self.event("[DONE]")
        self.done.set()


class Slot:
    def __init__(self, seq):
        self.seq, self.cache, self.job = seq, [], None
        self.used = 0.0  # when a job last began

    def shared(self, ids):
        n = 0
        for a, b in zip(self.cache, ids):
            if a != b:
                break
            n += 1
        return n


class Engine(threading.Thread):
    """Owns the library's context: every call that touches it happens on this thread."""

    def __init__(self, lib, n_ctx):
        super().__init__(daemon=True)
        self.lib = lib
        self.waiting, self.orders, self.ready = collections.deque(), collections.deque(), threading.Condition()
        self.reset(n_ctx, 1, False, 1)

    def reset(self, n_ctx, slots, unified, warm=512):
        self.room = n_ctx if unified or slots == 1 else n_ctx // slots
        if self.lib.use_context(n_ctx, slots, unified):
            self.lib.warm_up(min(warm, self.room))
        self.slots = [Slot(i) for i in range(slots)]

    def submit(self, job):
        with self.ready:
            self.waiting.append(job)
            self.ready.notify()

    def order(self, n_ctx, slots, unified):
        """Ask for a new, empty context; waits for it."""
        o = {"args": (n_ctx, slots, unified), "done": threading.Event(), "error": None}
        with self.ready:
            self.orders.append(o)
            self.ready.notify()
        o["done"].wait()
        if o["error"]:
            raise ValueError(o["error"])

    def run(self):
        while True:
            with self.ready:
                while not (self.waiting or self.orders or any(s.job for s in self.slots)):
                    self.ready.wait()
                orders, self.orders = self.orders, collections.deque()
            for o in orders:
                try:
                    self.reset(*o["args"])
                except ValueError as e:
                    o["error"] = str(e)
                o["done"].set()
            self.admit()
            if any(s.job for s in self.slots):
                self.step()

    def admit(self):
        while self.waiting:
            free = [s for s in self.slots if not s.job]
            if not free:
                return
            job = self.waiting.popleft()
            slot = max(free, key=lambda s: (s.shared(job.ids), -s.used))  # the best match, else the oldest
            slot.used = time.monotonic()
            keep = min(slot.shared(job.ids), len(job.ids) - 1)
            if not self.lib.c.llama_memory_seq_rm(self.lib.memory, slot.seq, keep, -1):
                self.lib.c.llama_memory_seq_rm(self.lib.memory, slot.seq, -1, -1)
                keep = 0
            slot.cache, slot.job, job.cached = job.ids[:keep], job, keep
            if len(job.ids) + job.limit > self.room:
                self.release(slot, "too long")
            elif job.grammar_source:
                try:
                    job.grammar = Grammar(self.lib, job.grammar_source)
                except ValueError:
                    self.release(slot, "bad grammar")

    def release(self, slot, why):
        slot.job.close(why)
        slot.job = None

    def step(self):
        """One token, or one draft, of each sequence that generates; then prompts, as many rows as fit."""
        rows, wanted = [], []
        for slot in self.slots:
            job = slot.job
            if job and job.tokens:
                at = len(slot.cache)
                draft = job.guess.draft(job.ids + job.tokens, min(job.limit - len(job.tokens) - 1, self.lib.rows - len(rows) - 1)) if job.guess else []
                wanted.append((slot, len(rows), draft))
                rows.append((job.tokens[-1], at, slot.seq, True))
                rows += [(t, at + 1 + i, slot.seq, True) for i, t in enumerate(draft)]
        for slot in self.slots:
            job = slot.job
            if job and not job.tokens and len(rows) < self.lib.rows:
                at = len(slot.cache)
                part = job.ids[at:at + self.lib.rows - len(rows)]
                last = at + len(part) == len(job.ids)
                rows += [(t, at + i, slot.seq, False) for i, t in enumerate(part)]
                slot.cache += part
                if last:
                    rows[-1] = rows[-1][:3] + (True,)
                    wanted.append((slot, len(rows) - 1, None))
        start = time.perf_counter()
        status = self.lib.run(rows)
        spent = time.perf_counter() - start
        for slot in self.slots:
            if slot.job and slot.job.tokens:
                slot.job.decode += spent
            elif slot.job:
                slot.job.prefill += spent
        if status:
            for slot in self.slots:
                if slot.job:
                    slot.cache = []
                    self.lib.c.llama_memory_seq_rm(self.lib.memory, slot.seq, -1, -1)
                    self.release(slot, f"llama_decode returned {status}")
            return
        for slot, row, draft in wanted:
            self.take(slot, row, draft)

    def take(self, slot, row, draft):
        """Choose after the row, and after each drafted token that was right."""
        job, accepted = slot.job, 0
        if draft is not None:
            slot.cache.append(job.tokens[-1])
        draft = draft or []
        why = None
        for i in range(len(draft) + 1):
            start = time.perf_counter()
            token = (job.grammar or self.lib).best(row + i)
            job.decode += time.perf_counter() - start if job.tokens else 0.0
            if self.lib.c.llama_vocab_is_eog(self.lib.vocab, token) and (job.grammar or not job.ignore_eos):
                why = "stop"
                break
            job.emit(self.lib, token)
            if job.finish or len(job.tokens) >= job.limit:
                why = job.finish or "length"
                break
            if i == len(draft) or token != draft[i]:
                break
            accepted += 1
            slot.cache.append(token)
        if draft:
            job.drafted, job.accepted = job.drafted + len(draft), job.accepted + accepted
            job.guess.settle(len(draft), accepted)
            self.lib.c.llama_memory_seq_rm(self.lib.memory, slot.seq, len(slot.cache), -1)
        if why:
            self.release(slot, why)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 0
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def reply(self, status, o):
        body = json.dumps(o).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, self.server.about) if self.path == "/about" else self.reply(404, {"error": "not found"})

    def do_POST(self):
        engine = self.server.engine
        try:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/v1/completions":
                return self.complete(Job(asked, engine.lib, self.wfile))
            if self.path == "/tokenize":
                ids = engine.lib.tokenize(asked["prompt"], asked.get("add_special_tokens", True))
                return self.reply(200, {"count": len(ids), "tokens": ids})
            if self.path == "/context":
                engine.order(int(asked["tokens"]), int(asked.get("slots", 1)), bool(asked.get("unified", False)))
                return self.reply(200, {})
            self.reply(404, {"error": "not found"})
        except (KeyError, TypeError, ValueError) as e:
            self.reply(400, {"error": str(e)})

    def complete(self, job):
        if job.stream:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
        self.server.engine.submit(job)
        job.done.wait()
        if not job.stream:
            choice = {"index": 0, "text": "".join(job.text), "finish_reason": job.finish}
            self.reply(200, {"choices": [choice], "usage": job.usage(), "timings": job.timings()})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def resident_bytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


def serve(a):
    if not LIBS.exists():
        sys.exit("peer: not installed; run: python3 bench/peer.py install")
    base, start = resident_bytes(), time.monotonic()
    print(f"loading {start:.6f}", flush=True)
    lib = Library(a.model, a.threads, a.variant)
    engine = Engine(lib, a.context)
    server = Server(("127.0.0.1", a.port), Handler)
    server.engine = engine
    server.about = {"package": f"{PACKAGE}@{VERSION}", "llama": lib.version, "variant": lib.variant,
                    "threads": a.threads, "context": a.context, "memory_base": base,
                    "load_s": time.monotonic() - start}
    engine.start()
    print(f"ready {time.monotonic():.6f} http://127.0.0.1:{a.port} llama.cpp {lib.version} {lib.variant}", flush=True)
    server.serve_forever()


def about():
    llama, variant = open_libraries("auto")
    digest = {p.name: hashlib.sha256(p.read_bytes()).hexdigest()
              for p in (library("libllama.*so*"), library(f"libggml-cpu-{variant}.so"))}
    return {"package": f"{PACKAGE}@{VERSION}", "llama": llama.llama_version().decode(), "variant": variant, "sha256": digest}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)
    i = sub.add_parser("install", help="fetch the pinned package")
    i.add_argument("--openvino", action="store_true", help="and openvino-genai, in an environment of its own")
    sub.add_parser("about", help="print versions and checksums")
    s = sub.add_parser("serve", help="serve one model on the loopback address")
    s.add_argument("--model", required=True)
    s.add_argument("--threads", type=int, default=os.cpu_count())
    s.add_argument("--variant", default="auto", help="processor library: auto, haswell (AVX2), icelake, …")
    s.add_argument("--context", type=int, default=4096, help="tokens of the cache")
    s.add_argument("--port", type=int, default=9090)
    a = p.parse_args()
    if a.command == "install":
        install()
        if a.openvino:
            import peer_openvino  # it needs this module
            peer_openvino.install()
    elif a.command == "about":
        print(json.dumps(about(), indent=2))
    else:
        try:
            serve(a)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
