#!/usr/bin/env python3
"""malmoi against llama.cpp on this machine: the same file, the same token ids, the same threads, in turns.

    make bench-peer                                             # installs the peer, measures, writes the table
    python3 bench/paired.py --quick --model A.gguf --model B.gguf
    python3 bench/paired.py --threads 1,2 --pairs 9 --model A.gguf
    python3 bench/paired.py --self --model A.gguf               # malmoi against itself: the noise of this machine
    python3 bench/paired.py --peer openvino --model A.gguf      # prompts only, against openvino-genai
    python3 bench/paired.py --other OLD_BINARY --gate 0.95 --model A.gguf     # two builds; fails if the new is slower
    python3 bench/paired.py --table                             # only rewrite docs/benchmarks.md from bench/results

What it measures (bench/cases.py)
    Prefill of 16, 128, 512 and 2,048 tokens; decode in an empty context and at depth 2,048; time to the first token of
    a second turn; 1, 2, 4 and 8 streams; output that follows a JSON Schema; "repeat this text with one change" with
    and without prompt lookup; decode while one other process keeps the server's processors busy; start of the process
    to the first token with the file in the page cache and, if it can be dropped, without; peak resident memory after
    a prompt of 512 tokens. Both sides are servers on the loopback address and are asked by one and the same client.

How noise is treated
    - Sides take turns within each case, A B in one round and B A in the next, and each round runs all cases before the
      next one begins: what drifts on the machine hits both sides alike. A first run of each kind of work is thrown away.
    - A result is the median over rounds of the ratio within a pair, with the quartiles beside it. Absolute numbers
      are medians too, but mean something on this machine only.
    - A pair during which other processes, or the hypervisor, took more than --disturbed of the processors is
      measured again, at most --repeats times per case and while --budget allows; the calmest attempt counts, and
      the result says how many pairs stayed disturbed.
    - With a limit of time (--budget, --total) every case still gets three pairs; then the cheap ones get theirs up to
      --pairs, and the expensive ones what is left. The table says how many pairs each row has.
    - --self shows how far apart two copies of malmoi seem to be. A ratio inside that spread says nothing.

How to read it
    Ratio = malmoi ÷ the other side. Speeds: above 1 malmoi is faster. Times and memory: below 1 malmoi is better.
    Values that begin with an underscore in the JSON are for diagnosis: "_inner_0" is the peer's decode speed inside
    libllama, without what the driver around it costs.
"""
import argparse
import contextlib
import ctypes
import datetime
import json
import mmap
import os
import pathlib
import platform
import random
import re
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

import cases  # noqa: E402  (beside this script)
import quiet  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import sides  # noqa: E402

AVX2_VARIANT = "haswell"  # ggml's processor library for AVX2


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Run:
    """One model with one number of threads."""

    def __init__(self, options, model, threads, budget):
        self.o, self.model, self.threads, self.budget = options, model, threads, budget  # seconds; 0 is no limit
        self.values = {}  # metric → {"a": […], "b": […], "disturbed": […]}
        self.errors = {}
        self.retried = {}
        self.done, self.seconds = {}, {}  # case → pairs kept, and what they took, repeats included
        self.sides, self.with_lookup, self.peer_about = {}, None, None
        off, on = sides.Malmoi.lookup_flags(options.malmoi)
        self.off, self.on = options.plain_flags or off, options.lookup_flags or on

    # Starting the sides.

    def start(self, which, flags=None):
        o = self.o
        common = (self.model, self.threads, o.context)
        if which == "a":
            side = sides.Malmoi(o.malmoi, *common, isa=o.isa, flags=self.off if flags is None else flags)
        elif o.kind == "openvino":
            side = sides.OpenVINO(self.model, self.threads)
        elif o.kind == "peer":
            side = sides.Peer(*common, variant=AVX2_VARIANT if o.isa == "avx2" else o.variant)
        else:
            old_off, _ = sides.Malmoi.lookup_flags(o.other)
            side = sides.Malmoi(o.other, *common, isa=o.isa, flags=old_off, name="the other malmoi")
        try:
            side.wait_ready()
        except BaseException:
            side.close()
            raise
        return side

    @contextlib.contextmanager
    def running(self):
        with contextlib.ExitStack() as stack:
            for which in "ab":
                self.sides[which] = self.start(which)
                stack.callback(self.sides[which].close)
            if self.on and self.o.kind == "peer" and self.wants(("repeat_best",)):
                self.with_lookup = self.start("a", self.on)
                stack.callback(self.with_lookup.close)
            yield

    def lookup_side(self, side):
        if isinstance(side, sides.Peer):
            return side
        return self.with_lookup if side is self.sides["a"] else None

    def pids(self):
        return [s.pid for s in (*self.sides.values(), self.with_lookup) if s]

    @contextlib.contextmanager
    def neighbour(self, side):
        """One process that never rests, on the server's processors. It is waited for, so its time counts as ours."""
        p = subprocess.Popen([sys.executable, "-c", "while True: pass"],
                             preexec_fn=sides.confined(side.server_cpus))
        try:
            time.sleep(0.2)  # until the interpreter is up
            yield
        finally:
            p.kill()
            p.wait()

    # Measuring.

    def wants(self, metrics):
        return not self.o.only or any(re.search(self.o.only, m) for m in metrics)

    def pair(self, name, metrics, measure, seed, keep=True, order="ab"):
        """Measure both sides; again while others disturb it and the case has repeats left."""
        if name in self.errors:
            return
        best, start = None, time.monotonic()
        while True:
            began = time.monotonic()
            try:
                got, shares = {}, []
                for which in order:
                    got[which], share = measure(which, seed)
                    shares.append(share)
            except sides.Unread:
                raise
            except (sides.Failed, OSError, KeyError, ValueError) as e:
                self.errors[name] = str(e)
                say(f"  {name}: {e}")
                return
            if best is None or max(shares) < best[1]:
                best = (got, max(shares))
            if not keep or best[1] <= self.o.disturbed or self.retried.get(name, 0) >= self.o.repeats:
                break
            if self.budget and self.left() < 5 * (time.monotonic() - began):
                break
            self.retried[name] = self.retried.get(name, 0) + 1
            seed = f"{seed} again {self.retried[name]}"
        if not keep:
            return
        self.done[name] = self.done.get(name, 0) + 1
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - start
        got, share = best
        for key in got["a"].keys() | got["b"].keys():
            if key in metrics or key.startswith("_"):
                v = self.values.setdefault(key if key in metrics else f"{key}@{name}", {"a": [], "b": [], "disturbed": []})
                v["a"].append(got["a"].get(key))
                v["b"].append(got["b"].get(key))
                v["disturbed"].append(round(share, 4))

    def timed(self, measure):
        def both(which, seed):
            side = self.sides[which]
            watch = quiet.Watch(self.pids())
            return measure(side, seed), watch.share()
        return both

    def left(self):
        """Seconds of the budget, or None without one."""
        return self.budget - (time.monotonic() - self.began) if self.budget else None

    def load(self, which, seed, cold, memory=True):
        """Start a server of its own; from the start of the process to the first token."""
        if cold and not drop_from_page_cache(self.model):
            raise sides.Failed("the file stays in the page cache: another process maps it, or the system does not let go")
        watch = quiet.Watch(self.pids())
        side = self.start(which)
        try:
            watch.pids.append(side.pid)
            watch.ours[side.pid] = 0
            rng = random.Random(seed)
            ids = [rng.randrange(100, 5000) for _ in range(8)]
            a = side.ask(ids, 1)
            out, share = {("load_cold" if cold else "load_warm"): 1000 * (a.first - side.started)}, watch.share()
            if memory:
                side.ask([rng.randrange(100, 5000) for _ in range(512)], 32)
                out["memory"] = side.peak_bytes() / 1e6
            return out, share
        finally:
            side.close()

    def measure_all(self):
        self.began = time.monotonic()
        self.starts()
        with self.running():
            a, b = self.sides["a"], self.sides["b"]
            prompts = cases.Prompts(a)
            for s in ("The old mill, 1908.", "낱말을 적는다."):
                if a.tokenize(s, True) != b.tokenize(s, True):
                    say(f"  the sides split {s!r} differently; prompts are given as token ids, so nothing depends on it")
            c = cases.Cases(prompts, cases.QUICK if self.o.quick else cases.Sizes(), self.lookup_side, self.neighbour)
            all_cases = c.prompts_only() if self.o.kind == "openvino" else c.all()
            self.cases([(n, m, f) for n, m, f in all_cases if self.wants(m)])
            self.peer_about = b.about() if isinstance(b, sides.Peer) else None

    def starts(self):
        """Cases that start servers of their own, before any other is in memory."""
        o = self.o
        if self.wants(("load_cold",)) and o.kind == "peer":
            for i in range(min(o.pairs, o.cold_pairs)):  # before any server maps the file
                self.pair("cold start", ("load_cold",), lambda w, s: self.load(w, s, True, False), f"cold {i}", order="ba" if i % 2 else "ab")
        if not self.wants(("load_warm", "memory")):
            return
        for i in range(min(o.pairs, rounds.LEAST if o.kind == "openvino" else o.pairs) + 1):
            spent = self.budget and time.monotonic() - self.began > STARTS * self.budget
            if i > rounds.LEAST and spent:
                break
            memory = i <= rounds.LEAST or not self.budget  # which hardly varies, and costs a prompt each time
            self.pair("start", ("load_warm", "memory"), lambda w, s: self.load(w, s, False, memory), f"load {i}", keep=i > 0, order="ba" if i % 2 else "ab")

    def cases(self, todo):
        o = self.o
        for n, m, f in todo:
            if n in WARM_UP or o.kind == "openvino":  # which makes code for each size when it first sees it
                self.pair(n, m, self.timed(f), "warm up", keep=False)
        i = 0
        while True:
            done = {n: self.done.get(n, 0) for n, _, _ in todo if n not in self.errors}
            names = rounds.chosen(done, {n: self.seconds[n] / k for n, k in done.items() if k}, o.pairs, self.left())
            if not names:
                break
            start = time.monotonic()
            for n, m, f in todo:
                if n in names:
                    self.pair(n, m, self.timed(f), f"round {i} {n}", order="ba" if i % 2 else "ab")
            i += 1
            say(f"  round {i}, {len(names)} of {len(todo)} cases: {time.monotonic() - start:.0f} s")

    def result(self):
        out, pairs = {}, 0
        for metric, v in sorted(self.values.items()):
            row = {k: [round6(x) for x in v[k]] for k in "ab"}
            row["disturbed"] = sum(d > self.o.disturbed for d in v["disturbed"])
            row["others_share"] = v["disturbed"]
            if metric in cases.METRICS:
                row["unit"] = cases.METRICS[metric].unit
                ratios = [x / y for x, y in zip(v["a"], v["b"]) if x and y]
                row["ratio"], pairs = quartiles(ratios), max(pairs, len(ratios))
            out[metric] = row
        return {"threads": self.threads, "pairs": pairs, "budget_s": round(self.budget, 1), "metrics": out, "errors": self.errors,
                "repeated": self.retried, "seconds": {n: round(t, 1) for n, t in self.seconds.items()},
                "lookup": {"a": bool(self.on), "b": self.o.kind == "peer"}}


STARTS = 0.15  # share of the budget after which no further warm start is measured

# Cases whose first run touches memory that later runs find touched.
WARM_UP = ("prefill 512", "decode", "4 streams")


def drop_from_page_cache(path):
    """True when at most a twentieth of the file is still in memory."""
    size = os.path.getsize(path)
    with open(path, "rb") as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        with mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_WRITE, flags=mmap.MAP_PRIVATE) as m:
            pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
            states = (ctypes.c_ubyte * pages)()
            start = ctypes.c_char.from_buffer(m)
            libc = ctypes.CDLL(None, use_errno=True)
            status = libc.mincore(ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(size), states)
            del start
        return status == 0 and sum(s & 1 for s in states) <= pages // 20


def quartiles(x):
    if not x:
        return None
    if len(x) == 1:
        return {"median": round6(x[0]), "q1": round6(x[0]), "q3": round6(x[0])}
    q = statistics.quantiles(x, n=4, method="inclusive")
    return {"median": round6(q[1]), "q1": round6(q[0]), "q3": round6(q[2])}


def round6(x):
    return x if x is None else float(f"{x:.6g}")


# What the numbers were measured on.

def host():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*:\s*(.*)", info)
    flags = set(re.search(r"flags\s*:\s*(.*)", info)[1].split()) if "flags" in info else set()
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) * 1024
    shown = ("avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_int8")
    return {"cpu": " ".join(name[1].split()) if name else platform.machine(), "processors": os.cpu_count(),
            "allowed": len(sides.ALLOWED), "memory_bytes": memory, "kernel": platform.release(),
            "flags": [f for f in shown if f in flags]}


def commit():
    def git(*a):
        got = subprocess.run(["git", "-C", str(ROOT), *a], capture_output=True, text=True)
        return got.stdout.strip() if got.returncode == 0 else ""
    head = git("rev-parse", "--short=12", "HEAD")
    return head + (" with changes" if head and git("status", "--porcelain", "--untracked-files=no") else "")


def slug(s):
    s = s.replace("(R)", "").replace("(TM)", "")
    return re.sub(r"[^a-z0-9]+", "-", s.lower()).strip("-")


def measure(o, model):
    say(f"{model}: SHA-256")
    h = host()
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "kind": o.kind,
        "host": h, "isa": o.isa or ("avx512" if "avx512_vnni" in h["flags"] else "avx2"),
        "model": {"file": o.names[model], "bytes": os.path.getsize(model), "sha256": sides.file_digest(model)},
        "a": sides.Malmoi.describe(o.malmoi) | {"commit": commit()},
        "b": describe_other(o),
        "settings": {"context": o.context, "pairs": o.pairs, "quick": o.quick, "disturbed": o.disturbed,
                     "repeats": o.repeats, "budget_s": o.budget, "total_s": o.total, "isa_forced": o.isa},
        "runs": [],
    }
    for threads in o.threads:
        say(f"{model}: threads {threads}")
        os.sched_setaffinity(0, sides.processors(threads)[1])
        run = Run(o, model, threads, rounds.share(o.ends, time.monotonic(), o.runs_left) if o.total else o.budget)
        o.runs_left -= 1
        unread = None
        try:
            run.measure_all()
        except sides.Unread as e:
            unread = str(e)
            say(f"  {o.peer} does not read this file: {unread}")
        got = run.result()
        if unread:
            got["unread"] = unread
        if run.peer_about and "variant" in run.peer_about:
            got["variant"] = run.peer_about["variant"]
        result["runs"].append(got)
    return result


def describe_other(o):
    if o.kind == "peer":
        return sides.Peer.describe()
    return sides.OpenVINO.describe() if o.kind == "openvino" else sides.Malmoi.describe(o.other)


def save(o, result):
    """Each result is a file of its own: a quick one takes nothing away from a longer one of the same day."""
    when = re.sub(r"\D", "", result["date"][11:19])
    stem = pathlib.Path(result["model"]["file"]).stem
    name = "-".join([result["date"][:10], when, slug(result["host"]["cpu"]), slug(stem)] + ([o.isa] if o.isa else []) + ([] if o.kind == "peer" else [o.kind]))
    o.results.mkdir(parents=True, exist_ok=True)
    path = o.results / f"{name}.json"
    path.write_text(compact(result))
    return path


def compact(o):
    """JSON with one line per metric."""
    s = json.dumps(o, indent=1, ensure_ascii=False)
    return re.sub(r"\[[^\[\]{}]*\]", lambda m: " ".join(m[0].split()), s) + "\n"


def gate(o, results):
    """Slower beyond doubt: the median is under the limit, and so many pairs agree that even the upper quartile is worse than 1."""
    failed = 0
    for r in results:
        for run in r["runs"]:
            for name, v in run["metrics"].items():
                m, q = cases.METRICS.get(name), v.get("ratio")
                if not m or not q:
                    continue
                mid, edge = (1 / q["median"], 1 / q["q1"]) if m.lower else (q["median"], q["q3"])
                bad = mid < o.gate and edge < 1
                failed += bad
                print(f"{'SLOWER' if bad else 'ok    '} {r['model']['file']} t{run['threads']} {m.label}: {q['median']:.3f} ({q['q1']:.3f}–{q['q3']:.3f})")
            for name, e in run["errors"].items():
                failed += 1
                print(f"FAILED {r['model']['file']} t{run['threads']} {name}: {e}")
    return failed


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", action="append", default=[], help="GGUF file, or NAME=FILE where the file's own name says nothing; repeat for several")
    p.add_argument("--malmoi", default=str(ROOT / "bin" / "malmoi"), help="binary under test")
    p.add_argument("--threads", default=None, help="comma-separated (default: all processors; --quick too)")
    p.add_argument("--pairs", type=int, default=9)
    p.add_argument("--cold-pairs", type=int, default=3, help="pairs with a cold page cache: each reads the file from disk")
    p.add_argument("--quick", action="store_true", help="shorter answers and a budget of 5.5 minutes per model and number of threads")
    p.add_argument("--budget", type=float, default=0, help="seconds per model and number of threads; past it only what has fewer than three pairs is measured")
    p.add_argument("--total", type=float, default=0, help="seconds for all models and numbers of threads together, instead of --budget; small files first")
    p.add_argument("--disturbed", type=float, default=0.03, help="share of the processors that others may take")
    p.add_argument("--repeats", type=int, default=None, help="measurements repeated per case because of it (default: as many as pairs; --quick: 2)")
    p.add_argument("--context", type=int, default=4096)
    p.add_argument("--isa", choices=["avx2"], help="force both sides to AVX2")
    p.add_argument("--variant", default="auto", help="the peer's processor library")
    p.add_argument("--only", help="regular expression over metric names; such a partial result is printed, and saved only with --keep")
    p.add_argument("--keep", action="store_true", help="save a partial result too; a fuller one of the same kind goes before it in the table")
    p.add_argument("--peer", choices=["llama.cpp", "openvino"], default="llama.cpp", help="openvino: prompts and memory only, with openvino-genai")
    p.add_argument("--self", action="store_true", help="malmoi against itself")
    p.add_argument("--other", help="another malmoi binary instead of the peer")
    p.add_argument("--gate", type=float, help="exit with 1 if a metric's ratio is below this beyond doubt")
    p.add_argument("--plain-flags", nargs="*", help="malmoi's flags for no prompt lookup (default: found in its help)")
    p.add_argument("--lookup-flags", nargs="*", help="malmoi's flags for prompt lookup (default: found in its help)")
    p.add_argument("--results", type=pathlib.Path, default=HERE / "results")
    p.add_argument("--docs", type=pathlib.Path, default=ROOT / "docs" / "benchmarks.md")
    p.add_argument("--no-save", action="store_true", help="print only")
    p.add_argument("--table", action="store_true", help="rewrite the table from the saved results, measure nothing")
    o = p.parse_args()
    o.no_save = o.no_save or bool(o.only) and not o.keep
    o.kind = "self" if o.self else "builds" if o.other else "openvino" if o.peer == "openvino" else "peer"
    o.other = o.malmoi if o.self else o.other
    pairs = [m.partition("=") if "=" in m and not os.path.exists(m) else (os.path.basename(m), "", m) for m in o.model]
    o.names, o.model = {path: name.removesuffix(".gguf") + ".gguf" for name, _, path in pairs}, [path for _, _, path in pairs]
    o.threads = [int(t) for t in o.threads.split(",")] if o.threads else [len(sides.ALLOWED)]
    o.budget = 0 if o.total else o.budget or (330.0 if o.quick else 0)
    o.runs_left, o.ends = len(o.model) * len(o.threads), time.monotonic() + o.total
    o.repeats = o.repeats if o.repeats is not None else 2 if o.quick else o.pairs
    if not o.table:
        if not o.model:
            p.error("name at least one --model FILE.gguf")
        if o.kind == "openvino" and o.isa:
            p.error("openvino-genai cannot be held to AVX2 as a whole; measure on a machine that has no more")
        missing = [f for f in o.model + [o.malmoi] if not os.path.exists(f)]
        if missing:
            p.error(f"no such file: {', '.join(missing)}" + ("; 'make build' makes the binary" if o.malmoi in missing else ""))
    return o


def main():
    o = arguments()
    if not o.table:
        results = []
        for m in sorted(o.model, key=os.path.getsize):
            results.append(measure(o, m))
            print(report.section(results[-1]), flush=True)
            if o.kind != "builds" and not o.no_save:
                say("wrote", save(o, results[-1]))
        if o.gate:
            sys.exit(1 if gate(o, results) else 0)
    if o.kind != "builds" and not o.no_save:
        report.write(o.results, o.docs)
        say("wrote", o.docs)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the servers are stopped too
    try:
        main()
    except (sides.Failed, KeyboardInterrupt) as e:
        sys.exit(f"paired: {str(e) or 'stopped'}")
