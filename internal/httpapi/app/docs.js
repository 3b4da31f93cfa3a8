// Lists the routes of /api/openapi.json and calls them. Everything that comes
// from elsewhere is set as text, never as HTML.

const shownBytes = 200_000; // of an answer
const main = document.getElementById('routes');
const make = (tag, text = '', more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);

const api = await (await fetch('/api/openapi.json')).json();
const resolve = (schema) => (schema?.$ref ? api.components.schemas[schema.$ref.split('/').pop()] : schema);

// An example of what a body may be, from its schema.
function example(schema, depth = 0) {
  const s = resolve(schema) ?? {};
  const type = Array.isArray(s.type) ? s.type.find((t) => t !== 'null') : s.type;
  if (s.enum) return s.enum[0];
  if (type === 'object' || s.properties) {
    if (depth > 4) return {};
    const named = Object.entries(s.properties ?? {}).filter(([name]) => depth === 0 || (s.required ?? []).includes(name));
    return Object.fromEntries(named.map(([name, p]) => [name, example(p, depth + 1)]));
  }
  return { array: [], integer: s.minimum ?? 0, number: s.minimum ?? 0, boolean: false, string: '' }[type] ?? null;
}

function field(form, p) {
  const label = make('label', `${p.name} (${p.in})${p.required ? ' *' : ''} ${p.description ?? ''}`);
  const input = make('input', '', { name: p.name, required: p.required ?? false, autocomplete: 'off', spellcheck: false });
  label.append(input);
  form.append(label);
  return { ...p, input };
}

function address(path, fields) {
  const query = new URLSearchParams();
  for (const f of fields) {
    if (f.in === 'path') path = path.replace(`{${f.name}}`, encodeURIComponent(f.input.value));
    if (f.in === 'query' && f.input.value !== '') query.set(f.name, f.input.value);
  }
  return path + (query.size ? `?${query}` : '');
}

async function call(method, path, fields, body, type, out, signal) {
  const headers = {};
  const key = document.getElementById('key').value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers['Content-Type'] = type;
  const began = performance.now();
  const r = await fetch(address(path, fields), { method, headers, body, signal, credentials: key ? 'omit' : 'same-origin' });
  const head = `${r.status} ${r.statusText} · ${Math.round(performance.now() - began)} ms · ${r.headers.get('Content-Type') ?? ''}\n\n`;
  out.textContent = head;
  let text = '';
  const reader = r.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let n = await reader?.read(); n && !n.done && text.length < shownBytes; n = await reader.read()) out.textContent = head + (text += n.value);
  await reader?.cancel();
  try {
    out.textContent = head + JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // a stream, a download or nothing: shown as it came
  }
}

function open(box, method, path, op) {
  const form = make('form');
  const fields = (op.parameters ?? []).map((p) => field(form, p));
  const content = op.requestBody?.content ?? {};
  const type = Object.keys(content)[0];
  let body;
  if (type) {
    const label = make('label', type, { className: 'wide' });
    const json = type.endsWith('json');
    body = make('textarea', json ? JSON.stringify(example(content[type].schema), null, 2) : '', { spellcheck: false });
    label.append(body);
    form.append(label);
  }
  const button = make('button', '부르기 · Call');
  const out = make('pre', '', { hidden: true, tabIndex: 0 });
  let running;
  form.append(button);
  form.addEventListener('submit', async (e) => {
    e.preventDefault();
    running?.abort();
    running = new AbortController();
    out.hidden = false;
    out.textContent = '…';
    try {
      await call(method.toUpperCase(), path, fields, body?.value, type, out, running.signal);
    } catch (failed) {
      if (failed.name !== 'AbortError') out.textContent += `\n${failed.message}`;
    }
  });
  box.append(form, out);
  box.addEventListener('toggle', () => box.open || running?.abort());
}

const groups = new Map();
for (const [path, ops] of Object.entries(api.paths)) {
  for (const [method, op] of Object.entries(ops)) {
    if (!op.operationId) continue;
    const box = make('details');
    const summary = make('summary');
    summary.append(make('b', method.toUpperCase()), make('code', path), make('span', op.summary ?? ''));
    box.append(summary);
    box.addEventListener('toggle', () => open(box, method, path, op), { once: true });
    const tag = op.tags?.[0] ?? '';
    groups.set(tag, [...(groups.get(tag) ?? []), box]);
  }
}
main.replaceChildren(...[...groups].map(([tag, boxes]) => {
  const section = make('section');
  section.append(make('h2', tag), ...boxes);
  return section;
}));
const none = document.getElementById('none');
document.getElementById('find').addEventListener('input', (e) => {
  const word = e.target.value.trim().toLowerCase();
  for (const section of main.children) {
    for (const box of section.querySelectorAll('details')) box.hidden = !box.querySelector('summary').textContent.toLowerCase().includes(word);
    section.hidden = !section.querySelector('details:not([hidden])');
  }
  none.hidden = main.querySelector('details:not([hidden])') !== null;
});
