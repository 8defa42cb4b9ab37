/**
 * What `npm start` or `npx kubecfg` started ends with the npm that started it. npm passes SIGTERM on to the shell that it
 * puts in between, which dies of it and tells nobody, and of a SIGKILL nobody hears.
 */

import { setTimeout as sleep } from 'node:timers/promises';

/** npm says in the environment of what it runs which of its commands that is. */
const commandsThatRun = new Set(['start', 'run', 'run-script', 'exec']);

export interface NpmParentOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** How often the parent is looked at. */
  readonly everyMs?: number;
}

/**
 * Calls `onGone` once, when the parent that npm gave this process is there no more; never in a process that npm did not
 * start. Keeps no process alive.
 */
export async function watchNpmParent(
  onGone: () => void,
  { environment = process.env, everyMs = 500 }: NpmParentOptions = {},
): Promise<void> {
  if (!commandsThatRun.has(environment.npm_command ?? '')) return;
  const parent = process.ppid;
  while (process.ppid === parent) await sleep(everyMs, undefined, { ref: false });
  onGone();
}
