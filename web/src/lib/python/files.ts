// What Python is made of, from our own server, once a page. The names change
// with the content, so the browser keeps the files for good.

import { info } from 'pyodide/pyodide-lock.json';
import factoryURL from 'pyodide/pyodide.asm.mjs?url';
import wasmURL from 'pyodide/pyodide.asm.wasm?url';
import loaderURL from 'pyodide/pyodide.mjs?url';
import stdlibURL from 'pyodide/python_stdlib.zip?url';
import driver from './driver.py?raw';
import worker from './worker.js?raw';

export interface Files {
  worker: string;
  loader: string;
  factory: string;
  wasm: ArrayBuffer;
  stdlib: ArrayBuffer;
}

async function get(url: string): Promise<Response> {
  const r = await fetch(url);
  if (!r.ok) throw new Error(`${url}: ${r.status}`);
  return r;
}

export async function loadFiles(): Promise<Files> {
  const text = (url: string): Promise<string> => get(url).then((r) => r.text());
  const bytes = (url: string): Promise<ArrayBuffer> => get(url).then((r) => r.arrayBuffer());
  const [loader, factory, wasm, stdlib] = await Promise.all([text(loaderURL), text(factoryURL), bytes(wasmURL), bytes(stdlibURL)]);
  return { worker, loader, factory, wasm, stdlib };
}

/** What is the same for every run. */
export const program = { driver, lock: info };
