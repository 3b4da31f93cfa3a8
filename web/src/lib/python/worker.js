// @ts-nocheck -- runs in a worker of the frame (see /python of the server), never in the page
// One Python for one run. It has no network: what it is made of comes with the
// first message, and the two loads that Pyodide insists on are answered here.

const nowhere = 'https://python.invalid/'; // an address for Pyodide's file names; nothing is loaded from it

/** Answers Pyodide's own loads. Returns how to take that back. */
function lend(program, stdlib) {
  const before = { fetch: self.fetch, instantiateStreaming: WebAssembly.instantiateStreaming };
  self.fetch = async (url) => new Response(String(url).endsWith('.zip') ? stdlib : '');
  WebAssembly.instantiateStreaming = async (_, imports) => ({
    module: program,
    instance: await WebAssembly.instantiate(program, imports),
  });
  return () => {
    self.fetch = before.fetch;
    WebAssembly.instantiateStreaming = before.instantiateStreaming;
  };
}

/** Python's memory grows to a limit: code that wants more gets a MemoryError. */
function limitMemory(limit) {
  const pageSize = 65536;
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * pageSize > limit) throw new RangeError('over the limit of memory');
    return grow.call(this, pages);
  };
}

/** Hands on what is printed, up to a number of bytes; the rest is dropped. */
function printer(say, limit) {
  const decoder = new TextDecoder();
  let left = limit;
  return {
    write(bytes) {
      if (left <= 0) return bytes.length;
      const text = decoder.decode(bytes.subarray(0, left), { stream: true });
      const cut = bytes.length > left;
      left -= bytes.length;
      say({ text, cut });
      return bytes.length;
    },
  };
}

async function start({ loader, factory, program, stdlib, lock, memory, output }, say) {
  const address = (text) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  self.importScripts = undefined;
  limitMemory(memory);
  const giveBack = lend(program, stdlib);
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([
    import(address(loader)),
    import(address(factory)),
  ]);
  const python = await loadPyodide({
    createPyodideModule,
    indexURL: nowhere,
    lockFileContents: { info: lock, packages: {} }, // no package can be had
    stdin: () => undefined, // the end of the file
  });
  giveBack();
  const to = printer(say, output);
  python.setStdout(to);
  python.setStderr(to);
  return python;
}

self.onmessage = async ({ data }) => {
  self.onmessage = null;
  const say = self.postMessage.bind(self);
  try {
    const python = await start(data, say);
    const run = python.runPython(data.driver);
    say({ started: true });
    const result = await run(data.code);
    const [failed, tail] = result.toJs();
    say({ failed, tail: tail.slice(0, data.output) });
  } catch (e) {
    say({ broken: String(e) });
  }
};
