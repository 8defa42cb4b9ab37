/** CONTRACT: what requests are led by, computed purely from objects. Nothing here looks at one. */

import type { Endpoint } from '../../api/endpoint-choice.ts';
import type { RouteSettings } from '../annotations/route-settings.ts';
import type { Problem } from '../problem.ts';
import type { PathPattern } from './path-pattern.ts';

export interface Backend {
  /** `namespace/service:port`: the turn of its endpoints is kept by it. */
  readonly key: string;
  /** Sorted. Of an external name: that alone. */
  readonly endpoints: readonly Endpoint[];
  /** The endpoint is a name outside of the cluster, to be resolved and judged when it is connected to. */
  readonly isExternal: boolean;
}

export interface Route {
  /** The same as long as the rule is: figures are kept by it. */
  readonly id: string;
  readonly namespace: string;
  readonly ingress: string;
  /** As the rule has it: empty, `shop.example` or `*.example`. */
  readonly host: string;
  /** As the rule has it. */
  readonly path: string;
  readonly settings: RouteSettings;
  /** The Ingress has a certificate for the host: plain requests are sent to https. */
  readonly hasTls: boolean;
  /** Undefined: there is none that could be used, and requests are answered with 503. */
  readonly backend: Backend | undefined;
  readonly pattern: PathPattern | undefined;
}

export interface HostRoutes {
  readonly exact: ReadonlyMap<string, Route>;
  /** By the path without its last slash; `` is all. */
  readonly prefixes: ReadonlyMap<string, Route>;
  /** The longest pattern first. */
  readonly patterns: readonly Route[];
}

export interface RouteTable {
  readonly hosts: ReadonlyMap<string, HostRoutes>;
  /** By what follows the `*`: `.example`. */
  readonly wildcards: ReadonlyMap<string, HostRoutes>;
  /** Rules without a host. */
  readonly anyHost: HostRoutes;
  /** Of an Ingress without a rule that fits. */
  readonly fallback: Route | undefined;
}

export interface TlsHost {
  /** `shop.example` or `*.example`; empty: whatever else no certificate is for. */
  readonly host: string;
  /** `namespace/name`. */
  readonly secret: string;
  /** `namespace/name` of the Ingress. */
  readonly ingress: string;
}

export interface Routing {
  readonly table: RouteTable;
  readonly tlsHosts: readonly TlsHost[];
  /** By `namespace/name` of the Ingress: those that are ours. */
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
}
