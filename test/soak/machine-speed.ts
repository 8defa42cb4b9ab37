/** How much slower this machine is at the moment than one that was set as the standard: others may be using it as well. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What it takes to start node, and to end it, on two idle cores. */
const standardMs = 150;

/** 1 or more. */
export async function measureSlowness(): Promise<number> {
  const started = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return Math.max(1, (performance.now() - started) / standardMs);
}
