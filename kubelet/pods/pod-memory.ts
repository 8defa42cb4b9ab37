/** What one pod worker knows of its pod beside object and runtime. All of it can be found again or done again. */

import type { StopReason } from '../model/stop-reason.ts';
import type { SandboxState } from '../runtime/runtime.ts';
import type { MountedVolume } from '../volumes/volume-plugin.ts';
import type { WaitingReason } from './status/container-status.ts';

/** Often enough that an event is always there, seldom enough to leave room for others. */
const tellAgainMs = 60_000;

export interface StartingSandbox {
  readonly id: string;
  readonly started: Promise<SandboxState>;
}

export class PodMemory {
  /** Why a container does not run, by its name. */
  readonly waiting = new Map<string, WaitingReason>();
  /** By container id. */
  readonly terminationMessages = new Map<string, string>();
  /** Containers whose postStart hook runs. */
  readonly inHook = new Set<string>();
  /** Running containers that must end because their postStart hook failed, by id. */
  readonly failedHooks = new Map<string, StopReason>();
  /** Containers that are being stopped now. */
  readonly stopping = new Set<string>();
  /** When (monotonic) an event about a container was last told, by what it says. */
  readonly #toldAt = new Map<string, number>();
  volumes: ReadonlyMap<string, MountedVolume> | undefined;
  /** Monotonic time of the last look at the volumes' contents. */
  volumesCheckedAt = Number.NEGATIVE_INFINITY;
  sandbox: StartingSandbox | undefined;
  /** How often in a row none could be made, and until when (monotonic) the next try waits. */
  sandboxFailures = { count: 0, until: 0 };

  /** Whether it is time to tell this: the first time at once, while it lasts from time to time, as events do not live long. */
  isDueToTell(words: string, now: number): boolean {
    const before = this.#toldAt.get(words);
    if (before !== undefined && now - before < tellAgainMs) return false;
    this.#toldAt.set(words, now);
    return true;
  }
}
