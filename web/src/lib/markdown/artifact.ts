// Shows HTML and SVG that a model wrote. The frame has no origin and no
// network; what it shows is handed to it as a message (see /artifact of the
// server, which says why not as srcdoc).

export interface PreviewWords {
  show: string;
  hide: string;
  title: string;
}

/** Swaps a code block for its preview, and back. */
export function togglePreview(button: HTMLButtonElement, words: PreviewWords): void {
  const box = button.closest('.code');
  const pre = box?.querySelector('pre');
  if (!box || !pre) return;
  const open = box.querySelector('iframe');
  if (open) open.remove();
  else box.append(frame(pre.textContent ?? '', words.title));
  pre.hidden = !open;
  button.textContent = open ? words.show : words.hide;
}

function frame(source: string, title: string): HTMLIFrameElement {
  const made = document.createElement('iframe');
  made.className = 'artifact';
  made.title = title;
  made.setAttribute('sandbox', 'allow-scripts'); // before src: it counts from the first load
  made.referrerPolicy = 'no-referrer';
  made.src = '/artifact';
  // '*': the frame has no origin that could be named. It hears only this text.
  made.addEventListener('load', () => made.contentWindow?.postMessage(source, '*'), { once: true });
  return made;
}
