/**
 * Which rule a request belongs to. The host first: the rules for it, then those for `*.` and its domain, then those for
 * any host; the first of them that has the path. Among paths the longest; of two that are equally long, the exact one.
 */

import type { HostRoutes, Route, RouteTable } from './route.ts';

export interface FoundRoute {
  readonly route: Route;
  /** What the groups of a pattern have matched. */
  readonly groups: readonly string[] | undefined;
}

/** `host` and `path` are those of `request-path.ts`. */
export function findRoute(table: RouteTable, host: string, path: string): FoundRoute | undefined {
  const dot = host.indexOf('.');
  return (
    findPath(table.hosts.get(host), path) ??
    (dot > 0 ? findPath(table.wildcards.get(host.slice(dot)), path) : undefined) ??
    findPath(table.anyHost, path) ??
    (table.fallback === undefined ? undefined : { route: table.fallback, groups: undefined })
  );
}

function findPath(routes: HostRoutes | undefined, path: string): FoundRoute | undefined {
  if (routes === undefined) return undefined;
  const exact = routes.exact.get(path);
  if (exact !== undefined) return { route: exact, groups: undefined };
  const prefix = findPrefix(routes.prefixes, path);
  const shortest = prefix?.path.length ?? 0;
  for (const route of routes.patterns) {
    if (route.path.length <= shortest) break;
    const groups = route.pattern?.match(path);
    if (groups !== undefined) return { route, groups };
  }
  return prefix && { route: prefix, groups: undefined };
}

/** From the whole path up, element by element. */
function findPrefix(prefixes: ReadonlyMap<string, Route>, path: string): Route | undefined {
  if (prefixes.size === 0) return undefined;
  let rest = path.endsWith('/') ? path.slice(0, -1) : path;
  for (;;) {
    const found = prefixes.get(rest);
    if (found !== undefined || rest === '') return found;
    rest = rest.slice(0, rest.lastIndexOf('/'));
  }
}
