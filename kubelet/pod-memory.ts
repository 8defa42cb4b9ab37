/** What one pod worker knows of its pod beside object and runtime. All of it can be found again or done again. */

import type { WaitingReason } from './container-status.ts';
import type { StopReason } from './pod-actions.ts';
import type { SandboxState } from './runtime/runtime.ts';
import type { MountedVolume } from './volumes/volumes.ts';

export interface StartingSandbox {
  readonly id: string;
  readonly started: Promise<SandboxState>;
}

export class PodMemory {
  /** Why a container does not run, by its name. */
  readonly waiting = new Map<string, WaitingReason>();
  /** Last words, by container id. */
  readonly messages = new Map<string, string>();
  /** Containers whose postStart hook runs. */
  readonly inHook = new Set<string>();
  /** Running containers that must end, by id. */
  readonly unwell = new Map<string, StopReason>();
  /** Containers that are being stopped now. */
  readonly stopping = new Set<string>();
  volumes: ReadonlyMap<string, MountedVolume> | undefined;
  /** Monotonic time of the last look at the volumes' contents. */
  volumesCheckedAt = 0;
  sandbox: StartingSandbox | undefined;
  /** How often in a row none could be made, and until when (monotonic) the next try waits. */
  sandboxFailures = { count: 0, until: 0 };
}
