// A small server with the page and an OpenAI-shaped chat that always says the
// same, and can be told by the question to stall, cut, split or fail.
//
//   node e2e/fake.mjs [PORT]
//
// The question's first word commands: see answers below. Everything else gets
// a Markdown answer about the question.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { showcase, xssCorpus } from './texts.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../../internal/webui/dist');
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

// The policy that the real server sends: the page must live with it.
export const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
  "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const models = [
  {
    name: 'qwen2.5-coder-1.5b', title: 'Qwen2.5-Coder 1.5B', parameters: '1.5B', quant: 'Q4_K', bytes: 1117320736,
    context: 32768, licence: 'Apache-2.0', licence_url: 'https://www.apache.org/licenses/LICENSE-2.0', chat: true, loaded: true,
    note: '작은 기본 모델이라 지어낸 사실을 말할 수 있습니다. 중요한 내용은 꼭 확인하세요.',
  },
  {
    name: 'hyperclovax-seed-1.5b', title: 'HyperCLOVA X SEED 1.5B', parameters: '1.5B', quant: 'Q8_0', bytes: 1689320736,
    context: 16384, licence: 'HyperCLOVA X SEED', licence_url: 'https://example.com/licence', chat: true, loaded: false, note: '',
  },
  { name: 'bge-m3', title: 'BGE-M3', chat: false, embedding: true },
];

function error(res, status, message, code, headers = {}) {
  res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  res.end(JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } }));
}

const pieces = (text, size = 4) => text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? [];

/** What a question gets: the text, and how it is sent. */
function plan(question) {
  const word = question.trim().split(/\s+/)[0] ?? '';
  switch (word) {
    case '/long':
      return { text: '천천히 한 마디씩 이어지는 긴 답변입니다. '.repeat(400), delay: 25 };
    case '/showcase':
      return { text: showcase, delay: 1, size: 7 };
    case '/xss':
      return { text: xssCorpus.join('\n\n'), delay: 0, size: 9 };
    case '/split':
      return { text: '한글 음절이 바이트 사이에서 잘려도 깨지지 않습니다. 🇰🇷 뷁쀍', bytes: 1, delay: 0 };
    case '/cut':
      return { text: '여기까지만 오고 끊깁니다.', cut: true };
    case '/stall':
      return { text: '첫 마디 뒤에 한참 멈춥니다. ', stall: 600_000 };
    case '/think':
      return { text: '**답**은 4입니다.', reasoning: '2와 2를 더하면 4가 된다. 검산해도 4다.' };
    case '/tool':
      return { text: '', tool: true };
    case '/length':
      return { text: '길이 제한에 닿는 답', finish: 'length' };
    case '/code':
      return { text: '```js\n' + "const 긴줄 = '코드가 이어진다'; // 12345\n".repeat(2500) + '```', size: 12 };
    default:
      return { text: `**질문(question)**에 답합니다: ${question.slice(0, 200)}\n\n- 하나\n- 둘\n\n좋은 하루 보내세요.`, delay: 8 };
  }
}

/** The chat endpoint. state counts requests so that tests can see them. */
async function chat(req, res, state) {
  let body = '';
  for await (const part of req) body += part;
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return error(res, 400, 'body is not JSON', 'invalid_json');
  }
  state.requests.push(request);
  const question = request.messages.at(-1)?.content ?? '';
  if (question.startsWith('/busy')) return error(res, 429, 'queue is full', 'rate_limit_exceeded', { 'Retry-After': '7' });
  if (question.startsWith('/toolong')) return error(res, 400, 'prompt of 40000 tokens exceeds the context', 'context_length_exceeded');
  if (question.startsWith('/fail')) return error(res, 500, 'engine stopped', 'internal_error');
  await stream(res, request, plan(question));
}

async function stream(res, request, p) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' });
  const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1700000000, model: request.model };
  const send = async (choices, extra = {}) => {
    const bytes = Buffer.from(`data: ${JSON.stringify({ ...base, choices, ...extra })}\n\n`);
    if (!p.bytes) return res.write(bytes);
    for (let i = 0; i < bytes.length; i += p.bytes) {
      res.write(bytes.subarray(i, i + p.bytes));
      if (i % 16 === 0) await sleep(0);
    }
  };
  const delta = (d, finish = null) => send([{ index: 0, delta: d, finish_reason: finish }]);
  res.write(': keep-alive\n\n');
  await delta({ role: 'assistant', content: '' });
  let count = 0;
  for (const part of pieces(p.reasoning ?? '')) await delta({ reasoning_content: part }, null, count++);
  if (p.tool) {
    await delta({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '' } }] });
    for (const part of pieces('{"city":"서울","unit":"celsius"}')) await delta({ tool_calls: [{ index: 0, function: { arguments: part } }] }, null, count++);
  }
  for (const part of pieces(p.text, p.size)) {
    if (res.destroyed) return;
    await delta({ content: part });
    count++;
    if (p.delay) await sleep(p.delay);
    if (p.stall && count === 3) await sleep(p.stall, undefined, { signal: closed(res) }).catch(() => {});
  }
  if (p.cut) {
    await sleep(200); // what was sent is to arrive first
    return res.destroy();
  }
  await delta({}, p.finish ?? (p.tool ? 'tool_calls' : 'stop'));
  if (request.stream_options?.include_usage) {
    const usage = { prompt_tokens: 12, completion_tokens: count, total_tokens: 12 + count, prompt_tokens_details: { cached_tokens: 4 } };
    await send([], { usage });
  }
  res.end('data: [DONE]\n\n');
}

function closed(res) {
  const gone = new AbortController();
  res.on('close', () => gone.abort());
  return gone.signal;
}

async function page(path, res) {
  const clean = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const name = extname(clean) ? clean : 'index.html';
  try {
    const bytes = await readFile(join(dist, name));
    res.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff' });
    res.end(bytes);
  } catch {
    error(res, 404, `no page ${clean}`, 'not_found');
  }
}

/** Starts the server. state.key, when set, is the API key it wants. */
export function startFake(port = 0) {
  const state = { requests: [], key: '', models };
  const server = createServer((req, res) => {
    const path = new URL(req.url, 'http://x').pathname;
    const api = path.startsWith('/v1/') || path.startsWith('/api/');
    if (api && state.key && req.headers.authorization !== `Bearer ${state.key}`) return error(res, 401, 'wrong API key', 'invalid_api_key');
    if (path === '/v1/models') {
      res.writeHead(200, { 'Content-Type': 'application/json' });
      return res.end(JSON.stringify({ object: 'list', data: state.models.map((m) => ({ id: m.name, object: 'model', created: 1, owned_by: 'malmoi' })) }));
    }
    if (path === '/api/info') {
      res.writeHead(200, { 'Content-Type': 'application/json' });
      return res.end(JSON.stringify({ version: '0.0.0-fake', default_model: state.models[0]?.name ?? '', models: state.models }));
    }
    if (path === '/v1/chat/completions' && req.method === 'POST') return chat(req, res, state).catch(() => res.destroy());
    if (api) return error(res, 404, `no route ${path}`, 'not_found');
    return page(path, res);
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const base = `http://127.0.0.1:${server.address().port}`;
      resolve({ base, port: server.address().port, state, stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { base } = await startFake(Number(process.argv[2] ?? 8099));
  console.log(base);
}
