/**
 * Where the kubelet's memory is: the names and labels of Docker containers. Names are the classic
 * `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`, so that `docker ps` reads well and two makers collide instead of doubling.
 */

import type { ContainerConfig, ContainerKind, ContainerState, PodIdentity, SandboxConfig } from '../runtime.ts';

const prefix = 'dev.longshore.';
const annotationPrefix = `${prefix}annotation.`;

/** Every container with this label is Longshore's, and no other is. */
export const typeLabel = `${prefix}type`;
/** Which node made it: several kubelets may share an engine in tests. */
export const nodeLabel = `${prefix}node`;
/** Whose cluster's it is. Builds before there was this label wrote none. */
export const clusterLabel = 'longshore.dev/cluster';
export const podUidLabel = 'io.kubernetes.pod.uid';

const labels = {
  namespace: 'io.kubernetes.pod.namespace',
  name: 'io.kubernetes.pod.name',
  uid: podUidLabel,
  container: 'io.kubernetes.container.name',
  kind: `${prefix}kind`,
  attempt: `${prefix}attempt`,
  specHash: `${prefix}spec-hash`,
  sandbox: `${prefix}sandbox`,
  image: `${prefix}image`,
} as const;

const infraName = 'POD';

export type Labels = Readonly<Record<string, string>>;

/** Who makes containers. */
export interface Maker {
  readonly node: string;
  /** Undefined: nobody has said yet, which is so in tests only. */
  readonly clusterId: string | undefined;
}

export interface SandboxLabels {
  readonly type: 'sandbox';
  readonly clusterId?: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
}

/** What the runtime says of a container that Docker itself does not know. */
export interface ContainerLabels
  extends Pick<
    ContainerState,
    'pod' | 'name' | 'kind' | 'attempt' | 'specHash' | 'sandboxId' | 'imageName' | 'annotations' | 'clusterId'
  > {
  readonly type: 'container';
}

export function sandboxName({ pod, attempt }: SandboxConfig): string {
  return dockerName(infraName, pod, attempt);
}

export function containerName({ pod, name, attempt }: ContainerConfig): string {
  return dockerName(name, pod, attempt);
}

function dockerName(container: string, pod: PodIdentity, attempt: number): string {
  return ['k8s', container, pod.name, pod.namespace, pod.uid, attempt].join('_');
}

export function labelsOfSandbox({ pod, attempt }: SandboxConfig, maker: Maker): Labels {
  return {
    [typeLabel]: 'sandbox',
    ...makerLabels(maker),
    ...podLabels(pod),
    [labels.container]: infraName,
    [labels.attempt]: String(attempt),
  };
}

export function labelsOfContainer(config: ContainerConfig, sandboxId: string, maker: Maker): Labels {
  const annotations = Object.entries(config.annotations).map(([name, value]) => [annotationPrefix + name, value]);
  return {
    [typeLabel]: 'container',
    ...makerLabels(maker),
    ...podLabels(config.pod),
    [labels.container]: config.name,
    [labels.kind]: config.kind,
    [labels.attempt]: String(config.attempt),
    [labels.specHash]: config.specHash,
    [labels.sandbox]: sandboxId,
    [labels.image]: config.imageName,
    ...Object.fromEntries(annotations),
  };
}

/** Of a container that is no pod's and only there for a moment: no list of pods has it, and whoever cleans up finds it. */
export const labelsOfProbe = ({ clusterId }: Maker): Labels => ({
  [typeLabel]: 'probe',
  ...(clusterId !== undefined && { [clusterLabel]: clusterId }),
});
/** Of a container that never runs: something is copied from or to its files. */
export const labelsOfCopy = (maker: Maker): Labels => ({ [typeLabel]: 'copy', ...makerLabels(maker) });

const makerLabels = ({ node, clusterId }: Maker): Labels => ({
  [nodeLabel]: node,
  ...(clusterId !== undefined && { [clusterLabel]: clusterId }),
});

/** Whether another cluster made what has these labels. */
export function isForeign(found: Labels, clusterId: string | undefined): boolean {
  const owner = found[clusterLabel];
  return owner !== undefined && owner !== clusterId;
}

const podLabels = ({ namespace, name, uid }: PodIdentity): Labels => ({
  [labels.namespace]: namespace,
  [labels.name]: name,
  [labels.uid]: uid,
});

/** What the labels say; undefined: they are not Longshore's, or somebody has damaged them. */
export function readLabels(found: Labels): SandboxLabels | ContainerLabels | undefined {
  const pod = {
    namespace: found[labels.namespace] ?? '',
    name: found[labels.name] ?? '',
    uid: found[labels.uid] ?? '',
  };
  const attempt = Number(found[labels.attempt]);
  if (pod.uid === '' || pod.name === '' || !Number.isInteger(attempt)) return undefined;
  const clusterId = found[clusterLabel];
  const owner = clusterId === undefined ? {} : { clusterId };
  if (found[typeLabel] === 'sandbox') return { type: 'sandbox', pod, attempt, ...owner };
  const kind = readKind(found[labels.kind]);
  if (found[typeLabel] !== 'container' || kind === undefined) return undefined;
  return {
    type: 'container',
    pod,
    name: found[labels.container] ?? '',
    kind,
    attempt,
    specHash: found[labels.specHash] ?? '',
    sandboxId: found[labels.sandbox] ?? '',
    imageName: found[labels.image] ?? '',
    annotations: readAnnotations(found),
    ...owner,
  };
}

function readKind(text: string | undefined): ContainerKind | undefined {
  return text === 'init' || text === 'main' || text === 'ephemeral' ? text : undefined;
}

function readAnnotations(found: Labels): Readonly<Record<string, string>> {
  const entries = Object.entries(found).filter(([name]) => name.startsWith(annotationPrefix));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(annotationPrefix.length), value]));
}
