/** How far a container can be protected from the kernel's memory killer on this machine. */

import { readFileSync } from 'node:fs';

/** From linux/capability.h. */
const capSysResource = 24n;

/**
 * The lowest score that may be asked for: below that of the engine only a process with CAP_SYS_RESOURCE may go, and
 * an engine without it (in a container or a small VM) fails to start such containers. We take it to have the same
 * capabilities as we do.
 */
export function readLowestOomScoreAdj(): number {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    const may = (BigInt(`0x${effective}`) >> capSysResource) & 1n;
    return may === 1n ? -1000 : Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  } catch {
    return 0; // no /proc, no promise
  }
}
