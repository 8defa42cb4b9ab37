/**
 * The API server as a process of its own that tells how long its event loop was held up: what sends the requests has
 * another one. Started by `measured-api-server.ts`.
 */

import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startTestApiServer } from './test-api-server.ts';

export interface LoopReport {
  /** The longest time between two turns of the event loop, by the clock: on a busy machine that is not all its own. */
  readonly delayMs: number;
  /** The longest time that the main thread computed between two turns. */
  readonly heldMs: number;
}

const sampleMs = 2;

/** Time that the main thread has computed. */
function computedMs(): number {
  const [nanoseconds = '0'] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ', 1);
  return Number(nanoseconds) / 1e6;
}

const delay = monitorEventLoopDelay({ resolution: 1 });
let heldMs = 0;
let last = computedMs();

function look(): void {
  const now = computedMs();
  heldMs = Math.max(heldMs, now - last);
  last = now;
}

function sample(): void {
  look();
  setTimeout(sample, sampleMs);
}

const server = await startTestApiServer();
delay.enable();
sample();

process.on('message', (message) => {
  if (message === 'stop') {
    void server.stop().then(() => process.exit());
    return;
  }
  look();
  const report: LoopReport = { delayMs: delay.max / 1e6, heldMs };
  process.send?.(report);
  delay.reset();
  heldMs = 0;
});
process.send?.(server.connection);
