/** The kubelet as a process of its own. */

import '../base/small-heap.ts';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { runComponentProcess } from '../base/component-process.ts';
import { parseDurationMs } from '../base/duration.ts';
import type { KeyPairFiles } from '../base/renewed-key-pair.ts';
import { UserError } from '../base/user-error.ts';
import { startKubelet } from './kubelet.ts';
import { kubeletFlags } from './kubelet-flags.ts';
import { usualDevicesFile, usualPluginRoot } from './kubelet-parts.ts';
import { parseKubeletFlags } from './kubelet-settings.ts';
import { openNodeCredentials } from './node/node-credentials.ts';
import { DockerRuntime } from './runtime/docker/docker-runtime.ts';
import { Logind } from './shutdown/logind.ts';
import { createManifestSources } from './static-pods/manifest-sources.ts';

const text = { type: 'string' } as const;

await runComponentProcess({
  name: 'kubelet',
  describe: 'Makes the pods of this node run, in Docker',
  healthPort: 10248,
  flags: {
    kubeconfig: { ...text, demandOption: true, describe: 'How to reach the API servers' },
    'bootstrap-kubeconfig': {
      ...text,
      describe: 'With whose token a certificate is asked for while there is no --kubeconfig, which is written then',
    },
    'cert-dir': { ...text, describe: 'Where certificates are kept that were asked for; default: pki in --data-dir' },
    'node-name': { ...text, default: hostname().toLowerCase(), describe: 'The node this is' },
    'node-ip': { ...text, demandOption: true, describe: 'The address by which other nodes reach this one' },
    'data-dir': { ...text, default: '/var/lib/longshore/kubelet', describe: 'Volumes and other files of pods' },
    'plugin-root': {
      ...text,
      default: usualPluginRoot,
      describe: 'Where drivers of volumes register themselves (plugins_registry) and mount (plugins, pods)',
    },
    'docker-socket': { ...text, default: '/var/run/docker.sock', describe: 'Where the engine listens' },
    'docker-network': { ...text, default: 'longshore', describe: "Name of the pods' network in Docker" },
    'infra-image': { ...text, describe: "Holds a pod's network instead of Longshore's own program" },
    'tls-cert-file': {
      ...text,
      describe:
        "Certificate of the kubelet's server; default: the cluster is asked for one, and again before it runs out",
    },
    'tls-private-key-file': { ...text, describe: 'Its key' },
    'client-ca-file': { ...text, describe: "Authority of those who may call the server; default: the cluster's" },
    port: { type: 'number', default: 10250, describe: "Port of the kubelet's server" },
    'cluster-dns': {
      ...text,
      array: true,
      default: ['10.96.0.10'],
      describe: "Addresses of the cluster's DNS; an empty one: there is none",
    },
    'cgroups-per-qos': {
      type: 'boolean',
      default: true,
      describe: 'A control group for each pod, below one for all of them',
    },
    'enforce-node-allocatable': {
      ...text,
      array: true,
      default: ['pods'],
      choices: ['pods', 'none'],
      describe: 'pods: together they get no more memory than the node has for them',
    },
    'devices-file': {
      ...text,
      default: usualDevicesFile,
      describe: 'Where the devices of this node are declared that nobody else tells of',
    },
    'pod-manifest-path': {
      ...text,
      describe: 'Folder or file of pods that this kubelet runs by itself; files with a dot at the start do not count',
    },
    'manifest-url': { ...text, describe: 'Where such pods are asked for, by http or https' },
    'manifest-url-header': {
      ...text,
      array: true,
      describe: 'Headers for that, like Name:value,Other:value; keep secret ones in --config',
    },
    'file-check-frequency': { ...text, default: '20s', describe: 'How often --pod-manifest-path is read at least' },
    'http-check-frequency': { ...text, default: '20s', describe: 'How often --manifest-url is asked' },
    'resolv-conf': {
      ...text,
      describe: "What pods get of the node's resolver; default: /etc/resolv.conf, or that of systemd-resolved",
    },
    ...kubeletFlags,
    'cluster-domain': { ...text, default: 'cluster.local', describe: "The cluster's domain" },
  },
  async start(flags, { logger, metrics }) {
    const nodeName = flags['node-name'];
    const infraImage = flags['infra-image'];
    const { shutdownPeriods, ...settings } = parseKubeletFlags(flags);
    const { connection, serving, authorityFile, renewal } = await openNodeCredentials({
      kubeconfig: flags.kubeconfig,
      bootstrapKubeconfig: flags['bootstrap-kubeconfig'],
      certificateFolder: flags['cert-dir'] ?? join(flags['data-dir'], 'pki'),
      nodeName,
      nodeIp: flags['node-ip'],
      serving: servingFilesOf(flags['tls-cert-file'], flags['tls-private-key-file']),
      authorityFile: flags['client-ca-file'],
      clock: systemClock,
      logger,
      signal: new AbortController().signal, // a signal to the process ends it
    });
    const manifests = createManifestSources({
      path: flags['pod-manifest-path'],
      url: flags['manifest-url'],
      urlHeaders: (flags['manifest-url-header'] ?? []).map(String),
      fileCheckMs: durationOf('file-check-frequency', flags['file-check-frequency']),
      urlCheckMs: durationOf('http-check-frequency', flags['http-check-frequency']),
      nodeName,
      clock: systemClock,
    });
    const kubelet = await startKubelet({
      connection,
      logger,
      metrics,
      nodeName,
      nodeIp: flags['node-ip'],
      dataDir: flags['data-dir'],
      pluginRoot: flags['plugin-root'],
      runtime: new DockerRuntime({
        nodeName,
        logger,
        socketPath: flags['docker-socket'],
        networkName: flags['docker-network'],
        logRotation: settings.logRotation,
        ...(infraImage !== undefined && { infraImage }),
      }),
      serving,
      clientCertificateAuthority: { authorityFile },
      port: flags.port,
      ...settings,
      shutdown: { source: new Logind(), periods: shutdownPeriods },
      clusterDns: flags['cluster-dns'].map(String).filter((address) => address !== ''),
      clusterDomain: flags['cluster-domain'],
      resolvConf: flags['resolv-conf'],
      cgroupsPerQos: flags['cgroups-per-qos'],
      enforceNodeAllocatable: flags['enforce-node-allocatable'].includes('pods'),
      devicesFile: flags['devices-file'],
      manifests,
    });
    return { ...kubelet, stop: () => renewal.stop().then(() => kubelet.stop()) };
  },
});

function durationOf(flag: string, text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1_000) throw new UserError(`--${flag} must be a duration of at least 1s, like 20s`);
  return ms;
}

function servingFilesOf(certificateFile: string | undefined, keyFile: string | undefined): KeyPairFiles | undefined {
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new UserError('--tls-cert-file and --tls-private-key-file belong together');
  return certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile, keyFile };
}
