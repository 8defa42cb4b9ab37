/**
 * What NetworkPolicies mean, said as directly as the API's documentation says it, one connection and one policy at a
 * time. For tests, which compare it with what the program does.
 */

import { matchesLabelSelector } from '../../../api/label-selector.ts';
import { contains, parseCidr, parseIp } from '../../../api/net.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../api/types/networking/v1.ts';
import type { Connection } from './program-judge.ts';

export interface JudgedWorld {
  readonly policies: readonly NetworkPolicy[];
  readonly pods: readonly Pod[];
  /** Labels by name. */
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Whether the policies allow it, at the ends that are pods of `nodeName`. */
export function isAllowed(world: JudgedWorld, nodeName: string, connection: Connection): boolean {
  const { client, server } = connection;
  if (client === server) return true;
  const isHere = (pod: Pod | undefined): pod is Pod => pod?.spec?.nodeName === nodeName;
  const [from, to] = [podAt(world, client), podAt(world, server)];
  return (
    (!isHere(from) || allows(world, from, 'Egress', connection)) &&
    (!isHere(to) || allows(world, to, 'Ingress', connection))
  );
}

function podAt({ pods }: JudgedWorld, address: string): Pod | undefined {
  return pods.find(
    ({ spec, status }) => status?.podIP === address && !spec?.hostNetwork && status.phase !== 'Succeeded',
  );
}

function allows(world: JudgedWorld, pod: Pod, direction: 'Ingress' | 'Egress', connection: Connection): boolean {
  const selecting = world.policies.filter(
    ({ metadata, spec }) =>
      metadata?.namespace === pod.metadata?.namespace &&
      matchesLabelSelector(spec?.podSelector, pod.metadata?.labels ?? {}) &&
      spec?.policyTypes?.includes(direction),
  );
  if (selecting.length === 0) return true;
  const other = direction === 'Ingress' ? connection.client : connection.server;
  return selecting.some(({ metadata, spec }) => {
    const rules =
      direction === 'Ingress'
        ? (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
        : (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
    return rules.some(
      ({ peers = [], ports = [] }) =>
        (peers.length === 0 || peers.some((peer) => isPeer(world, peer, metadata?.namespace ?? '', other))) &&
        (ports.length === 0 || ports.some((port) => isPort(world, port, connection))),
    );
  });
}

function isPeer(world: JudgedWorld, peer: NetworkPolicyPeer, namespace: string, address: string): boolean {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  if (ipBlock !== undefined) {
    const isIn = (cidr: string) => {
      const [network, ip] = [parseCidr(cidr), parseIp(address)];
      return network !== undefined && ip !== undefined && contains(network, ip);
    };
    return isIn(ipBlock.cidr) && !(ipBlock.except ?? []).some(isIn);
  }
  const pod = podAt(world, address);
  if (pod === undefined) return false;
  const of = pod.metadata?.namespace ?? '';
  const isNamespace =
    namespaceSelector === undefined
      ? of === namespace
      : matchesLabelSelector(namespaceSelector, world.namespaces.get(of) ?? {});
  return isNamespace && (podSelector === undefined || matchesLabelSelector(podSelector, pod.metadata?.labels ?? {}));
}

function isPort(world: JudgedWorld, one: NetworkPolicyPort, { server, protocol, port }: Connection): boolean {
  if ((one.protocol ?? 'TCP').toLowerCase() !== protocol) return false;
  if (one.port === undefined) return true;
  if (typeof one.port === 'number') return port >= one.port && port <= (one.endPort ?? one.port);
  const ports = (podAt(world, server)?.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const found = ports.find((has) => has.name === one.port && (has.protocol ?? 'TCP') === (one.protocol ?? 'TCP'));
  return found?.containerPort === port;
}
