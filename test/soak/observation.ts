/**
 * What is there: the objects of the API beside the containers of the engine, as data. Taken by `observe`, judged by
 * `computeDifferences` and `computeDisturbances`.
 */

import type Dockerode from 'dockerode';
import { mirrorAnnotation } from '../../api/labels.ts';
import type { Stored } from '../../api/object.ts';
import { nodes, pods, replicationControllers } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Reader } from '../../client/client.ts';

export interface ObservedPod {
  /** Of a static pod its own, and not that of its mirror: containers carry it. */
  readonly uid: string;
  readonly name: string;
  /** Of the replication controller that made it. */
  readonly controller: string | undefined;
  readonly phase: string;
  readonly isReady: boolean;
  /** When its readiness last changed. */
  readonly readySince: string | undefined;
  readonly isTerminating: boolean;
  readonly address: string | undefined;
  readonly containers: readonly ObservedStatus[];
}

/** What a pod's status says of one of its containers. */
export interface ObservedStatus {
  readonly name: string;
  readonly restartCount: number;
  /** The engine's id. */
  readonly id: string | undefined;
}

/** What the engine has. */
export interface ObservedContainer {
  readonly id: string;
  readonly podUid: string;
  readonly podName: string;
  /** `POD` for the infra container. */
  readonly name: string;
  readonly isRunning: boolean;
}

export interface Observation {
  readonly isNodeReady: boolean;
  readonly pods: readonly ObservedPod[];
  readonly containers: readonly ObservedContainer[];
  /** Ready pods by each controller's own word. */
  readonly readyReplicas: ReadonlyMap<string, number>;
  /** Addresses to which the Service sends. */
  readonly endpoints: readonly string[];
}

export interface Observed {
  readonly client: Reader;
  readonly docker: Dockerode;
  readonly namespace: string;
  readonly service: string;
}

export const infraName = 'POD';

/** Throws while the API server or the engine does not answer. */
export async function observe({ client, docker, namespace, service }: Observed): Promise<Observation> {
  const [{ items: nodeList }, { items: podList }, { items: controllers }, { items: slices }, containers] =
    await Promise.all([
      client.list(nodes),
      client.list(pods, { namespace }),
      client.list(replicationControllers, { namespace }),
      client.list(endpointSlices, { namespace, labelSelector: `kubernetes.io/service-name=${service}` }),
      observeContainers(docker, namespace),
    ]);
  return {
    isNodeReady: nodeList.length === 1 && nodeList.every(({ status }) => isTrue(status?.conditions, 'Ready')),
    pods: podList.map(readPod),
    containers,
    readyReplicas: new Map(controllers.map(({ metadata, status }) => [metadata.name, status?.readyReplicas ?? 0])),
    endpoints: slices
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready === true)
      .flatMap(({ addresses }) => addresses),
  };
}

async function observeContainers(docker: Dockerode, namespace: string): Promise<ObservedContainer[]> {
  const label = [`io.kubernetes.pod.namespace=${namespace}`];
  const found = await docker.listContainers({ all: true, filters: { label } });
  return found.map(({ Id: id, Labels: labels, State: state }) => ({
    id,
    podUid: labels['io.kubernetes.pod.uid'] ?? '',
    podName: labels['io.kubernetes.pod.name'] ?? '',
    name: labels['dev.longshore.type'] === 'sandbox' ? infraName : (labels['io.kubernetes.container.name'] ?? ''),
    isRunning: state === 'running',
  }));
}

function readPod({ metadata, status }: Stored<Pod>): ObservedPod {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    uid: metadata.annotations?.[mirrorAnnotation] ?? metadata.uid,
    name: metadata.name,
    controller: metadata.ownerReferences?.find(({ controller, kind }) => controller === true && kind !== 'Node')?.name,
    phase: status?.phase ?? '',
    isReady: ready?.status === 'True',
    readySince: ready?.lastTransitionTime,
    isTerminating: metadata.deletionTimestamp !== undefined,
    address: status?.podIP,
    containers: (status?.containerStatuses ?? []).map(({ name, restartCount, containerID }) => ({
      name,
      restartCount,
      id: containerID?.replace(/^docker:\/\//, ''),
    })),
  };
}

const isTrue = (
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined,
  wanted: string,
): boolean => conditions?.some(({ type, status }) => type === wanted && status === 'True') === true;
