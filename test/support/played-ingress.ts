/**
 * The data path of an ingress in this process, for tests: real sockets before and behind it, on loopback; its table is
 * computed from Ingresses as it is in a cluster.
 */

import type { Endpoint } from '../../api/endpoint-choice.ts';
import { services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { ingresses } from '../../api/resources/networking.ts';
import type { Secret, Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Ingress, IngressSpec } from '../../api/types/networking/v1.ts';
import { createAuthority } from '../../base/certificates.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { Metrics } from '../../base/metrics.ts';
import type { Cached } from '../../client/object-cache.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { CertificateStore } from '../../ingress/certificates/certificate-store.ts';
import { type IngressSettings, ingressFlags, parseIngressFlags } from '../../ingress/ingress-options.ts';
import { IngressServer } from '../../ingress/ingress-server.ts';
import { computeRouting } from '../../ingress/routing/compute-routing.ts';
import type { Backend, HostRoutes, Route, RouteTable } from '../../ingress/routing/route.ts';
import { eventually } from './eventually.ts';

export interface PlayedSpec {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: IngressSpec;
}

export interface PlayedIngressOptions {
  readonly ingresses: readonly PlayedSpec[];
  /** Of Services, by name: the ports on loopback of their endpoints. Each Service has port 80. */
  readonly backends: Readonly<Record<string, readonly number[]>>;
  readonly secrets?: Readonly<Record<string, Cached<Secret>>>;
  readonly settings?: Partial<IngressSettings>;
}

/** Documentation's own, as slices may not name loopback. */
const played = '192.0.2.1';
const prefix = 'nginx.ingress.kubernetes.io/';

export class PlayedIngress {
  readonly server: IngressServer;
  readonly metrics = new Metrics();
  readonly #certificates: CertificateStore;
  readonly #over = new AbortController();
  readonly #done: Promise<void>;

  private constructor(certificates: CertificateStore, settings: Partial<IngressSettings>) {
    this.#certificates = certificates;
    const defaults = Object.fromEntries(
      Object.entries(ingressFlags).map(([name, flag]) => [name, 'default' in flag ? flag.default : undefined]),
    );
    this.server = new IngressServer({
      ...parseIngressFlags({ ...ingressDefaults, ...defaults }),
      ...{ bindAddress: '127.0.0.1', httpPort: 0, httpsPort: 0 },
      ...settings,
      ...{ certificates, metrics: this.metrics, clock: systemClock, logger: silentLogger },
      onListenerChange() {},
    });
    this.#done = this.server.run(this.#over.signal);
  }

  static async start({ settings = {}, ...objects }: PlayedIngressOptions): Promise<PlayedIngress> {
    const one = new PlayedIngress(new CertificateStore(await createAuthority('nobody')), settings);
    one.use(objects);
    await eventually('it listens', () => one.server.whyNotListening() === undefined);
    return one;
  }

  get port(): number {
    return this.server.httpPort ?? 0;
  }

  get securePort(): number {
    return this.server.httpsPort ?? 0;
  }

  /** From now on. */
  use({ ingresses: given, backends, secrets = {} }: Omit<PlayedIngressOptions, 'settings'>): void {
    const objects = given.map(({ name, annotations = {}, spec }) =>
      storedObject<Ingress>(ingresses, {
        metadata: {
          name,
          annotations: Object.fromEntries(
            Object.entries(annotations).map(([key, value]) => [`${prefix}${key}`, value]),
          ),
        },
        spec,
      }),
    );
    const routing = computeRouting(objects, {
      service: (key) => (Object.hasOwn(backends, nameIn(key)) ? serviceOf(nameIn(key)) : undefined),
      slicesOf: (key) => (backends[nameIn(key)] ?? []).map((port) => sliceOf(nameIn(key), port)),
    });
    this.#certificates.update(routing.tlsHosts, (key) => secrets[nameIn(key)], Date.now());
    this.server.use(onLoopback(routing.table));
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#done;
  }
}

const ingressDefaults = {
  ...{ 'http-port': 0, 'https-port': 0, 'proxy-protocol': false, 'trusted-proxies': '' },
  ...{ 'max-connections': 10_000, 'max-connections-per-address': 1_000 },
};

const nameIn = (key: string): string => key.slice(key.indexOf('/') + 1);

const serviceOf = (name: string) =>
  storedObject<Service>(services, { metadata: { name }, spec: { ports: [{ name: 'web', port: 80 }] } });

const sliceOf = (service: string, port: number) =>
  storedObject<EndpointSlice>(endpointSlices, {
    metadata: { name: `${service}-${port}` },
    addressType: 'IPv4',
    ports: [{ name: 'web', port }],
    endpoints: [{ addresses: [played] }],
  });

function onLoopback({ hosts, wildcards, anyHost, fallback }: RouteTable): RouteTable {
  const endpoint = ({ address, port }: Endpoint) => ({ address: address === played ? '127.0.0.1' : address, port });
  const backend = (one: Backend) => ({ ...one, endpoints: one.endpoints.map(endpoint) });
  const route = (one: Route): Route => ({ ...one, backend: one.backend && backend(one.backend) });
  const routes = (some: ReadonlyMap<string, Route>) => new Map([...some].map(([key, one]) => [key, route(one)]));
  const host = ({ exact, prefixes, patterns }: HostRoutes): HostRoutes => ({
    exact: routes(exact),
    prefixes: routes(prefixes),
    patterns: patterns.map(route),
  });
  const all = (some: ReadonlyMap<string, HostRoutes>) => new Map([...some].map(([key, one]) => [key, host(one)]));
  return {
    hosts: all(hosts),
    wildcards: all(wildcards),
    anyHost: host(anyHost),
    fallback: fallback && route(fallback),
  };
}

/** A rule for one host, or for any, with paths: `{ '/api': 'web' }` are prefixes. */
export const ruleFor = (host: string, paths: Readonly<Record<string, string>>, pathType = 'Prefix') => ({
  ...(host !== '' && { host }),
  http: {
    paths: Object.entries(paths).map(([path, name]) => ({
      path,
      pathType,
      backend: { service: { name, port: { number: 80 } } },
    })),
  },
});
