/**
 * Flags of a kubelet that say how it treats its node, under upstream's names: the process has them, and so have the
 * commands that start one along with other things. What becomes of them is in `kubelet-settings.ts`.
 */

import { verificationPolicies } from '../api/image-verification.ts';
import { usualVerification } from './images/pull-verification.ts';
import { usualKeptLogs } from './kubelet-options.ts';
import { pressureFlags } from './pressure/pressure-flags.ts';
import { usualLogRotation } from './runtime/runtime.ts';
import { shutdownFlags } from './shutdown/shutdown-flags.ts';

const text = { type: 'string' } as const;
/** Separated by commas, or given several times. */
const list = { type: 'string', array: true } as const;

export const kubeletFlags = {
  'pod-max-pids': {
    ...text,
    describe: 'Processes and threads that each pod may have; -1: no limit; default: 4096, less on small machines',
  },
  'allowed-unsafe-sysctls': {
    ...list,
    describe: 'Kernel settings that pods may change beside the safe ones, such as net.core.*',
  },
  'max-container-restart-period': {
    ...text,
    describe: 'The longest wait between two starts of a container, 1s to 5m; a pod may ask for less; default: 5m',
  },
  'drain-bound': {
    ...text,
    describe:
      'The longest wait for the proxies before a deleted pod is told to end, 0s to 5m; a pod may say another; default: 10s',
  },
  'max-parallel-image-pulls': { ...text, describe: 'Images that are pulled at the same time; default: 4' },
  'image-pull-credentials-verification-policy': {
    ...text,
    choices: verificationPolicies,
    describe: `Which images that are here a pod may only run if it could have pulled them; default: ${usualVerification.policy}`,
  },
  'preloaded-images-verification-allowlist': {
    ...list,
    describe: 'Images (without tag; /* at the end: all below) that NeverVerifyAllowlistedImages lets everybody run',
  },
  'container-log-max-size': {
    ...text,
    describe: `Of one file of a container's log, for containers that are made from now on; default: ${usualLogRotation.maxSize}`,
  },
  'container-log-max-files': {
    ...text,
    describe: `Files of a container's log; at least 2; default: ${usualLogRotation.maxFiles}`,
  },
  'kept-logs-max-size': {
    ...text,
    describe: `So much of the logs of containers and pods that are gone is kept for a day; 0: nothing; default: ${usualKeptLogs}`,
  },
  ...pressureFlags,
  ...shutdownFlags,
} as const;

export type KubeletFlag = keyof typeof kubeletFlags;

/** As a command line or a file has them. */
export type KubeletFlagValues = Readonly<
  Partial<Record<KubeletFlag, string | readonly (string | number)[] | undefined>>
>;
