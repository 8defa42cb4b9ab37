/** What an administrator says of a node that runs short, as `pressure-flags.ts` names it, and what becomes of it. */

import type { Amounts } from '../../api/amounts.ts';
import { parseDurationMs } from '../../base/duration.ts';
import { UserError } from '../../base/user-error.ts';
import { parseReserved, type Reservations } from '../node/allocatable.ts';
import type { MachineSize } from '../node/machine.ts';
import type { DeadContainerPolicy } from './dead-containers.ts';
import type { ImagePolicy } from './image-collector.ts';
import type { PressureFlag } from './pressure-flags.ts';
import { amountOf, parseThresholds, type Threshold } from './thresholds.ts';

export interface PressureOptions {
  readonly thresholds: readonly Threshold[];
  readonly maxPodGraceSeconds: number;
  readonly transitionMs: number;
  readonly systemReserved: Amounts;
  readonly kubeReserved: Amounts;
  readonly images: ImagePolicy;
  readonly deadContainers: DeadContainerPolicy;
}

export type PressureTexts = Readonly<Partial<Record<PressureFlag, string | undefined>>>;

/** Throws `UserError`. */
export function parsePressureOptions(texts: PressureTexts = {}): PressureOptions {
  const reader = new FlagReader(texts);
  return {
    thresholds: parseThresholds({
      hard: texts['eviction-hard'],
      soft: texts['eviction-soft'],
      softGracePeriod: texts['eviction-soft-grace-period'],
      minimumReclaim: texts['eviction-minimum-reclaim'],
    }),
    maxPodGraceSeconds: reader.integer('eviction-max-pod-grace-period', 0),
    transitionMs: reader.durationMs('eviction-pressure-transition-period', 300_000),
    systemReserved: parseReserved('--system-reserved', texts['system-reserved']),
    kubeReserved: parseReserved('--kube-reserved', texts['kube-reserved']),
    images: imagePolicyOf(reader),
    deadContainers: {
      minimumAgeMs: reader.durationMs('minimum-container-ttl-duration', 0),
      mostPerContainer: reader.integer('maximum-dead-containers-per-container', 1),
      most: reader.integer('maximum-dead-containers', -1),
    },
  };
}

function imagePolicyOf(reader: FlagReader): ImagePolicy {
  const policy = {
    highThresholdPercent: reader.integer('image-gc-high-threshold', 85),
    lowThresholdPercent: reader.integer('image-gc-low-threshold', 80),
    minimumAgeMs: reader.durationMs('minimum-image-ttl-duration', 120_000),
    maximumAgeMs: reader.durationMs('image-maximum-gc-age', 0),
  };
  const { highThresholdPercent: high, lowThresholdPercent: low } = policy;
  if (high < 0 || high > 100)
    throw new UserError(`--image-gc-high-threshold: invalid HighThresholdPercent ${high}, must be in range [0-100]`);
  if (low < 0 || low > 100)
    throw new UserError(`--image-gc-low-threshold: invalid LowThresholdPercent ${low}, must be in range [0-100]`);
  if (low > high) throw new UserError(`LowThresholdPercent ${low} can not be higher than HighThresholdPercent ${high}`);
  return policy;
}

class FlagReader {
  readonly #texts: PressureTexts;

  constructor(texts: PressureTexts) {
    this.#texts = texts;
  }

  integer(flag: PressureFlag, usual: number): number {
    const text = this.#texts[flag];
    if (text === undefined) return usual;
    if (!/^[+-]?\d+$/.test(text.trim())) throw new UserError(`--${flag} must be a whole number: ${text}`);
    return Number(text);
  }

  durationMs(flag: PressureFlag, usual: number): number {
    const text = this.#texts[flag];
    if (text === undefined) return usual;
    const ms = parseDurationMs(text.trim());
    if (ms === undefined || ms < 0) throw new UserError(`--${flag}: time: invalid duration "${text}"`);
    return ms;
  }
}

/** What is kept from the pods of a machine of that size. */
export function reservationsOf(
  { thresholds, systemReserved, kubeReserved }: PressureOptions,
  { memoryBytes, storageBytes }: MachineSize,
): Reservations {
  const kept = (signal: Threshold['signal'], capacity: number) => {
    const found = thresholds.find((one) => one.signal === signal && one.gracePeriodMs === 0);
    return found === undefined ? 0 : amountOf(found.value, { capacity });
  };
  return {
    reserved: [systemReserved, kubeReserved],
    keptFree: {
      memoryBytes: kept('memory.available', memoryBytes),
      storageBytes: kept('nodefs.available', storageBytes),
    },
  };
}
