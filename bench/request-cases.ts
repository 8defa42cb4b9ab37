/** The kinds of requests that `requests` measures: what a cluster that starts pods sends most. */

import { podName, podOf, podPath, podsPath, statusPatch } from './api-lab.ts';
import type { LoadRequest } from './load.ts';

export interface RequestCase {
  readonly name: string;
  /** The n-th request, from 0. */
  next(n: number): LoadRequest;
  /** What has to be there, for so many requests. */
  before?(count: number): readonly LoadRequest[];
  /** Goal: a multiple of what the bare server computes for a request. */
  readonly atMost?: number;
  /** So many watch all pods meanwhile. */
  readonly watchers?: number;
}

/** That many pods. */
const presentPods = 400;

const nodeCount = 100;

/** What every case finds: nodes, as who binds looks at them, and pods. */
export const present = (): LoadRequest[] => [
  ...Array.from({ length: nodeCount }, (_, n) => post('/api/v1/nodes', nodeOf(n))),
  ...Array.from({ length: presentPods }, (_, n) => presentPod(n)),
];

export const presentPod = (n: number): LoadRequest => post(podsPath, podOf(n));

const nodeOf = (n: number): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${n}` } });

export const requestCases: readonly RequestCase[] = [
  { name: 'GET one pod', next: (n) => ({ method: 'GET', path: podPath(n % presentPods) }), atMost: 2.2 },
  { name: 'CREATE a pod', next: (n) => post(podsPath, podOf(presentPods + n)), atMost: 16 },
  { name: 'CREATE a pod of a controller', next: (n) => post(podsPath, controlledPod(n)) },
  {
    name: 'BIND a pod',
    before: (count) => Array.from({ length: count }, (_, n) => post(podsPath, unboundPod(n))),
    next: (n) => post(`${podsPath}/${unboundName(n)}/binding`, bindingOf(n)),
  },
  { name: 'CREATE an event', next: (n) => post('/apis/events.k8s.io/v1/namespaces/default/events', eventOf(n)) },
  { name: 'PATCH a status', next: (n) => statusPatch(n % presentPods) },
  { name: 'PATCH a status, 10 watchers', next: (n) => statusPatch(n % presentPods), atMost: 30, watchers: 10 },
];

const post = (path: string, object: object): LoadRequest => ({ method: 'POST', path, body: JSON.stringify(object) });

const unboundName = (n: number): string => `waiting-${podName(n)}`;

function unboundPod(n: number): object {
  const { metadata, spec, ...rest } = podOf(n);
  const { nodeName: _, ...unbound } = spec;
  return { ...rest, metadata: { ...metadata, name: unboundName(n) }, spec: unbound };
}

/** Its name is the server's to make; it has an owner, and no node. */
function controlledPod(n: number): object {
  const { name: _, ...metadata } = podOf(n).metadata;
  const { spec, ...rest } = unboundPod(n) as ReturnType<typeof podOf>;
  const owner = {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'bench', uid: '6dd0cbb1-3a5c-4a5e-9d7b-6f3f0e4b9a01' },
    ...{ controller: true, blockOwnerDeletion: true },
  };
  return { ...rest, metadata: { ...metadata, generateName: 'bench-', ownerReferences: [owner] }, spec };
}

const bindingOf = (n: number): object => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name: unboundName(n), namespace: 'default' },
  target: { apiVersion: 'v1', kind: 'Node', name: `node-${n % nodeCount}` },
});

/** As the scheduler tells of a binding. */
const eventOf = (n: number): object => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: `${podName(n)}.bound`, namespace: 'default' },
  eventTime: '2030-01-01T00:00:00.000000Z',
  reportingController: 'default-scheduler',
  reportingInstance: 'default-scheduler-bench',
  action: 'Binding',
  reason: 'Scheduled',
  regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: podName(n) },
  note: `Successfully assigned default/${podName(n)} to node-${n % 100}`,
  type: 'Normal',
});
