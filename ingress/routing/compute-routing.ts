/**
 * The table of routes from all Ingresses that are ours. Where two want the same host and path, the older one has it; the
 * other one's owner is told. Pure.
 */

import type { Ingress, IngressBackend } from '../../api/types/networking/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import { type RouteSettings, readRouteSettings } from '../annotations/route-settings.ts';
import type { Problem } from '../problem.ts';
import { compilePathPattern, type PathPattern } from './path-pattern.ts';
import { resolveBackend, type ServiceLookup } from './resolve-backend.ts';
import type { Backend, HostRoutes, Route, RouteTable, Routing, TlsHost } from './route.ts';

/** `ingresses`: only ours. */
export function computeRouting(ingresses: Iterable<Cached<Ingress>>, lookup: ServiceLookup): Routing {
  const builder = new RoutingBuilder(lookup);
  const oldestFirst = [...ingresses].sort(
    ({ metadata: a }, { metadata: b }) =>
      compareText(a.creationTimestamp, b.creationTimestamp) || compareText(nameOf(a), nameOf(b)),
  );
  for (const ingress of oldestFirst) builder.add(ingress);
  // What an Ingress says of all other paths of its hosts comes after what anybody says of one.
  for (const ingress of oldestFirst) builder.addDefault(ingress);
  return builder.finish();
}

const nameOf = ({ namespace = '', name }: { readonly namespace?: string; readonly name: string }): string =>
  `${namespace}/${name}`;

interface MutableHost {
  readonly exact: Map<string, Route>;
  readonly prefixes: Map<string, Route>;
  readonly patterns: Map<string, Route>;
}

const newHost = (): MutableHost => ({ exact: new Map(), prefixes: new Map(), patterns: new Map() });

interface Draft {
  readonly ingress: Cached<Ingress>;
  readonly host: string;
  readonly path: string;
  readonly settings: RouteSettings;
  readonly backend: DeepReadonly<IngressBackend>;
  readonly isClosed: boolean;
}

class RoutingBuilder {
  readonly #lookup: ServiceLookup;
  readonly #hosts = new Map<string, MutableHost>();
  readonly #wildcards = new Map<string, MutableHost>();
  readonly #anyHost = newHost();
  #fallback: Route | undefined;
  readonly #tls = new Map<string, TlsHost>();
  readonly #problems = new Map<string, Problem[]>();

  constructor(lookup: ServiceLookup) {
    this.#lookup = lookup;
  }

  add(ingress: Cached<Ingress>): void {
    const { settings, problems, isClosed } = readRouteSettings(ingress.metadata.annotations ?? {});
    this.#problems.set(nameOf(ingress.metadata), [...problems]);
    this.#addTls(ingress);
    for (const { host = '', http } of ingress.spec?.rules ?? [])
      for (const { path = '/', pathType, backend } of http?.paths ?? [])
        this.#addPath({ ingress, host, path, settings, backend, isClosed }, pathType);
  }

  addDefault(ingress: Cached<Ingress>): void {
    const { defaultBackend: backend, rules = [] } = ingress.spec ?? {};
    if (backend === undefined) return;
    const { settings, isClosed } = readRouteSettings(ingress.metadata.annotations ?? {});
    const draft = { ingress, path: '', settings, backend, isClosed };
    for (const host of new Set(rules.map((rule) => rule.host ?? ''))) {
      const { prefixes } = this.#hostOf(host);
      if (!prefixes.has('')) prefixes.set('', this.#routeOf({ ...draft, host }));
    }
    if (rules.length > 0) return;
    if (this.#fallback === undefined) this.#fallback = this.#routeOf({ ...draft, host: '' });
    else this.#tellTaken(ingress, 'A default backend without rules', this.#fallback);
  }

  finish(): Routing {
    const frozen = (hosts: ReadonlyMap<string, MutableHost>) =>
      new Map([...hosts].map(([host, routes]) => [host, freeze(routes)]));
    const table: RouteTable = {
      hosts: frozen(this.#hosts),
      wildcards: frozen(this.#wildcards),
      anyHost: freeze(this.#anyHost),
      fallback: this.#fallback,
    };
    return { table, tlsHosts: [...this.#tls.values()], problems: this.#problems };
  }

  #addPath(draft: Draft, pathType: string): void {
    const { ingress, host, path, settings } = draft;
    const routes = this.#hostOf(host);
    // As ingress-nginx does: who rewrites means patterns.
    const isPattern = pathType !== 'Exact' && (settings.useRegex || settings.rewriteTarget !== undefined);
    const pattern = isPattern || settings.rewriteTarget !== undefined ? compilePathPattern(path) : undefined;
    if (typeof pattern === 'string') {
      this.#tell(ingress, { reason: 'InvalidPath', message: `The path ${path} is no regular expression: ${pattern}` });
      return;
    }
    const place = isPattern ? routes.patterns : pathType === 'Exact' ? routes.exact : routes.prefixes;
    const key = place === routes.prefixes ? path.replace(/\/+$/, '') : path;
    const taken = place.get(key);
    if (taken === undefined) place.set(key, this.#routeOf(draft, pattern));
    else this.#tellTaken(ingress, `${host || '*'}${path}`, taken);
  }

  #routeOf({ ingress, host, path, settings, backend, isClosed }: Draft, pattern?: PathPattern): Route {
    const { namespace = '', name } = ingress.metadata;
    return {
      id: `${namespace}/${name} ${host} ${path}`,
      ...{ namespace, ingress: name, host, path, settings, pattern },
      hasTls: (ingress.spec?.tls ?? []).some(({ hosts = [] }) => hosts.length === 0 || hosts.some(covers(host))),
      backend: isClosed ? undefined : this.#backendOf(ingress, backend),
    };
  }

  #backendOf(ingress: Cached<Ingress>, named: DeepReadonly<IngressBackend>): Backend | undefined {
    const found = resolveBackend(ingress.metadata.namespace ?? '', named, this.#lookup);
    if ('backend' in found) return found.backend;
    this.#tell(ingress, found.problem);
    return undefined;
  }

  #addTls(ingress: Cached<Ingress>): void {
    const { namespace = '' } = ingress.metadata;
    for (const { hosts = [], secretName } of ingress.spec?.tls ?? []) {
      // The default certificate is for those that name none.
      if (secretName === undefined || secretName === '') continue;
      const named = hosts.length > 0 ? hosts : (ingress.spec?.rules ?? []).map(({ host = '' }) => host);
      for (const host of new Set(named)) {
        const secret = `${namespace}/${secretName}`;
        const taken = this.#tls.get(host);
        if (taken === undefined) this.#tls.set(host, { host, secret, ingress: nameOf(ingress.metadata) });
        else if (taken.secret !== secret)
          this.#tell(ingress, {
            reason: 'HostTaken',
            message: `The certificate of ${host || 'all hosts'} is that of the older Ingress ${taken.ingress}`,
          });
      }
    }
  }

  #hostOf(host: string): MutableHost {
    if (host === '') return this.#anyHost;
    const [hosts, key] = host.startsWith('*.') ? [this.#wildcards, host.slice(1)] : [this.#hosts, host];
    const found = hosts.get(key);
    if (found !== undefined) return found;
    const made = newHost();
    hosts.set(key, made);
    return made;
  }

  #tell(ingress: Cached<Ingress>, problem: Problem): void {
    const known = this.#problems.get(nameOf(ingress.metadata));
    if (known?.every(({ message }) => message !== problem.message)) known.push(problem);
  }

  #tellTaken(ingress: Cached<Ingress>, what: string, { namespace, ingress: name }: Route): void {
    if (namespace === ingress.metadata.namespace && name === ingress.metadata.name) return;
    this.#tell(ingress, { reason: 'PathTaken', message: `${what} belongs to the older Ingress ${namespace}/${name}` });
  }
}

const freeze = ({ exact, prefixes, patterns }: MutableHost): HostRoutes => ({
  exact,
  prefixes,
  patterns: [...patterns.values()].sort((a, b) => b.path.length - a.path.length),
});

/** Whether a host of `tls` is that of a rule, or a `*.` over it. */
const covers =
  (host: string) =>
  (one: string): boolean =>
    one === host || (one.startsWith('*.') && host.slice(host.indexOf('.')) === one.slice(1));
