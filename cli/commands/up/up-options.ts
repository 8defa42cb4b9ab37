/** The flags of `kubecfg up` and what they become. */

import { resolve } from 'node:path';
import type { Options } from 'yargs';
import { parseDurationMs } from '../../../base/duration.ts';
import { UserError } from '../../../base/user-error.ts';
import {
  type Component,
  components,
  defaultClusterDomain,
  defaultDataDir,
  isWhole,
  kubeletFlags,
  logLevels,
  proxyModes,
  type UpOptions,
} from '../../../cluster/cluster-options.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import { parseDataDir } from '../../data-dir.ts';
import { text } from '../../options.ts';

export const upOptions: Readonly<Record<string, Options>> = {
  'data-dir': text('Where the cluster keeps everything', { default: defaultDataDir }),
  'etcd-servers': text('URLs of an etcd that runs already; default: one is started'),
  'etcd-cafile': text("Signs those members' certificates; default: etcd-ca of the data directory"),
  'etcd-certfile': text('Our certificate for them; default: apiserver-etcd-client of the data directory'),
  'etcd-keyfile': text('Its key'),
  'secure-port': text('Port of the API server', { default: '6443' }),
  'bind-address': text('Address on which the API server listens', { default: '0.0.0.0' }),
  only: text(`Start only these, of: ${components.join(', ')}`),
  demo: { type: 'boolean', default: true, describe: 'Run the guestbook (--no-demo: leave it out)' },
  'node-name': text('Name of this node; default: the host name'),
  'node-ip': text("This node's address; default: the one of the default route"),
  'kubelet-port': text('Port of the kubelet', { default: '10250' }),
  'cgroups-per-qos': {
    type: 'boolean',
    default: true,
    describe: 'A control group for each pod, below one for all of them (--no-cgroups-per-qos: none)',
  },
  'pod-manifest-path': text('Folder or file of pods that the kubelet runs by itself, also without an API server'),
  ...Object.fromEntries(
    Object.entries(kubeletFlags).map(([name, { describe, ...rest }]) => [name, text(describe, rest)]),
  ),
  'cluster-cidr': text('The pod network', { default: '10.244.0.0/16' }),
  'service-cidr': text('The addresses of services', { default: '10.96.0.0/16' }),
  'node-ports': text('The ports that services may have on every node', { default: '30000-32767' }),
  'cluster-domain': text('What the names of services end in', { default: defaultClusterDomain }),
  'dns-upstream': text('Servers that know names outside of the cluster; default: those of the resolver of each node'),
  'dns-stub-domain': text('Domains that other servers know: corp.example=10.1.0.53,10.2.0.53; several by ";"'),
  'resolv-conf': text("The node's resolver; default: /etc/resolv.conf, or that of systemd-resolved"),
  'network-name': text('Name of what the cluster makes on this machine: Docker network, bridge, rules', {
    default: 'longshore',
  }),
  'proxy-mode': { choices: proxyModes, default: 'nftables', describe: 'How services are forwarded' },
  ingress: { type: 'boolean', default: true, describe: 'Serve Ingresses on this node (--no-ingress: do not)' },
  'ingress-http-port': text('Port of the ingress for plain requests', { default: '80' }),
  'ingress-https-port': text('Port of the ingress for requests by TLS', { default: '443' }),
  'ingress-default-certificate': text('NAMESPACE/SECRET of the certificate for hosts without one'),
  'ingress-access-log': text('File of a line for each request to the ingress; default: none'),
  'ingress-proxy-protocol': {
    type: 'boolean',
    default: false,
    describe: 'A balancer in front of the ingress says by the PROXY protocol who is connected',
  },
  'ingress-trusted-proxies': text('Networks of proxies whose X-Forwarded headers the ingress believes'),
  'registry-port': text("Port of the demo's image registry on loopback", { default: '5000' }),
  'cluster-signing-duration': text('How long certificates are good; renewed at two thirds of it; default: 8760h'),
  'encryption-provider-config': text(
    'What lies encrypted in etcd, and how; default: Secrets, with a key that is made in the data directory',
  ),
  'authorization-config': text('An AuthorizationConfiguration: who is asked what users may do; default: Node, RBAC'),
  'scheduler-config': text('A KubeSchedulerConfiguration: profiles and plugins of the scheduler'),
  'enable-admission-plugins': text('Admission plugins that are on beside the default ones, separated by commas'),
  'disable-admission-plugins': text('Admission plugins that are off'),
  'admission-control-config-file': text('An AdmissionConfiguration: what admission plugins are told'),
  'runtime-config': text('Versions of the API that are served only on request: storagemigration.k8s.io/v1beta1=true'),
  'accept-unreadable-secrets': {
    type: 'boolean',
    default: false,
    describe: 'Go on although the key of Secrets is lost: they can only be deleted then',
  },
  'accept-older-data': {
    type: 'boolean',
    default: false,
    describe: 'Go on although etcd was restored from a backup: pods that it does not know are removed',
  },
  'take-over': {
    type: 'boolean',
    default: false,
    describe: 'Let this copy of a data directory be the cluster from now on; the original is refused then',
  },
  'log-level': { choices: logLevels, default: 'info', describe: 'What goes to the log file' },
};

export function parseUpOptions(args: Arguments): UpOptions {
  const only = parseComponents(textOf(args, 'only'), args.ingress !== false);
  const named = (name: string) => textOf(args, name) ?? '';
  return {
    ...parseNodeFlags(args),
    etcdServers: listOf(named('etcd-servers')),
    etcdFiles: etcdFilesOf(args),
    securePort: portOf(named('secure-port'), '--secure-port'),
    bindAddress: named('bind-address'),
    only,
    demo: args.demo !== false && isWhole(only),
    ingress: ingressFlagsOf(args),
    clusterCidr: named('cluster-cidr'),
    serviceCidr: named('service-cidr'),
    nodePortRange: portRangeOf(named('node-ports')),
    networkName: networkNameOf(named('network-name')),
    clusterDomain: named('cluster-domain').toLowerCase().replace(/\.$/, ''),
    dns: {
      upstreams: listOf(named('dns-upstream')),
      stubDomains: named('dns-stub-domain')
        .split(';')
        .filter((one) => one !== ''),
    },
    encryptionProviderConfig: textOf(args, 'encryption-provider-config'),
    authorizationConfig: textOf(args, 'authorization-config'),
    schedulerConfig: textOf(args, 'scheduler-config'),
    admission: {
      enabled: listOf(named('enable-admission-plugins')),
      disabled: listOf(named('disable-admission-plugins')),
      configFile: textOf(args, 'admission-control-config-file'),
    },
    runtimeConfig: listOf(named('runtime-config')),
    acceptUnreadableSecrets: isSet(args, 'accept-unreadable-secrets'),
    acceptOlderData: isSet(args, 'accept-older-data'),
    takeOver: isSet(args, 'take-over'),
    proxyMode: proxyModes.find((mode) => mode === named('proxy-mode')) ?? 'nftables',
    registryPort: portOf(named('registry-port'), '--registry-port'),
    certificateLifeMs: lifeOf(textOf(args, 'cluster-signing-duration')),
  };
}

const kubeletFlagNames = Object.keys(kubeletFlags);

/** What every node has, also one that only joins. */
export const nodeFlags: readonly string[] = [
  'data-dir',
  'node-name',
  'node-ip',
  'kubelet-port',
  'cgroups-per-qos',
  'pod-manifest-path',
  'resolv-conf',
  ...kubeletFlagNames,
  'log-level',
];

/** What a worker remembers by itself, or is told in another way each time. */
const rememberedFlags: readonly string[] = ['data-dir', 'node-name', 'node-ip', 'kubelet-port'];

/** Those that name a file. */
const fileFlags: readonly string[] = ['pod-manifest-path', 'resolv-conf'];

/** The flags that this host's node was given beside those, as words of a command line that runs in any folder. */
export function nodeWords(args: Arguments): string[] {
  return nodeFlags.flatMap((name) => {
    const value = args[name];
    if (rememberedFlags.includes(name) || value === undefined || value === upOptions[name]?.default) return [];
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
    return textsOf(args, name).map((text) => `--${name}=${fileFlags.includes(name) ? resolve(text) : text}`);
  });
}

type NodeOptions = Pick<
  UpOptions,
  | 'dataDir'
  | 'nodeName'
  | 'nodeIp'
  | 'kubeletPort'
  | 'cgroupsPerQos'
  | 'podManifestPath'
  | 'resolvConf'
  | 'kubelet'
  | 'logLevel'
>;

export function parseNodeFlags(args: Arguments): NodeOptions {
  const named = (name: string) => textOf(args, name) ?? '';
  return {
    dataDir: parseDataDir(textOf(args, 'data-dir')),
    nodeName: textOf(args, 'node-name')?.toLowerCase(),
    nodeIp: textOf(args, 'node-ip'),
    kubeletPort: portOf(named('kubelet-port'), '--kubelet-port'),
    cgroupsPerQos: args['cgroups-per-qos'] !== false,
    podManifestPath: textOf(args, 'pod-manifest-path'),
    resolvConf: textOf(args, 'resolv-conf'),
    kubelet: Object.fromEntries(kubeletFlagNames.flatMap((name) => pairOf(name, textsOf(args, name)))),
    logLevel: isSet(args, 'verbose') ? 'debug' : (logLevels.find((level) => level === named('log-level')) ?? 'info'),
  };
}

function etcdFilesOf(args: Arguments): NonNullable<UpOptions['etcdFiles']> {
  const [authority, certificateFile, keyFile] = ['etcd-cafile', 'etcd-certfile', 'etcd-keyfile'].map((name) =>
    textOf(args, name),
  );
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new UserError('--etcd-certfile and --etcd-keyfile belong together');
  return {
    ...(authority !== undefined && { authority }),
    ...(certificateFile !== undefined && keyFile !== undefined && { client: { certificateFile, keyFile } }),
  };
}

/** By the names that the ingress's own flags have. */
function ingressFlagsOf(args: Arguments): NonNullable<UpOptions['ingress']> {
  const certificate = textOf(args, 'ingress-default-certificate');
  const accessLog = textOf(args, 'ingress-access-log');
  return {
    'http-port': portOf(textOf(args, 'ingress-http-port') ?? '', '--ingress-http-port'),
    'https-port': portOf(textOf(args, 'ingress-https-port') ?? '', '--ingress-https-port'),
    'proxy-protocol': isSet(args, 'ingress-proxy-protocol'),
    'trusted-proxies': textOf(args, 'ingress-trusted-proxies') ?? '',
    ...(certificate !== undefined && { 'default-ssl-certificate': certificate }),
    ...(accessLog !== undefined && { 'access-log': accessLog }),
  };
}

function parseComponents(list: string | undefined, withIngress: boolean): ReadonlySet<Component> {
  if (list === undefined) return new Set(components.filter((one) => withIngress || one !== 'ingress'));
  const wanted = list.split(',').map((name) => name.trim());
  const isComponent = (name: string): name is Component => components.some((one) => one === name);
  const unknown = wanted.find((name) => !isComponent(name));
  if (unknown !== undefined) {
    throw new UserError(`--only: there is no component "${unknown}"; there are ${components.join(', ')}`);
  }
  return new Set(wanted.filter(isComponent));
}

/** The kernel allows 15 bytes for a bridge; the beginning tells it from everything else on the machine. */
function networkNameOf(text: string): string {
  if (/^longshore[a-z0-9-]{0,6}$/.test(text)) return text;
  throw new UserError(`--network-name must be "longshore" and up to six letters, digits or "-", not "${text}"`);
}

const pairOf = (name: string, texts: readonly string[]): [string, readonly string[]][] =>
  texts.length === 0 ? [] : [[name, texts]];

const listOf = (text: string): string[] => text.split(',').filter((one) => one !== '');

const shortestLifeMs = 30_000;

function lifeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const life = parseDurationMs(text);
  if (life !== undefined && life >= shortestLifeMs) return life;
  throw new UserError(`--cluster-signing-duration must be 30s or longer, such as 8760h or 90m, not "${text}"`);
}

function portOf(text: string, flag: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new UserError(`${flag} must be a port from 1 to 65535, not "${text}"`);
}

function portRangeOf(text: string): { first: number; last: number } {
  const [first = '', last = ''] = text.split('-');
  const range = { first: portOf(first, '--node-ports'), last: portOf(last, '--node-ports') };
  if (range.first > range.last) throw new UserError(`--node-ports must be a range such as 30000-32767, not "${text}"`);
  return range;
}
