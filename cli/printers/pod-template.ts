/** A pod template as kubectl describes it in `rollout history --revision` and `rollout undo --dry-run`. Pure. */

import { goValue } from '../../api/go-text.ts';
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  PodTemplateSpec,
  Probe,
  Toleration,
  Volume,
} from '../../api/types/core/v1.ts';
import { compareText } from '../../base/compare.ts';

/** The levels of indentation. */
const [first, second, third] = ['  ', '    ', '      '];

export function renderPodTemplate({ metadata = {}, spec }: PodTemplateSpec): string {
  const {
    initContainers = [],
    containers = [],
    volumes = [],
    topologySpreadConstraints = [],
    tolerations = [],
  } = spec ?? {};
  const { serviceAccountName = '', priorityClassName = '' } = spec ?? {};
  const annotations = Object.keys(metadata.annotations ?? {}).length > 0;
  const lines = [
    'Pod Template:',
    ...pairs('Labels', metadata.labels),
    ...(annotations ? pairs('Annotations', metadata.annotations) : []),
    ...(serviceAccountName === '' ? [] : [`${first}Service Account:\t${serviceAccountName}`]),
    ...(initContainers.length === 0 ? [] : [`${first}Init Containers:`, ...initContainers.flatMap(describeContainer)]),
    `${first}Containers:`,
    ...containers.flatMap(describeContainer),
    volumes.length === 0 ? `${first}Volumes:\t<none>` : `${first}Volumes:`,
    ...volumes.flatMap(describeVolume),
    ...(topologySpreadConstraints.length === 0
      ? []
      : listed(
          'Topology Spread Constraints',
          topologySpreadConstraints.map(
            ({ topologyKey, whenUnsatisfiable, maxSkew, labelSelector }) =>
              `${topologyKey}:${whenUnsatisfiable} when max skew ${maxSkew} is exceeded for selector ${pairsText(labelSelector?.matchLabels)}`,
          ),
        )),
    ...(priorityClassName === '' ? [] : [`${first}Priority Class Name:\t${priorityClassName}`]),
    ...pairs('Node-Selectors', spec?.nodeSelector),
    ...listed('Tolerations', tolerations.map(tolerationText)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

type Texts = Readonly<Record<string, string>>;

const sortedPairs = (texts: Texts = {}): [string, string][] =>
  Object.entries(texts).sort(([one], [other]) => compareText(one, other));

const pairsText = (texts: Texts | undefined): string =>
  sortedPairs(texts)
    .map((pair) => pair.join('='))
    .join(',');

const pairs = (title: string, texts: Texts | undefined): string[] =>
  listed(
    title,
    sortedPairs(texts).map((pair) => pair.join('=')),
  );

/** The first beside the title, the others below it. */
function listed(title: string, [head = '<none>', ...others]: readonly string[]): string[] {
  return [`${first}${title}:\t${head}`, ...others.map((text) => `\t${text}`)];
}

function describeContainer(container: Container): string[] {
  const { name, image = '', ports = [], command = [], args = [], resources, env = [], envFrom = [] } = container;
  const mounts = (container.volumeMounts ?? []).toSorted((one, other) => compareText(one.mountPath, other.mountPath));
  return [
    `${first} ${name}:`,
    `${second}Image:\t${image}`,
    portsLine('Port', ports, ({ containerPort }) => containerPort),
    portsLine('Host Port', ports, ({ hostPort = 0 }) => hostPort),
    ...block(
      'Command',
      command.flatMap((word) => word.split('\n')),
    ),
    ...block(
      'Args',
      args.flatMap((word) => word.split('\n')),
    ),
    ...block(
      'Limits',
      sortedPairs(resources?.limits).map((pair) => pair.join(':\t')),
    ),
    ...block(
      'Requests',
      sortedPairs(resources?.requests).map((pair) => pair.join(':\t')),
    ),
    ...probeLine('Liveness', container.livenessProbe),
    ...probeLine('Readiness', container.readinessProbe),
    ...probeLine('Startup', container.startupProbe),
    ...block('Environment Variables from', envFrom.map(sourceText)),
    ...blockOrNone('Environment', env.flatMap(variableLines)),
    ...blockOrNone(
      'Mounts',
      mounts.map(({ mountPath, name: volume, readOnly, subPath }) => {
        const flags = [...(subPath ? [`path="${subPath}"`] : []), readOnly ? 'ro' : 'rw'];
        return `${mountPath} from ${volume} (${flags.join(',')})`;
      }),
    ),
  ];
}

const block = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${second}${title}:`, ...lines.map((line) => third + line)];

const blockOrNone = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [`${second}${title}:\t<none>`] : block(title, lines);

function portsLine(title: string, ports: readonly ContainerPort[], of: (port: ContainerPort) => number): string {
  const texts = ports.map((port) => `${of(port)}/${port.protocol ?? 'TCP'}`);
  return `${second}${title}${texts.length > 1 ? 's' : ''}:\t${texts.join(', ') || '<none>'}`;
}

const probeLine = (title: string, probe: Probe | undefined): string[] =>
  probe === undefined ? [] : [`${second}${title}:\t${probeText(probe)}`];

function probeText(probe: Probe): string {
  const {
    initialDelaySeconds = 0,
    timeoutSeconds = 0,
    periodSeconds = 0,
    successThreshold = 0,
    failureThreshold = 0,
  } = probe;
  const attributes = `delay=${initialDelaySeconds}s timeout=${timeoutSeconds}s period=${periodSeconds}s #success=${successThreshold} #failure=${failureThreshold}`;
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (exec) return `exec ${goValue(exec.command ?? [])} ${attributes}`;
  if (httpGet) {
    const { scheme = 'HTTP', host = '', port, path = '' } = httpGet;
    return `http-get ${scheme.toLowerCase()}://${host}:${port}${path} ${attributes}`;
  }
  if (tcpSocket) return `tcp-socket ${tcpSocket.host ?? ''}:${tcpSocket.port} ${attributes}`;
  return grpc ? `grpc <pod>:${grpc.port} ${grpc.service ?? ''} ${attributes}` : `unknown ${attributes}`;
}

function sourceText({ configMapRef, secretRef, prefix = '' }: EnvFromSource): string {
  const { name = '', optional = false } = configMapRef ?? secretRef ?? {};
  const kind = configMapRef ? 'ConfigMap' : 'Secret';
  return `${name}\t${kind}${prefix === '' ? '' : ` with prefix '${prefix}'`}\tOptional: ${optional}`;
}

function variableLines({ name, value = '', valueFrom }: EnvVar): string[] {
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = valueFrom ?? {};
  if (fieldRef) return [`${name}:\t (${fieldRef.apiVersion ?? 'v1'}:${fieldRef.fieldPath})`];
  if (resourceFieldRef) return [`${name}:\t (${resourceFieldRef.resource})`];
  if (secretKeyRef)
    return [
      `${name}:\t<set to the key '${secretKeyRef.key}' in secret '${secretKeyRef.name}'>\tOptional: ${secretKeyRef.optional ?? false}`,
    ];
  if (configMapKeyRef)
    return [
      `${name}:\t<set to the key '${configMapKeyRef.key}' of config map '${configMapKeyRef.name}'>\tOptional: ${configMapKeyRef.optional ?? false}`,
    ];
  return value.split('\n').map((line, index) => (index === 0 ? `${name}:\t${line}` : `\t${line}`));
}

function describeVolume({ name, ...source }: Volume): string[] {
  return [`${first} ${name}:`, ...volumeFields(source).map(([title, value]) => `${second}${title}:\t${value}`)];
}

function volumeFields(source: Omit<Volume, 'name'>): [string, string][] {
  const { hostPath, emptyDir, secret, configMap, persistentVolumeClaim: claim } = source;
  if (hostPath)
    return [
      ['Type', 'HostPath (bare host directory volume)'],
      ['Path', hostPath.path],
      ['HostPathType', hostPath.type ?? '<none>'],
    ];
  if (emptyDir)
    return [
      ['Type', "EmptyDir (a temporary directory that shares a pod's lifetime)"],
      ['Medium', emptyDir.medium ?? ''],
      ['SizeLimit', emptyDir.sizeLimit ?? '<unset>'],
    ];
  if (secret)
    return [
      ['Type', 'Secret (a volume populated by a Secret)'],
      ['SecretName', secret.secretName ?? ''],
      ['Optional', String(secret.optional ?? false)],
    ];
  if (configMap)
    return [
      ['Type', 'ConfigMap (a volume populated by a ConfigMap)'],
      ['Name', configMap.name ?? ''],
      ['Optional', String(configMap.optional ?? false)],
    ];
  if (claim)
    return [
      ['Type', 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)'],
      ['ClaimName', claim.claimName],
      ['ReadOnly', String(claim.readOnly ?? false)],
    ];
  return [['Type', Object.keys(source).join(', ')]];
}

function tolerationText({ key = '', value = '', effect = '', operator, tolerationSeconds }: Toleration): string {
  const what = `${key}${value === '' ? '' : `=${value}`}${effect === '' ? '' : `:${effect}`}`;
  const exists = operator === 'Exists' && value === '' ? ['op=Exists'] : [];
  const seconds = tolerationSeconds === undefined ? [] : [`for ${tolerationSeconds}s`];
  return [...(what === '' ? [] : [what]), ...exists, ...seconds].join(' ');
}
