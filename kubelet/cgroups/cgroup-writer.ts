/** CONTRACT: who makes groups. `file-cgroups.ts` and `systemd-cgroups.ts`, after the engine's driver. */

import type { CgroupSettings } from './cgroup-values.ts';

/** Groups are named as the engine is told them. Throws what the system says. */
export interface CgroupWriter {
  /** Makes the group where it is missing, and gives it these. Idempotent. */
  set(group: string, settings: CgroupSettings): Promise<void>;
  /** With what is left below it. A group that is not there is removed; one with processes stays, and is no error. */
  remove(group: string): Promise<void>;
  /** Folders of the groups right below it. */
  below(group: string): Promise<readonly string[]>;
}
