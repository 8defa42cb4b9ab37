/** One of the things that `npm run real` checks. */

import type { Checks } from './checks.ts';
import type { World } from './world.ts';

export interface Subject {
  /** For the help text. */
  readonly what: string;
  /** Outside the sandbox: downloads and builds what `run` needs, unless it is there. */
  prepare(report: (text: string) => void): Promise<void>;
  /** In the sandbox. Removes from the cluster what it has made. */
  run(world: World, checks: Checks): Promise<void>;
}
