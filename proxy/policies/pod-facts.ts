/** What policies need to know of a pod. Pure. */

import { parseIp } from '../../api/net.ts';
import { isPodFinished, sidecarsOf } from '../../api/pods.ts';
import type { Container, Pod } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export interface NamedPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** IPv4. */
  readonly address: string;
  readonly nodeName: string;
  readonly ports: readonly NamedPort[];
  /** RFC 3339: of two that say they have one address, the younger has it. */
  readonly createdAt: string;
}

/**
 * Undefined for a pod that has no address of its own: not yet, no more (another may have it by now), or never, being
 * one of its node's network. Policies neither select such a pod nor see it as a peer.
 */
export function podFactsOf(pod: DeepReadonly<Pod>): PodFacts | undefined {
  const { metadata, spec, status } = pod;
  if (spec === undefined || spec.hostNetwork || spec.nodeName === undefined || isPodFinished(pod)) return undefined;
  const address = [status?.podIP ?? '', ...(status?.podIPs ?? []).map(({ ip }) => ip)].find(
    (ip) => parseIp(ip)?.family === 4,
  );
  if (address === undefined) return undefined;
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    address,
    nodeName: spec.nodeName,
    ports: [...spec.containers, ...sidecarsOf(spec)].flatMap(namedPortsOf),
    createdAt: metadata?.creationTimestamp ?? '',
  };
}

/** Takes off a pod all that `podFactsOf` does not look at: there is one of these for each pod of the cluster. */
export function trimPod(pod: Pod): void {
  const { metadata, spec, status } = pod;
  delete metadata?.annotations;
  delete metadata?.ownerReferences;
  if (spec !== undefined) {
    const { hostNetwork, nodeName } = spec;
    pod.spec = {
      ...(hostNetwork !== undefined && { hostNetwork }),
      ...(nodeName !== undefined && { nodeName }),
      containers: spec.containers.map(trimContainer),
      initContainers: (spec.initContainers ?? [])
        .filter(({ restartPolicy }) => restartPolicy === 'Always')
        .map(trimContainer),
    };
  }
  if (status !== undefined) {
    const { phase, podIP, podIPs } = status;
    pod.status = {
      ...(phase !== undefined && { phase }),
      ...(podIP !== undefined && { podIP }),
      ...(podIPs !== undefined && { podIPs }),
    };
  }
}

function trimContainer({ name, ports = [], restartPolicy }: Container): Container {
  const named = ports.filter((port) => port.name !== undefined);
  return { name, ports: named, ...(restartPolicy !== undefined && { restartPolicy }) };
}

function namedPortsOf({ ports = [] }: DeepReadonly<Container>): NamedPort[] {
  return ports.flatMap(({ name, protocol = 'TCP', containerPort }) =>
    name === undefined ? [] : [{ name, protocol, port: containerPort }],
  );
}

/** The number that a name stands for in a pod: the first container that has the name says it. */
export function portNamed({ ports }: PodFacts, name: string, protocol: string): number | undefined {
  return ports.find((port) => port.name === name && port.protocol === protocol)?.port;
}
