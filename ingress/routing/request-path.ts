/** What a request is for: its host and its path, as rules see them. Pure. */

/** `Shop.example.:8080` → `shop.example`; undefined: no host that a rule could have, and none that a client should send. */
export function hostOf(header: string): string | undefined {
  if (!/^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,255})(:\d{1,5})?$/i.test(header)) return undefined;
  const host = header.startsWith('[') ? header.slice(0, header.indexOf(']') + 1) : (header.split(':', 1)[0] ?? '');
  const name = host.toLowerCase();
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}

/**
 * What rules are compared with: without the query, percent-decoded, without `.`, `..` and repeated slashes: a backend that
 * resolves those must not be reached by another backend's rule. Undefined: it cannot be meant, such as one that leads
 * above the root, or is no UTF-8.
 */
export function matchedPath(url: string): string | undefined {
  const end = url.indexOf('?');
  const raw = end < 0 ? url : url.slice(0, end);
  if (!raw.startsWith('/') || raw.includes('#')) return undefined;
  if (isPlain(raw)) return raw;
  const decoded = decode(raw);
  if (decoded === undefined || /\p{Cc}/u.test(decoded)) return undefined;
  const parts: string[] = [];
  const given = decoded.split('/');
  for (const part of given.slice(1)) {
    if (part === '..') {
      if (parts.length === 0) return undefined;
      parts.pop();
    } else if (part !== '.' && part !== '') parts.push(part);
  }
  const last = given.at(-1);
  const isFolder = last === '' || last === '.' || last === '..';
  return `/${parts.join('/')}${isFolder && parts.length > 0 ? '/' : ''}`;
}

/** Nearly all are. */
const isPlain = (path: string): boolean => !/%|\/\/|\/\.|[^\x21-\x7e]/.test(path);

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** With the `?`; empty: there is none. */
export function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
