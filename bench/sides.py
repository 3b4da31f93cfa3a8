"""How paired.py starts a server, asks it and reads its answer: the same way for both sides.

A side is a process on the loopback address that answers POST /v1/completions with token ids for a prompt. It runs on
exactly as many processors as it has threads (sched_setaffinity), and the asking side keeps to the others if there are
any. The client reads raw bytes with a time stamp and looks into them only when the answer is complete, so that it
takes next to nothing from the server's processors while tokens flow.
"""
import ctypes
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time

import peer_openvino

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_S = 600.0
ALLOWED = sorted(os.sched_getaffinity(0))  # before this process confines itself


class Failed(Exception):
    """A server that did not start, or an answer that is none."""


class Unread(Failed):
    """A peer that says itself that it cannot read the file."""


@dataclasses.dataclass
class Answer:
    start: float  # when the request was sent
    first: float  # when the first text arrived
    end: float  # when the finish reason arrived
    prompt: int  # tokens
    tokens: int  # tokens generated
    cached: int  # prompt tokens that were not computed again
    finish: str
    text: str
    inner: dict  # seconds inside libllama, where the side tells

    @property
    def decode_rate(self):
        return (self.tokens - 1) / (self.end - self.first) if self.end > self.first else 0.0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def processors(threads):
    """The processors for the server and those for the client."""
    if not 0 < threads <= len(ALLOWED):
        raise Failed(f"{threads} threads asked for, {len(ALLOWED)} processors allowed")
    return ALLOWED[-threads:], ALLOWED[:-threads] or ALLOWED


def confined(cpus):
    """For a child: keep to these processors, and end when this process does, however it ends."""
    libc = ctypes.CDLL(None)

    def before_exec():
        libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        os.sched_setaffinity(0, cpus)
    return before_exec


class Side:
    """A running server. Subclasses say how to start it."""

    name = "?"

    def __init__(self, command, threads, environment=None):
        self.port = free_port()
        self.command = [str(c).replace("{port}", str(self.port)) for c in command]
        self.server_cpus, _ = processors(threads)
        self.log = open(os.devnull, "w") if not os.environ.get("BENCH_LOG") else open(os.environ["BENCH_LOG"], "a")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, **(environment or {})},
            preexec_fn=confined(self.server_cpus))

    @property
    def pid(self):
        return self.process.pid

    def wait_ready(self):
        """Wait until the server takes connections."""
        limit = time.monotonic() + TIMEOUT_S
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended with status {self.process.returncode}: {' '.join(self.command)}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S).close()
                return
            except OSError:
                time.sleep(0.002)
        raise Failed(f"{self.name} took no connection within {TIMEOUT_S:.0f} s")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def clear(self, slots=1, tokens=0):
        """Prepare for a measurement with so many streams. Nothing to do unless a side says so."""

    def memory_base(self):
        """Bytes that count as the side's launcher, not as the side."""
        return 0

    def peak_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024 - self.memory_base()

    def post(self, path, body):
        """One request whose answer is a JSON object."""
        raw = send(self.port, path, body).run()
        head, _, rest = raw.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise Failed(f"{self.name}: {path}: {rest[:300].decode('utf-8', 'replace')}")
        return json.loads(rest[rest.index(b"{"):rest.rindex(b"}") + 1])

    def tokenize(self, s, special):
        return self.post("/tokenize", {"prompt": s, "add_special_tokens": special})["tokens"]

    def body(self, ids, limit, **extra):
        return {"prompt": ids, "max_tokens": limit, "temperature": 0, "ignore_eos": True, "stream": True,
                "stream_options": {"include_usage": True}, **extra}

    def constrained(self, schema, grammar):
        """What asks this side for JSON: the schema, or the grammar that says the same."""
        raise NotImplementedError

    def ask(self, ids, limit, **extra):
        return self.ask_all([self.body(ids, limit, **extra)])[0]

    def ask_all(self, bodies):
        """Send all requests at once and follow their answers."""
        with selectors.DefaultSelector() as selector:
            calls = [send(self.port, "/v1/completions", b, selector) for b in bodies]
            while any(c.open for c in calls):
                ready = selector.select(TIMEOUT_S)
                if not ready:
                    raise Failed(f"{self.name} was silent for {TIMEOUT_S:.0f} s")
                for key, _ in ready:
                    key.data.read()
        return [c.answer(self.name) for c in calls]


class send:
    """A request on its own connection, and what came back when."""

    def __init__(self, port, path, body, selector=None):
        data = json.dumps(body).encode()
        head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
                f"Connection: close\r\nContent-Length: {len(data)}\r\n\r\n")
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parts, self.open, self.selector = [], True, selector
        if selector:
            selector.register(self.socket, selectors.EVENT_READ, self)
        self.start = time.monotonic()
        self.socket.sendall(head.encode() + data)

    def read(self):
        got = self.socket.recv(1 << 16)
        if got:
            self.parts.append((time.monotonic(), got))
            return
        self.open = False
        if self.selector:
            self.selector.unregister(self.socket)
        self.socket.close()

    def run(self):
        while self.open:
            self.read()
        return b"".join(p for _, p in self.parts)

    def when(self, offset):
        """The time at which the byte at the offset arrived."""
        for t, part in self.parts:
            offset -= len(part)
            if offset < 0:
                return t
        return self.parts[-1][0]

    def answer(self, who):
        raw = b"".join(p for _, p in self.parts)
        pieces, first, end, finish, usage, inner = [], None, None, None, None, {}
        for m in re.finditer(rb"data: (\{[^\n]*\})\r?\n", raw):
            event = json.loads(m[1])
            for choice in event.get("choices") or []:
                if choice.get("text"):
                    pieces.append(choice["text"])
                    first = first or self.when(m.start())
                if choice.get("finish_reason"):
                    finish, end = choice["finish_reason"], self.when(m.start())
            usage, inner = event.get("usage") or usage, event.get("timings") or inner
        if end is None or usage is None:
            raise Failed(f"{who}: no complete answer: {raw[-400:].decode('utf-8', 'replace')}")
        if finish not in ("length", "stop"):
            raise Failed(f"{who}: finished with {finish!r}")
        return Answer(self.start, first or end, end, usage["prompt_tokens"], usage["completion_tokens"],
                      usage["prompt_tokens_details"]["cached_tokens"], finish, "".join(pieces), inner)


class Malmoi(Side):
    """A malmoi binary under test."""

    def __init__(self, binary, model, threads, context, isa=None, flags=(), name="malmoi"):
        self.name, self.binary = name, str(binary)
        self.folder = tempfile.TemporaryDirectory()  # several servers run at once, and each wants its own database
        environment = {"MALMOI_DATABASE": os.path.join(self.folder.name, "malmoi.db")}
        if isa:
            environment["MALMOI_CPU"] = isa
        super().__init__([binary, "serve", "--model", model, "--threads", threads, "--context", context,
                          "--listen", "127.0.0.1:{port}", *flags], threads, environment)

    def constrained(self, schema, grammar):
        return {"response_format": {"type": "json_schema", "json_schema": {"name": "bench", "schema": schema}}}

    def lookup(self):
        return {}

    @staticmethod
    def lookup_flags(binary):
        """Flags that turn prompt lookup off and on; on is None where the binary cannot."""
        help_text = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True).stdout
        return (["--lookup=0"], ["--lookup=15"]) if "--lookup" in help_text else ([], None)

    @staticmethod
    def describe(binary):
        got = subprocess.run([binary, "version"], capture_output=True, text=True)
        return {"what": "malmoi", "version": " ".join(got.stdout.split()), "sha256": file_digest(binary)}


class Peer(Side):
    """llama.cpp behind peer.py."""

    name = "llama.cpp"

    def __init__(self, model, threads, context, variant="auto"):
        self.context, self._about = context, None
        super().__init__([sys.executable, HERE / "peer.py", "serve", "--model", model, "--threads", threads,
                          "--context", context, "--variant", variant, "--port", "{port}"], threads)

    def wait_ready(self):
        line = self.process.stdout.readline().decode()
        if not line.startswith("loading "):
            raise Failed(f"llama.cpp did not start: {line!r}")
        self.started = float(line.split()[1])  # what Python needs to start is not llama.cpp's
        super().wait_ready()

    def about(self):
        if not self._about:
            with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S) as s:
                s.sendall(b"GET /about HTTP/1.0\r\n\r\n")
                raw = b"".join(iter(lambda: s.recv(1 << 16), b""))
            self._about = json.loads(raw.partition(b"\r\n\r\n")[2])
        return self._about

    def memory_base(self):
        return self.about()["memory_base"]

    def clear(self, slots=1, tokens=0):
        self.post("/context", {"tokens": tokens or self.context, "slots": slots})

    def constrained(self, schema, grammar):
        return {"grammar": grammar}

    def lookup(self):
        return {"lookup": True}

    @staticmethod
    def describe():
        got = subprocess.run([sys.executable, HERE / "peer.py", "about"], capture_output=True, text=True)
        if got.returncode:
            raise Failed(got.stderr.strip())
        return {"what": "llama.cpp", **json.loads(got.stdout)}


class OpenVINO(Peer):
    """openvino-genai behind peer_openvino.py, run by the Python of its own environment."""

    name = "openvino-genai"

    def __init__(self, model, threads):
        self._about = None
        Side.__init__(self, [peer_openvino.PYTHON, HERE / "peer_openvino.py", "serve", "--model", model,
                             "--threads", threads, "--port", "{port}"], threads)

    def wait_ready(self):
        for kind in ("loading", "ready"):
            got, _, rest = self.process.stdout.readline().decode().strip().partition(" ")
            if got == "refused":
                raise Unread(rest)
            if got != kind:
                raise Failed(f"{self.name} did not start: {got!r} {rest!r}; BENCH_LOG=FILE keeps what it says")
            if kind == "loading":
                self.started = float(rest)  # what Python needs to start is not openvino-genai's

    def clear(self, slots=1, tokens=0):
        """Every prompt is new to its prefix cache."""

    @staticmethod
    def describe():
        if not peer_openvino.PYTHON.exists():
            raise Failed("openvino-genai is not installed; run: python3 bench/peer.py install --openvino")
        got = subprocess.run([peer_openvino.PYTHON, HERE / "peer_openvino.py", "about"], capture_output=True, text=True)
        if got.returncode:
            raise Failed(got.stderr.strip())
        return {"what": "openvino-genai", **json.loads(got.stdout)}


def file_digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
