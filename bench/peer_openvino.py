#!/usr/bin/env python3
"""A second other side, for prompts only: openvino-genai behind the same small HTTP server.

What it is
    `peer.py install --openvino` makes a virtual environment in .cache/peer/openvino and puts pinned wheels from PyPI
    into it. `serve`, run with that environment's Python, reads a GGUF file the way openvino-genai itself does and
    answers /v1/completions on the loopback address, so that paired.py can ask it like any other side.

    python3 bench/peer.py install --openvino
    .cache/peer/openvino/bin/python bench/peer_openvino.py serve --model FILE.gguf --threads 2 --port 9091
    .cache/peer/openvino/bin/python bench/peer_openvino.py about

How it is kept fair
    - Prompts are token ids, the same as the other side gets. Speed of a prompt is its tokens over the time from the
      request to the arrival of the first generated token (max_tokens is 1): the prompt's own work, the output layer
      for its last token, one choice and one event on a socket, on both sides alike. Nothing is subtracted.
    - openvino-genai runs with its own choices: paged attention, its cache's type, its dynamic quantisation, the whole
      prompt in one batch. It gets the number of threads, and hyper-threads count as processors, because paired.py
      confines it to exactly that many. Pinning is off: it would pin to processors of its own choice.
    - Its prefix cache is on, as by default. Every prompt differs in its first tokens, so nothing is found in it.
    - Each token is sent when openvino-genai hands it to its streamer, as its number: detokenizing would take time that
      nothing here needs.
    - What Python and numpy need counts neither as load time nor as memory ("loading", "memory_base" in /about).

What it is not
    A check of openvino-genai's answers. And it reads few files: in this version llama, qwen2 and qwen3 with tensors in
    F16, Q8_0, Q4_0, Q4_1, Q4_K and Q6_K. Small models in Q4_K_M hold Q5_0 and are refused; then "refused" and the
    reason are printed, and paired.py writes that instead of numbers.
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import peer  # noqa: E402  (beside this script)

PACKAGE, VERSION = "openvino-genai", "2026.4.1"
# All that is needed, without what the packages would bring along besides: openvino-telemetry is left out.
PINNED = ["openvino-genai==2026.4.1.0", "openvino-tokenizers==2026.4.1.0", "openvino==2026.4.1"]
NUMPY = "numpy>=1.16.6,<2.6"  # the range that openvino names; which one fits depends on the Python
HOME = peer.CACHE / "openvino"
PYTHON = HOME / "bin" / "python"
LONGEST = 1 << 20  # bytes of a request


def installed():
    """True when the environment holds exactly the pinned versions."""
    return PYTHON.exists() and subprocess.run(
        [PYTHON, __file__, "about"], capture_output=True).returncode == 0


def install():
    """Make the environment once; pip checks the wheels against the index's digests."""
    if installed():
        return
    peer.CACHE.mkdir(parents=True, exist_ok=True)
    (peer.CACHE / ".gitignore").write_text("*\n")
    subprocess.run([sys.executable, "-m", "venv", "--clear", HOME], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--only-binary", ":all:",
                    "--no-deps", *PINNED, NUMPY], check=True, stdout=sys.stderr)
    if not installed():
        sys.exit(f"peer: {PACKAGE} {VERSION} is installed in {HOME} but does not start; see: {PYTHON} {__file__} about")


def versions():
    return {p.split("==")[0]: importlib.metadata.version(p.split("==")[0]) for p in PINNED}


def about():
    import openvino_genai  # noqa: F401  (does it load on this machine?)
    got = versions()
    wrong = [p for p in PINNED if p != "==".join((p.split("==")[0], got[p.split("==")[0]]))]
    if wrong:
        sys.exit(f"peer: {got} instead of {wrong}; run: python3 bench/peer.py install --openvino")
    return {"package": f"{PACKAGE}@{VERSION}", "versions": got}


def reason(error):
    """The last line of a message of OpenVINO's, which is the only one that is not about its own source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200]


class Model:
    """One pipeline, asked by one request at a time."""

    def __init__(self, file, threads):
        import numpy
        import openvino
        import openvino_genai
        self.genai, self.tensor, self.numpy = openvino_genai, openvino.Tensor, numpy
        self.turn = threading.Lock()
        self.pipeline = openvino_genai.LLMPipeline(
            file, "CPU", INFERENCE_NUM_THREADS=threads, ENABLE_HYPER_THREADING=True, ENABLE_CPU_PINNING=False,
            PERFORMANCE_HINT="LATENCY")

    def tokenize(self, text, special):
        ids = self.pipeline.get_tokenizer().encode(text, add_special_tokens=special).input_ids
        return [int(i) for i in ids.data.reshape(-1)]

    def generate(self, ids, limit, emit):
        """Greedy tokens after the prompt, each given to emit as soon as it is there; how many there were."""
        genai, count = self.genai, 0

        class Streamer(genai.StreamerBase):
            def write(self, token):
                nonlocal count
                for t in [token] if isinstance(token, int) else token:
                    count += 1
                    emit(t)
                return genai.StreamingStatus.RUNNING

            def end(self):
                pass

        config = genai.GenerationConfig()
        config.max_new_tokens, config.ignore_eos, config.do_sample, config.apply_chat_template = limit, True, False, False
        with self.turn:
            self.pipeline.generate(self.tensor(self.numpy.array([ids], dtype=self.numpy.int64)), config, Streamer())
        return count


class Handler(peer.Handler):
    """The same requests as peer.py's, as far as prompts need them: always streamed, always greedy."""

    def do_POST(self):
        try:
            length = int(self.headers["Content-Length"])
            if length > LONGEST:
                raise ValueError(f"a request of {length} bytes; {LONGEST} are taken")
            asked = json.loads(self.rfile.read(length))
            if self.path == "/v1/completions":
                return self.complete([int(i) for i in asked["prompt"]], int(asked["max_tokens"]))
            if self.path == "/tokenize":
                ids = self.server.engine.tokenize(asked["prompt"], asked.get("add_special_tokens", True))
                return self.reply(200, {"count": len(ids), "tokens": ids})
            self.reply(404, {"error": "not found"})
        except (KeyError, TypeError, ValueError) as e:
            self.reply(400, {"error": str(e)})

    def event(self, o):
        self.wfile.write(b"data: " + json.dumps(o).encode() + b"\n\n")

    def complete(self, ids, limit):
        if not ids or limit < 1:
            raise ValueError("a prompt of at least one token, and at least one token to generate")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        finish = "length"
        count = 0
        try:
            count = self.server.engine.generate(ids, limit, lambda t: self.event({"choices": [{"index": 0, "text": f"<{t}>"}]}))
        except RuntimeError as e:
            finish = reason(e)
        self.event({"choices": [{"index": 0, "text": "", "finish_reason": finish}],
                    "usage": {"prompt_tokens": len(ids), "completion_tokens": count,
                              "prompt_tokens_details": {"cached_tokens": 0}}})
        self.wfile.write(b"data: [DONE]\n\n")


def serve(a):
    import numpy  # noqa: F401  (its memory is Python's, not the peer's)
    base, start = peer.resident_bytes(), time.monotonic()
    print(f"loading {start:.6f}", flush=True)
    try:
        model = Model(a.model, a.threads)
    except ImportError as e:
        sys.exit(f"peer: {e}; run: python3 bench/peer.py install --openvino")
    except RuntimeError as e:
        print("refused", reason(e), flush=True)
        sys.exit(3)
    server = peer.Server(("127.0.0.1", a.port), Handler)
    server.engine = model
    server.about = {"package": f"{PACKAGE}@{VERSION}", "threads": a.threads, "memory_base": base,
                    "load_s": time.monotonic() - start}
    print(f"ready {time.monotonic():.6f} http://127.0.0.1:{a.port} {PACKAGE} {VERSION}", flush=True)
    server.serve_forever()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)
    sub.add_parser("about", help="print versions")
    s = sub.add_parser("serve", help="serve one model on the loopback address")
    s.add_argument("--model", required=True)
    s.add_argument("--threads", type=int, default=os.cpu_count())
    s.add_argument("--port", type=int, default=9091)
    a = p.parse_args()
    if a.command == "about":
        print(json.dumps(about(), indent=2))
    else:
        try:
            serve(a)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
