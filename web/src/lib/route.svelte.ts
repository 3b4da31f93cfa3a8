// Which screen an address means, and how to get to another one.

export type Route =
  | { screen: 'chat'; id: string } // '' is a new chat
  | { screen: 'shared'; token: string }
  | { screen: 'invite'; token: string }
  | { screen: 'admin'; page: string }
  | { screen: 'settings'; page: string }
  | { screen: 'login'; error: string }
  | { screen: 'lost' };

const segment = '([A-Za-z0-9_.~-]{1,128})';
const chatPath = new RegExp(`^/c/${segment}$`);
const sharedPath = new RegExp(`^/s/${segment}$`);
const invitePath = new RegExp(`^/invite/${segment}$`);
const partPath = /^\/(admin|settings)(?:\/([a-z-]{1,40})?)?$/;

/** Reads an address. What is no address of ours is 'lost'. */
export function parse(path: string, query = ''): Route {
  if (path === '/') return { screen: 'chat', id: '' };
  if (path === '/login') return { screen: 'login', error: new URLSearchParams(query).get('error') ?? '' };
  const chat = chatPath.exec(path)?.[1];
  if (chat) return { screen: 'chat', id: chat };
  const shared = sharedPath.exec(path)?.[1];
  if (shared) return { screen: 'shared', token: shared };
  const invite = invitePath.exec(path)?.[1];
  if (invite) return { screen: 'invite', token: invite };
  const part = partPath.exec(path);
  if (part) return { screen: part[1] as 'admin' | 'settings', page: part[2] ?? '' };
  return { screen: 'lost' };
}

class Router {
  current = $state.raw<Route>(parse(location.pathname, location.search));
  /** Also changes when the same address is chosen again. */
  visit = $state(0);

  /** Goes to a path of this page; replace leaves no way back to the old one. */
  go(path: string, replace = false): void {
    if (replace) history.replaceState(null, '', path);
    else if (path !== location.pathname + location.search) history.pushState(null, '', path);
    this.read();
  }

  /** The address has changed: by go, or by the browser's own buttons. */
  read(): void {
    this.current = parse(location.pathname, location.search);
    this.visit++;
  }
}

export const router = new Router();

/** For links: a plain click stays in the page, every other one is the browser's. */
export function link(e: MouseEvent): void {
  const a = (e.target as Element | null)?.closest?.('a');
  if (!a || e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  if (a.origin !== location.origin || a.target === '_blank' || a.hasAttribute('download')) return;
  e.preventDefault();
  router.go(a.pathname + a.search);
}
