/** The controller manager as a process of its own. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runComponentProcess } from '../base/component-process.ts';
import { parseDurationMs } from '../base/duration.ts';
import type { KeyPairFiles } from '../base/renewed-key-pair.ts';
import { UserError } from '../base/user-error.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { type SigningOptions, startControllerManager } from './controller-manager.ts';

await runComponentProcess({
  name: 'controller-manager',
  describe: 'Makes the cluster what its objects say, with all control loops',
  healthPort: 10257,
  flags: {
    kubeconfig: { type: 'string', demandOption: true, describe: 'How to reach the API servers' },
    'leader-elect': { type: 'boolean', default: true, describe: 'Work only while holding the lease' },
    identity: { type: 'string', describe: 'Name in the lease; must be unique among running processes' },
    controllers: {
      type: 'string',
      default: '*',
      describe: 'Which run, with commas: "*" all, "foo" this one, "-foo" not this one',
    },
    'use-service-account-credentials': {
      type: 'boolean',
      default: true,
      describe: "Each controller works as a service account of its own, and not as the kubeconfig's user",
    },
    'cluster-cidr': { type: 'string', default: '10.244.0.0/16', describe: 'The pod network' },
    'node-cidr-prefix': { type: 'number', default: 24, describe: "Prefix length of a node's part of it" },
    'node-grace-seconds': { type: 'number', default: 40, describe: 'A node silent for longer is Unknown' },
    'root-ca-file': { type: 'string', describe: 'Authorities that pods trust; default: those of the kubeconfig' },
    'cluster-signing-cert-file': {
      type: 'string',
      describe: 'Authorities; the one of the key signs what is asked for',
    },
    'cluster-signing-key-file': { type: 'string', describe: 'Its key' },
    'cluster-signing-kubelet-serving-cert-file': {
      type: 'string',
      describe: "Authorities of kubelets' servers alone; with it, nodes' own serving certificates approve themselves",
    },
    'cluster-signing-kubelet-serving-key-file': { type: 'string', describe: 'The key of one of them' },
    'cluster-signing-duration': {
      type: 'string',
      default: '8760h0m0s',
      describe: 'How long certificates are good that are asked for',
    },
    'terminated-pod-threshold': { type: 'number', default: 12_500, describe: 'Finished pods that are kept' },
  },
  async start(flags, { logger, metrics }) {
    return await startControllerManager({
      connection: await readKubeconfig(flags.kubeconfig),
      logger,
      metrics,
      leaderElect: flags['leader-elect'],
      identity: flags.identity ?? `${hostname()}_${randomUUID()}`,
      controllers: flags.controllers.split(','),
      useServiceAccountCredentials: flags['use-service-account-credentials'],
      rootAuthority: flags['root-ca-file'] === undefined ? undefined : { authorityFile: flags['root-ca-file'] },
      signing: signingOf(flags),
      clusterCidr: flags['cluster-cidr'],
      nodeCidrPrefix: flags['node-cidr-prefix'],
      nodeGraceMs: flags['node-grace-seconds'] * 1000,
      terminatedPodThreshold: flags['terminated-pod-threshold'],
    });
  },
});

interface SigningFlags {
  readonly 'cluster-signing-cert-file': string | undefined;
  readonly 'cluster-signing-key-file': string | undefined;
  readonly 'cluster-signing-kubelet-serving-cert-file': string | undefined;
  readonly 'cluster-signing-kubelet-serving-key-file': string | undefined;
  readonly 'cluster-signing-duration': string;
}

function signingOf(flags: SigningFlags): SigningOptions | undefined {
  const authority = filesOf(flags, 'cluster-signing-cert-file', 'cluster-signing-key-file');
  const kubeletServing = filesOf(
    flags,
    'cluster-signing-kubelet-serving-cert-file',
    'cluster-signing-kubelet-serving-key-file',
  );
  if (authority === undefined) {
    if (kubeletServing !== undefined) throw new UserError('--cluster-signing-cert-file is missing');
    return undefined;
  }
  const durationMs = parseDurationMs(flags['cluster-signing-duration']);
  if (durationMs === undefined || durationMs < 1_000)
    throw new UserError(`--cluster-signing-duration ${flags['cluster-signing-duration']}: must be like 8760h0m0s`);
  return { authority, kubeletServing, durationMs };
}

function filesOf(
  flags: Omit<SigningFlags, 'cluster-signing-duration'>,
  certificate: keyof typeof flags,
  key: keyof typeof flags,
): KeyPairFiles | undefined {
  const [certificateFile, keyFile] = [flags[certificate], flags[key]];
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new UserError(`--${certificate} and --${key} belong together`);
  return certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile, keyFile };
}
