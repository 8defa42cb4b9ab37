/** The kubelet as a process of its own. */

import '../base/small-heap.ts';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { findVerificationPolicy, verificationPolicies } from '../api/image-verification.ts';
import { parseQuantity } from '../api/quantity.ts';
import { parseRestartPeriodMs, restartPeriodRule } from '../api/restart-period.ts';
import { systemClock } from '../base/clock.ts';
import { runComponentProcess } from '../base/component-process.ts';
import { parseDurationMs } from '../base/duration.ts';
import type { KeyPairFiles } from '../base/renewed-key-pair.ts';
import { UserError } from '../base/user-error.ts';
import { usualVerification, type Verification } from './images/pull-verification.ts';
import { startKubelet } from './kubelet.ts';
import { usualKeptLogs } from './kubelet-options.ts';
import { usualDevicesFile, usualPluginRoot } from './kubelet-parts.ts';
import { openNodeCredentials } from './node/node-credentials.ts';
import { pressureFlags } from './pressure/pressure-flags.ts';
import { parsePressureOptions } from './pressure/pressure-options.ts';
import { DockerRuntime } from './runtime/docker/docker-runtime.ts';
import { type LogRotation, usualLogRotation } from './runtime/runtime.ts';
import { Logind } from './shutdown/logind.ts';
import { shutdownFlags } from './shutdown/shutdown-flags.ts';
import { parseShutdownPeriods } from './shutdown/shutdown-periods.ts';
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
    'container-log-max-size': {
      ...text,
      default: usualLogRotation.maxSize,
      describe: "Of one file of a container's log, for containers that are made from now on",
    },
    'container-log-max-files': {
      type: 'number',
      default: usualLogRotation.maxFiles,
      describe: "Files of a container's log; at least 2",
    },
    'kept-logs-max-size': {
      ...text,
      default: usualKeptLogs,
      describe: 'So much of the logs of containers and pods that are gone is kept for a day; 0: nothing',
    },
    'infra-image': { ...text, describe: "Holds a pod's network instead of Longshore's own program" },
    'tls-cert-file': {
      ...text,
      describe:
        "Certificate of the kubelet's server; default: the cluster is asked for one, and again before it runs out",
    },
    'tls-private-key-file': { ...text, describe: 'Its key' },
    'client-ca-file': { ...text, describe: "Authority of those who may call the server; default: the cluster's" },
    port: { type: 'number', default: 10250, describe: "Port of the kubelet's server" },
    'cluster-dns': { ...text, array: true, describe: "Addresses of the cluster's DNS" },
    'pod-max-pids': {
      type: 'number',
      describe: 'Processes and threads that each pod may have; -1: no limit; default: 4096, less on small machines',
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
    'allowed-unsafe-sysctls': {
      ...text,
      array: true,
      describe: 'Kernel settings that pods may change beside the safe ones; * at the end stands for any end',
    },
    'max-container-restart-period': {
      ...text,
      describe: 'The longest wait between two starts of a container, 1s to 5m; a pod may ask for less; default: 5m',
    },
    'max-parallel-image-pulls': { type: 'number', default: 4, describe: 'Images that are pulled at the same time' },
    'image-pull-credentials-verification-policy': {
      ...text,
      choices: verificationPolicies,
      default: usualVerification.policy,
      describe: 'Which images that are here a pod may only run if it could have pulled them',
    },
    'preloaded-images-verification-allowlist': {
      ...text,
      array: true,
      describe: 'Images (without tag; /* at the end: all below) that NeverVerifyAllowlistedImages lets everybody run',
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
    ...pressureFlags,
    ...shutdownFlags,
    'cluster-domain': { ...text, default: 'cluster.local', describe: "The cluster's domain" },
  },
  async start(flags, { logger, metrics }) {
    const nodeName = flags['node-name'];
    const infraImage = flags['infra-image'];
    const restartPeriod = flags['max-container-restart-period'];
    const maxRestartPeriodMs = parseRestartPeriodMs(restartPeriod ?? '5m');
    if (maxRestartPeriodMs === undefined)
      throw new UserError(`--max-container-restart-period ${restartPeriod} ${restartPeriodRule}`);
    const logRotation = readLogRotation(flags['container-log-max-size'], flags['container-log-max-files']);
    const pressure = parsePressureOptions(flags);
    const shutdown = { source: new Logind(), periods: parseShutdownPeriods(flags) };
    if (!isQuantity(flags['kept-logs-max-size']))
      throw new UserError(
        `--kept-logs-max-size must be an amount of bytes such as 256Mi: ${flags['kept-logs-max-size']}`,
      );
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
        logRotation,
        ...(infraImage !== undefined && { infraImage }),
      }),
      serving,
      clientCertificateAuthority: { authorityFile },
      port: flags.port,
      logRotation,
      keptLogs: flags['kept-logs-max-size'],
      clusterDns: (flags['cluster-dns'] ?? []).map(String),
      clusterDomain: flags['cluster-domain'],
      resolvConf: flags['resolv-conf'],
      ...(flags['pod-max-pids'] !== undefined && { podMaxPids: flags['pod-max-pids'] }),
      maxRestartPeriodMs,
      maxParallelImagePulls: readPullLimit(flags['max-parallel-image-pulls']),
      imageVerification: readVerification(
        flags['image-pull-credentials-verification-policy'],
        (flags['preloaded-images-verification-allowlist'] ?? []).flatMap((one) => String(one).split(',')),
      ),
      cgroupsPerQos: flags['cgroups-per-qos'],
      enforceNodeAllocatable: flags['enforce-node-allocatable'].includes('pods'),
      pressure,
      shutdown,
      devicesFile: flags['devices-file'],
      allowedUnsafeSysctls: (flags['allowed-unsafe-sysctls'] ?? []).flatMap((one) => String(one).split(',')),
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

function readLogRotation(maxSize: string, maxFiles: number): LogRotation {
  if (!isQuantity(maxSize) || parseQuantity(maxSize) < 1)
    throw new UserError(`--container-log-max-size must be an amount of bytes such as 10Mi, not ${maxSize}`);
  if (!Number.isInteger(maxFiles) || maxFiles < 2)
    throw new UserError(`--container-log-max-files must be a whole number of at least 2, not ${maxFiles}`);
  return { maxSize, maxFiles };
}

function isQuantity(text: string): boolean {
  try {
    return Number.isFinite(parseQuantity(text));
  } catch {
    return false;
  }
}

function readPullLimit(limit: number): number {
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new UserError(`--max-parallel-image-pulls ${limit} must be a whole number from 1`);
}

function readVerification(name: string, allowlist: readonly string[]): Verification {
  const policy = findVerificationPolicy(name) ?? usualVerification.policy;
  if (allowlist.length > 0 && policy !== 'NeverVerifyAllowlistedImages')
    throw new UserError(
      '--preloaded-images-verification-allowlist is for --image-pull-credentials-verification-policy NeverVerifyAllowlistedImages only',
    );
  return { policy, allowlist };
}
