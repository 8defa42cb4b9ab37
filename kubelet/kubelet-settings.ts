/** What the flags of `kubelet-flags.ts` say. Pure. */

import { findVerificationPolicy } from '../api/image-verification.ts';
import { drainBoundRule, parseDrainBoundMs } from '../api/pod-drain.ts';
import { parseQuantity } from '../api/quantity.ts';
import { parseRestartPeriodMs, restartPeriodRule } from '../api/restart-period.ts';
import { UserError } from '../base/user-error.ts';
import { usualVerification, type Verification } from './images/pull-verification.ts';
import type { KubeletFlag, KubeletFlagValues } from './kubelet-flags.ts';
import { type KubeletOptions, usualKeptLogs } from './kubelet-options.ts';
import { type PressureFlag, pressureFlags } from './pressure/pressure-flags.ts';
import { parsePressureOptions } from './pressure/pressure-options.ts';
import { type LogRotation, usualLogRotation } from './runtime/runtime.ts';
import { parseShutdownPeriods, type ShutdownPeriod } from './shutdown/shutdown-periods.ts';

export interface KubeletSettings
  extends Pick<
    KubeletOptions,
    | 'allowedUnsafeSysctls'
    | 'drainBoundMs'
    | 'imageVerification'
    | 'keptLogs'
    | 'maxParallelImagePulls'
    | 'maxRestartPeriodMs'
    | 'podMaxPids'
    | 'pressure'
  > {
  /** Of the kubelet and of its runtime. */
  readonly logRotation: LogRotation;
  /** None: a shutdown of the machine waits for nothing. */
  readonly shutdownPeriods: readonly ShutdownPeriod[];
}

/** Throws `UserError`. */
export function parseKubeletFlags(values: KubeletFlagValues = {}): KubeletSettings {
  const podMaxPids = textOf(values, 'pod-max-pids');
  const restartPeriod = textOf(values, 'max-container-restart-period');
  const drainBound = textOf(values, 'drain-bound');
  const pullLimit = textOf(values, 'max-parallel-image-pulls');
  return {
    allowedUnsafeSysctls: listOf(values, 'allowed-unsafe-sysctls'),
    imageVerification: readVerification(values),
    keptLogs: readKeptLogs(textOf(values, 'kept-logs-max-size') ?? usualKeptLogs),
    logRotation: readLogRotation(values),
    ...(pullLimit !== undefined && { maxParallelImagePulls: readPullLimit(pullLimit) }),
    ...(restartPeriod !== undefined && { maxRestartPeriodMs: readRestartPeriod(restartPeriod) }),
    ...(drainBound !== undefined && { drainBoundMs: readDrainBound(drainBound) }),
    ...(podMaxPids !== undefined && { podMaxPids: wholeNumberOf('pod-max-pids', podMaxPids) }),
    shutdownPeriods: parseShutdownPeriods(values),
    pressure: parsePressureOptions(Object.fromEntries(pressureFlagNames.map((name) => [name, textOf(values, name)]))),
  };
}

const isPressureFlag = (name: string): name is PressureFlag => Object.hasOwn(pressureFlags, name);
const pressureFlagNames = Object.keys(pressureFlags).filter(isPressureFlag);

/** The last one that was given. A file may have numbers for texts. */
function textOf(values: KubeletFlagValues, flag: KubeletFlag): string | undefined {
  const last = [values[flag] ?? []].flat().at(-1);
  return last === undefined ? undefined : String(last);
}

const listOf = (values: KubeletFlagValues, flag: KubeletFlag): string[] =>
  [values[flag] ?? []]
    .flat()
    .flatMap((one) => String(one).split(','))
    .filter((one) => one !== '');

function wholeNumberOf(flag: KubeletFlag, text: string): number {
  if (!/^-?\d+$/.test(text)) throw new UserError(`--${flag} must be a whole number, not "${text}"`);
  return Number(text);
}

function readRestartPeriod(text: string): number {
  const ms = parseRestartPeriodMs(text);
  if (ms === undefined) throw new UserError(`--max-container-restart-period ${text} ${restartPeriodRule}`);
  return ms;
}

function readDrainBound(text: string): number {
  const ms = parseDrainBoundMs(text);
  if (ms === undefined) throw new UserError(`--drain-bound ${text} ${drainBoundRule}`);
  return ms;
}

function readPullLimit(text: string): number {
  const limit = wholeNumberOf('max-parallel-image-pulls', text);
  if (limit < 1) throw new UserError(`--max-parallel-image-pulls must be a whole number from 1 on, not ${limit}`);
  return limit;
}

function readLogRotation(values: KubeletFlagValues): LogRotation {
  const maxSize = textOf(values, 'container-log-max-size') ?? usualLogRotation.maxSize;
  if (!(bytesOf(maxSize) >= 1))
    throw new UserError(`--container-log-max-size must be an amount of bytes such as 10Mi, not ${maxSize}`);
  const files = textOf(values, 'container-log-max-files') ?? String(usualLogRotation.maxFiles);
  const maxFiles = wholeNumberOf('container-log-max-files', files);
  if (maxFiles < 2)
    throw new UserError(`--container-log-max-files must be a whole number of at least 2, not ${maxFiles}`);
  return { maxSize, maxFiles };
}

function readKeptLogs(text: string): string {
  if (bytesOf(text) >= 0) return text;
  throw new UserError(`--kept-logs-max-size must be an amount of bytes such as 256Mi: ${text}`);
}

/** NaN: it is no quantity. */
function bytesOf(text: string): number {
  try {
    return parseQuantity(text);
  } catch {
    return Number.NaN;
  }
}

function readVerification(values: KubeletFlagValues): Verification {
  const policy =
    findVerificationPolicy(textOf(values, 'image-pull-credentials-verification-policy') ?? '') ??
    usualVerification.policy;
  const allowlist = listOf(values, 'preloaded-images-verification-allowlist');
  if (allowlist.length > 0 && policy !== 'NeverVerifyAllowlistedImages')
    throw new UserError(
      '--preloaded-images-verification-allowlist is for --image-pull-credentials-verification-policy NeverVerifyAllowlistedImages only',
    );
  return { policy, allowlist };
}
