/** URLs that what is behind a proxy says of itself, as clients of the proxy must hear them. Pure. */

import { posix } from 'node:path';

export interface ProxiedPage {
  /** The path under which the client sees the other side's root, without a slash at the end. */
  readonly prefix: string;
  /** The other side, `host:port`. */
  readonly target: string;
  /** How the client calls the server that it talks to, `host` or `host:port`. */
  readonly front: string;
}

/** RFC 3986, appendix B: what is before the path, the path, and what follows. */
const shape = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/s;

/** A URL on the other side comes under the prefix; any other, and a relative one, stays as it is. */
export function rewriteProxiedUrl(url: string, { prefix, target, front }: ProxiedPage): string {
  const [, scheme = '', host = '', path = '', rest = ''] = shape.exec(url) ?? [];
  const isElsewhere = host !== '' && host !== target && host !== front;
  if (isElsewhere || !path.startsWith('/')) return url;
  // What names the server itself goes on naming it.
  const origin = host !== '' && host === front ? `${scheme === '' ? '' : `${scheme}:`}//${host}` : '';
  const isBelow = path === prefix || path.startsWith(`${prefix}/`);
  return `${origin}${isBelow ? path : posix.join(prefix, path)}${rest}`;
}
