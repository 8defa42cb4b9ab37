/** What becomes of one request, decided before anything is done. Pure. */

import { contains, type Network, parseIp } from '../../api/net.ts';
import { findRoute } from '../routing/find-route.ts';
import { rewritePath } from '../routing/path-pattern.ts';
import { hostOf, matchedPath, queryOf } from '../routing/request-path.ts';
import type { Backend, Route, RouteTable } from '../routing/route.ts';

export interface RequestLine {
  readonly method: string;
  readonly url: string;
  /** The Host header, or `:authority`. */
  readonly authority: string;
  readonly isSecure: boolean;
  /** Of the client. */
  readonly address: string;
  /** What it says of the length of its body; undefined: nothing, or none. */
  readonly contentLength: number | undefined;
}

export type RequestPlan =
  | { readonly do: 'forward'; readonly route: Route; readonly backend: Backend; readonly path: string }
  | { readonly do: 'answer'; readonly route: Route | undefined; readonly code: number; readonly location?: string };

const refusedMethods: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** `httpsPort`: where plain requests are sent to; undefined: nowhere. */
export function planRequest(
  table: RouteTable,
  request: RequestLine,
  { httpsPort }: { readonly httpsPort: number | undefined },
): RequestPlan {
  const answer = (code: number, route?: Route, location?: string): RequestPlan => ({
    do: 'answer',
    route,
    code,
    ...(location !== undefined && { location }),
  });
  if (refusedMethods.has(request.method)) return answer(405);
  const host = hostOf(request.authority);
  const path = matchedPath(request.url);
  if (host === undefined || path === undefined) return answer(400);
  const found = findRoute(table, host, path);
  if (found === undefined) return answer(404);
  const { route, groups } = found;
  const { settings, backend } = route;
  const toHttps = settings.forceSslRedirect || (settings.sslRedirect && route.hasTls);
  if (toHttps && !request.isSecure && httpsPort !== undefined)
    return answer(308, route, `https://${host}${httpsPort === 443 ? '' : `:${httpsPort}`}${request.url}`);
  if (!isAllowed(route, request.address)) return answer(403, route);
  if (settings.redirect !== undefined) return answer(settings.redirect.code, route, settings.redirect.url);
  if (settings.appRoot !== undefined && path === '/') {
    const origin = `${request.isSecure ? 'https' : 'http'}://${request.authority}`;
    return answer(302, route, `${origin}${settings.appRoot}`);
  }
  if ((request.contentLength ?? 0) > (settings.maxBodyBytes ?? Number.POSITIVE_INFINITY)) return answer(413, route);
  if (backend === undefined || backend.endpoints.length === 0) return answer(503, route);
  return { do: 'forward', route, backend, path: pathFor(route, groups ?? route.pattern?.match(path), request.url) };
}

/** As the client wrote it, unless it is rewritten. */
function pathFor({ settings }: Route, groups: readonly string[] | undefined, url: string): string {
  const { rewriteTarget } = settings;
  if (rewriteTarget === undefined || groups === undefined) return url;
  const path = rewritePath(rewriteTarget, groups);
  const query = queryOf(url);
  return path.includes('?') && query !== '' ? `${path}&${query.slice(1)}` : `${path}${query}`;
}

function isAllowed({ settings }: Route, address: string): boolean {
  const { allowedNetworks, deniedNetworks } = settings;
  if (allowedNetworks === undefined && deniedNetworks.length === 0) return true;
  const ip = parseIp(address);
  if (ip === undefined) return false;
  const isIn = (networks: readonly Network[]) => networks.some((network) => contains(network, ip));
  return !isIn(deniedNetworks) && (allowedNetworks === undefined || isIn(allowedNetworks));
}
