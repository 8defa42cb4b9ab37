/** What is allowed in a pod but most likely not meant, or not for much longer: the texts of `Warning:` headers. */

import type { Container, ContainerPort, Pod, PodSpec, PodTemplateSpec } from '../../../api/types/core/v1.ts';
import type { ObjectMeta } from '../../../api/types/meta/v1.ts';
import { claimWarnings, fractionWarnings } from '../volumes/amount-warnings.ts';
import { overlapWarnings } from './volume-warnings.ts';

export function podWarnings(pod: Pod, previous: Pod | undefined): string[] {
  // The spec of a stored pod hardly changes: its warnings were given at creation.
  if (previous) return [];
  return specWarnings(pod.metadata ?? {}, pod.spec ?? { containers: [] }, '', true);
}

/** `path`: where the template stands, e.g. `spec.template.`. */
export function podTemplateWarnings(template: PodTemplateSpec, path: string): string[] {
  return specWarnings(template.metadata ?? {}, template.spec ?? { containers: [] }, path, false);
}

const goneVolumes: Readonly<Record<string, string>> = {
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
};

const goneLabels: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
    'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  }),
);

function specWarnings(metadata: ObjectMeta, spec: PodSpec, path: string, _isPod: boolean): string[] {
  const place = (text: string) => `${path}spec.${text}`;
  return [
    ...nodeLabelWarnings(spec, place),
    ...nodeAffinityWarnings(spec, place),
    ...spreadWarnings(spec, place),
    ...annotationWarnings(metadata, path),
    ...volumeWarnings(spec, place),
    ...overlapWarnings(spec),
    ...nameWarnings(spec, place),
    ...containerWarnings(spec, place),
    ...fractionWarnings(spec.overhead, byteResources, place('overhead')),
    ...graceWarnings(spec, place),
    ...affinityWarnings(spec, place),
  ];
}

type Place = (text: string) => string;

function nodeLabelWarnings(spec: PodSpec, place: Place): string[] {
  const found: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = goneLabels.get(key);
    if (text) found.push(`${place(`nodeSelector[${key}]`)}: ${text}`);
  }
  return found;
}

function nodeAffinityWarnings({ affinity }: PodSpec, place: Place): string[] {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution } =
    affinity?.nodeAffinity ?? {};
  const at = (part: string) => place(`affinity.nodeAffinity.${part}DuringSchedulingIgnoredDuringExecution`);
  const terms = [
    ...(required?.nodeSelectorTerms ?? []).map(
      (term, i) => [term, `${at('required')}.nodeSelectorTerms[${i}]`] as const,
    ),
    ...(preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ preference }, i) => [preference, `${at('preferred')}[${i}].preference`] as const,
    ),
  ];
  return terms.flatMap(([term, path]) =>
    (term?.matchExpressions ?? []).flatMap(({ key }, i) => {
      const text = goneLabels.get(key);
      return text ? [`${path}.matchExpressions[${i}].key: ${key} is ${text}`] : [];
    }),
  );
}

function spreadWarnings(spec: PodSpec, place: Place): string[] {
  const found: string[] = [];
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const at = place(`topologySpreadConstraints[${index}]`);
    const text = goneLabels.get(topologyKey);
    if (text) found.push(`${at}.topologyKey: ${topologyKey} is ${text}`);
    if (!labelSelector) found.push(`${at}.labelSelector: a null labelSelector results in matching no pod`);
  }
  return found;
}

const annotationTexts: readonly (readonly [string, string])[] = [
  ['seccomp.security.alpha.kubernetes.io/pod', 'non-functional in v1.27+; use the "seccompProfile" field instead'],
  [
    'container.seccomp.security.alpha.kubernetes.io/',
    'non-functional in v1.27+; use the "seccompProfile" field instead',
  ],
  [
    'container.apparmor.security.beta.kubernetes.io/',
    'deprecated since v1.30; use the "appArmorProfile" field instead',
  ],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['pod.alpha.kubernetes.io/init-containers', 'non-functional in v1.11+; use the "initContainers" field instead'],
  ['pod.beta.kubernetes.io/init-containers', 'non-functional in v1.11+; use the "initContainers" field instead'],
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
];

function annotationWarnings(metadata: ObjectMeta, path: string): string[] {
  const found: string[] = [];
  for (const key of Object.keys(metadata.annotations ?? {})) {
    const match = annotationTexts.find(([name]) => key === name || (name.endsWith('/') && key.startsWith(name)));
    if (match) found.push(`${path}metadata.annotations[${key}]: ${match[1]}`);
  }
  return found;
}

function volumeWarnings(spec: PodSpec, place: Place): string[] {
  const found: string[] = [];
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    for (const [field, text] of Object.entries(goneVolumes)) {
      if (Reflect.get(volume, field) === undefined) continue;
      const shown = field === 'storageos' ? 'storageOS' : field;
      found.push(`${place(`volumes[${index}].${shown}`)}: ${text}`);
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    found.push(...claimWarnings(claim?.resources, place(`volumes[${index}].ephemeral.volumeClaimTemplate.spec`)));
  }
  return found;
}

function nameWarnings(spec: PodSpec, place: Place): string[] {
  const found: string[] = [];
  const pulls = new Set<string>();
  for (const [index, { name = '' }] of (spec.imagePullSecrets ?? []).entries()) {
    const at = place(`imagePullSecrets[${index}].name`);
    if (name === '') found.push(`${at}: invalid empty name ""`);
    else if (pulls.has(name)) found.push(`${at}: duplicate name ${JSON.stringify(name)}`);
    pulls.add(name);
  }
  const addresses = new Set<string>();
  for (const [index, { ip = '' }] of (spec.hostAliases ?? []).entries()) {
    if (addresses.has(ip)) found.push(`${place(`hostAliases[${index}].ip`)}: duplicate ip ${JSON.stringify(ip)}`);
    addresses.add(ip);
  }
  return found;
}

function containerWarnings(spec: PodSpec, place: Place): string[] {
  const found: string[] = [];
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      const at = place(`${list}[${index}]`);
      found.push(
        ...amountWarnings(container, at),
        ...environmentWarnings(container, at),
        ...portWarnings(container, at),
      );
    }
  }
  return found;
}

const byteResources = ['memory', 'ephemeral-storage'];

function amountWarnings({ resources }: Container, at: string): string[] {
  return (['limits', 'requests'] as const).flatMap((part) =>
    fractionWarnings(resources?.[part], byteResources, `${at}.resources.${part}`),
  );
}

function environmentWarnings({ env = [] }: Container, at: string): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  for (const [index, { name, value = '' }] of env.entries()) {
    if (seen.has(name) && !value.includes(`$(${name})`)) {
      found.push(
        `${at}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    }
    seen.add(name);
  }
  return found;
}

const goPort = ({ name = '', containerPort, protocol = '', hostIP = '' }: ContainerPort): string =>
  `{Name:${name} HostPort:0 ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;

function portWarnings({ ports = [] }: Container, at: string): string[] {
  const found: string[] = [];
  /** Where each definition, and each port of a protocol, stands first. */
  const whole = new Map<string, number>();
  const ofProtocol = new Map<string, number>();
  for (const [index, port] of ports.entries()) {
    if (port.hostIP && !port.hostPort)
      found.push(`${at}.ports[${index}]: hostIP set without hostPort: ${goPort(port)}`);
    const number = `${port.containerPort}/${port.protocol}`;
    const definition = `${number} ${port.hostPort ?? 0} ${port.hostIP ?? ''}`;
    const same = whole.get(definition);
    const overlap = ofProtocol.get(number);
    if (same !== undefined) {
      found.push(`${at}.ports[${index}]: duplicate port definition with ${at}.ports[${same}]`);
    } else if (overlap !== undefined && (!ports[overlap]?.hostPort || !port.hostPort)) {
      found.push(`${at}.ports[${index}]: overlapping port definition with ${at}.ports[${overlap}]`);
    }
    if (same === undefined) whole.set(definition, index);
    if (overlap === undefined) ofProtocol.set(number, index);
  }
  return found;
}

function graceWarnings(spec: PodSpec, place: Place): string[] {
  return (spec.terminationGracePeriodSeconds ?? 0) < 0
    ? [`${place('terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`]
    : [];
}

function affinityWarnings({ affinity }: PodSpec, place: Place): string[] {
  const found: string[] = [];
  const text = 'a null labelSelector results in matching no pod';
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = affinity?.[kind];
    const required = terms?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const [index, term] of required.entries()) {
      const at = place(`affinity.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`);
      if (!term.labelSelector) found.push(`${at}.labelSelector: ${text}`);
    }
    const preferred = terms?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const [index, { podAffinityTerm }] of preferred.entries()) {
      const at = place(`affinity.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm`);
      if (!podAffinityTerm.labelSelector) found.push(`${at}.labelSelector: ${text}`);
    }
  }
  return found;
}
