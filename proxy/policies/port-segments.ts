/** Allowed ports cut into ranges that do not meet, each with all who may use it. Pure. */

import { type PortRange, type Protocol, protocols } from './compiled-policy.ts';
import { anyone, type PeerChoice, uniteChoices } from './peers.ts';

/** A permission with the names of ports resolved. */
export interface Allow {
  readonly peers: PeerChoice;
  /** Undefined: all ports of all protocols. */
  readonly ports: readonly PortRange[] | undefined;
}

export interface PortSegment {
  /** Both ends belong to it. */
  readonly from: number;
  readonly to: number;
  readonly peers: PeerChoice;
}

export interface Permissions {
  /** Who may use all ports of all protocols; undefined: nobody. */
  readonly allPorts: PeerChoice | undefined;
  /** In the order of their ports. */
  readonly segments: ReadonlyMap<Protocol, readonly PortSegment[]>;
}

export function computePermissions(allows: readonly Allow[]): Permissions {
  const unlimited = allows.filter(({ ports }) => ports === undefined).map(({ peers }) => peers);
  const allPorts = unlimited.length === 0 ? undefined : uniteChoices(unlimited).choice;
  const segments = new Map<Protocol, PortSegment[]>();
  if (allPorts === anyone) return { allPorts, segments };
  for (const protocol of protocols) {
    const found = segmentsOf(
      allows.flatMap(({ peers, ports = [] }) =>
        ports.filter((port) => port.protocol === protocol).map(({ from, to }) => ({ from, to, peers })),
      ),
    );
    if (found.length > 0) segments.set(protocol, found);
  }
  return { allPorts, segments };
}

function segmentsOf(allowed: readonly PortSegment[]): PortSegment[] {
  const edges = [...new Set(allowed.flatMap(({ from, to }) => [from, to + 1]))].sort((a, b) => a - b);
  const segments: (PortSegment & { readonly key: string })[] = [];
  for (const [i, from] of edges.entries()) {
    const to = (edges[i + 1] ?? from) - 1;
    const users = allowed.filter((one) => one.from <= from && one.to >= to);
    if (to < from || users.length === 0) continue;
    const { choice, key } = uniteChoices(users.map(({ peers }) => peers));
    const last = segments.at(-1);
    if (last !== undefined && last.key === key && last.to + 1 === from) segments.pop();
    segments.push({
      from: last !== undefined && last.key === key && last.to + 1 === from ? last.from : from,
      to,
      peers: choice,
      key,
    });
  }
  return segments.map(({ from, to, peers }) => ({ from, to, peers }));
}
