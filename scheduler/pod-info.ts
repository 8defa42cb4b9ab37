/** A pod as the scheduler sees it: what its decisions need, worked out once for each version of the pod. */

import { keyOf } from '../api/object.ts';
import { claimNamesOf } from '../api/pod-references.ts';
import { isPodTerminating, sidecarsOf } from '../api/pods.ts';
import type { Pod } from '../api/types/core/v1.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Cached } from '../client/object-cache.ts';
import { computeAssumedRequests, computePodRequests, type Resources } from './resources.ts';

export type PodSpecView = Cached<Pod> & { readonly spec: DeepReadonly<NonNullable<Pod['spec']>> };

export const defaultSchedulerName = 'default-scheduler';

export interface HostPort {
  /** `0.0.0.0` stands for all addresses of the host. */
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
}

export interface PodInfo {
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: PodSpecView;
  readonly priority: number;
  readonly requests: Resources;
  /** Requests with an assumed amount for containers that ask for nothing. */
  readonly assumedRequests: Resources;
  readonly hostPorts: readonly HostPort[];
  /** Keys of the claims of its volumes. */
  readonly claims: readonly string[];
  readonly terminating: boolean;
  /** Equal for pods about which every plugin of scope `template` says the same. */
  readonly template: string;
}

export function createPodInfo(pod: Cached<Pod>): PodInfo {
  const spec = pod.spec ?? { containers: [] };
  const hostPorts = hostPortsOf(spec);
  const requests = computePodRequests(spec);
  const assumedRequests = computeAssumedRequests(spec);
  return {
    key: keyOf(pod),
    uid: pod.metadata.uid,
    namespace: pod.metadata.namespace ?? '',
    labels: pod.metadata.labels ?? {},
    pod: hasSpec(pod) ? pod : { ...pod, spec },
    priority: spec.priority ?? 0,
    requests,
    assumedRequests,
    hostPorts,
    claims: claimNamesOf(pod).map((name) => `${pod.metadata.namespace ?? ''}/${name}`),
    terminating: isPodTerminating(pod),
    template: templateOf(spec, { requests, assumedRequests, hostPorts }),
  };
}

/** The same for a newer version of the pod that differs in nothing that decisions depend on, but perhaps in its labels. */
export const withNewerPod = (info: PodInfo, pod: Cached<Pod>): PodInfo =>
  hasSpec(pod) ? { ...info, pod, labels: pod.metadata.labels ?? {} } : info;

const hasSpec = (pod: Cached<Pod>): pod is PodSpecView => pod.spec !== undefined;

/** Which profile places the pod. */
export const schedulerNameOf = ({ spec }: Cached<Pod>): string => spec?.schedulerName ?? defaultSchedulerName;

function hostPortsOf(spec: DeepReadonly<NonNullable<Pod['spec']>>): HostPort[] {
  return [...spec.containers, ...sidecarsOf(spec)]
    .flatMap((container) => container.ports ?? [])
    .flatMap(({ hostPort, hostIP, protocol = 'TCP' }) =>
      hostPort === undefined || hostPort <= 0 ? [] : [{ address: hostIP || '0.0.0.0', protocol, port: hostPort }],
    );
}

function templateOf(
  spec: DeepReadonly<NonNullable<Pod['spec']>>,
  { requests, assumedRequests, hostPorts }: Pick<PodInfo, 'requests' | 'assumedRequests' | 'hostPorts'>,
): string {
  return JSON.stringify([
    [...requests],
    hostPorts,
    spec.nodeName,
    spec.nodeSelector,
    spec.affinity?.nodeAffinity,
    spec.tolerations,
    spec.containers.length,
    (spec.initContainers ?? []).length,
    [...assumedRequests],
  ]);
}
