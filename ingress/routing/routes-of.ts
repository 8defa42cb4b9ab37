/** All routes of a table. Pure. */

import type { Route, RouteTable } from './route.ts';

export function* routesOf({ hosts, wildcards, anyHost, fallback }: RouteTable): Generator<Route> {
  for (const { exact, prefixes, patterns } of [...hosts.values(), ...wildcards.values(), anyHost]) {
    yield* exact.values();
    yield* prefixes.values();
    yield* patterns;
  }
  if (fallback !== undefined) yield fallback;
}
