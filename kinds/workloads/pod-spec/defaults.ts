/** What a pod is when it says nothing else: upstream's defaults for pod specs, in pods and in templates alike. */

import { formatQuantity, readQuantity } from '../../../api/quantity.ts';
import type {
  Container,
  ContainerPort,
  EnvVarSource,
  EphemeralContainer,
  LifecycleHandler,
  Pod,
  PodSpec,
  Probe,
  ResourceRequirements,
  Volume,
  VolumeProjection,
} from '../../../api/types/core/v1.ts';

const defaultFileMode = 0o644;
const defaultTokenSeconds = 3600;

/** The defaults that pods and templates share. */
export function setPodSpecDefaults(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // Two names for one field: the newer one counts.
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account && spec.serviceAccount !== account) spec.serviceAccount = account;
  if (account && spec.serviceAccountName !== account) spec.serviceAccountName = account;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
}

/** What only pods get, not the templates they are made from. */
export function setPodDefaults(pod: Pod): void {
  const spec = pod.spec;
  if (!spec) return;
  setPodSpecDefaults(spec);
  spec.enableServiceLinks ??= true;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    defaultRequestsToLimits(container);
    if (spec.hostNetwork) for (const port of container.ports ?? []) defaultHostPort(port);
  }
  if (spec.resources) setPodResourceDefaults(spec, spec.resources);
}

const defaultHostPort = (port: ContainerPort): void => {
  port.hostPort ||= port.containerPort;
};

function defaultRequestsToLimits({ resources }: Container): void {
  if (!resources?.limits) return;
  const { limits, requests = {} } = resources;
  // What has them already is not touched: it may be shared with what is stored.
  if (Object.keys(limits).every((name) => Object.hasOwn(requests, name))) return;
  resources.requests = { ...limits, ...requests };
}

const podLevelResource = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/** The pod's own requests: the sum of its containers', or else its limits. */
function setPodResourceDefaults(spec: PodSpec, resources: ResourceRequirements): void {
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, amount] of Object.entries(sumOfRequests(spec))) {
    if (podLevelResource(name)) requests[name] ??= amount;
  }
  for (const [name, amount] of Object.entries(resources.limits ?? {})) {
    if (podLevelResource(name)) requests[name] ??= amount;
  }
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

function sumOfRequests(spec: PodSpec): Record<string, string> {
  const running = new Map<string, bigint>();
  const formats = new Map<string, 'DecimalSI' | 'BinarySI' | 'DecimalExponent'>();
  const addTo = (sums: Map<string, bigint>, { resources }: Container) => {
    for (const [name, text] of Object.entries(resources?.requests ?? {})) {
      const { nanos, format } = readQuantity(text);
      if (!formats.has(name)) formats.set(name, format);
      sums.set(name, (sums.get(name) ?? 0n) + nanos);
    }
  };
  for (const container of spec.containers) addTo(running, container);
  const sidecars = new Map<string, bigint>();
  const peaks = new Map<string, bigint>();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') addTo(sidecars, container);
    const now = new Map(sidecars);
    if (container.restartPolicy !== 'Always') addTo(now, container);
    for (const [name, amount] of now) if (amount > (peaks.get(name) ?? 0n)) peaks.set(name, amount);
  }
  for (const [name, amount] of sidecars) running.set(name, (running.get(name) ?? 0n) + amount);
  for (const [name, amount] of peaks) if (amount > (running.get(name) ?? 0n)) running.set(name, amount);
  return Object.fromEntries(
    [...running].map(([name, nanos]) => [name, formatQuantity({ nanos, format: formats.get(name) ?? 'DecimalSI' })]),
  );
}

function setContainerDefaults(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= pullPolicyFor(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const { valueFrom } of container.env ?? []) setEnvSourceDefaults(valueFrom);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) setProbeDefaults(probe);
  }
  setHandlerDefaults(container.lifecycle?.postStart);
  setHandlerDefaults(container.lifecycle?.preStop);
}

/** `host.example:5000/path/name:tag`: hosts may be in capitals, paths may not. */
const imageName = /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*(?::[\w][\w.-]{0,127})?$/;

/** `latest`, said or meant, is pulled always. */
function pullPolicyFor(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent';
  // What is no image name at all has no tag that could move.
  if (image !== '' && !imageName.test(image)) return 'IfNotPresent';
  const tag = /:([^/]*)$/.exec(image)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function setEnvSourceDefaults(source: EnvVarSource | undefined): void {
  if (source?.fieldRef) source.fieldRef.apiVersion ||= 'v1';
  if (source?.fileKeyRef) source.fileKeyRef.optional ??= false;
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  setHandlerDefaults(probe);
  if (probe.grpc) probe.grpc.service ??= '';
}

function setHandlerDefaults(handler: LifecycleHandler | Probe | undefined): void {
  if (!handler?.httpGet) return;
  handler.httpGet.path ||= '/';
  handler.httpGet.scheme ||= 'HTTP';
}

/** A volume without a source is an empty directory. */
function setVolumeDefaults(volume: Volume): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= defaultFileMode;
  }
  for (const item of volume.downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
  for (const source of volume.projected?.sources ?? []) setProjectionDefaults(source);
  if (volume.ephemeral?.volumeClaimTemplate) volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem';
  if (volume.image) volume.image.pullPolicy ||= pullPolicyFor(volume.image.reference ?? '');
  setHostVolumeDefaults(volume);
}

function setProjectionDefaults({ downwardAPI, serviceAccountToken }: VolumeProjection): void {
  for (const item of downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
  if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= defaultTokenSeconds;
}

/** Sources that volumes of pods and persistent volumes have in common. */
export function setHostVolumeDefaults(
  volume: Pick<Volume, 'hostPath' | 'azureDisk'> & {
    iscsi?: { iscsiInterface?: string };
    rbd?: { pool?: string; user?: string; keyring?: string };
    scaleIO?: { storageMode?: string; fsType?: string };
  },
): void {
  const { hostPath, iscsi, rbd, azureDisk, scaleIO } = volume;
  if (hostPath) hostPath.type ??= '';
  if (iscsi) iscsi.iscsiInterface ||= 'default';
  if (rbd) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.kind ??= 'Shared';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
