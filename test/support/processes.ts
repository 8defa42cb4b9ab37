/** Processes of this machine, by what the kernel says of them. */

import { readdirSync, readFileSync } from 'node:fs';

/** A zombie is not alive. */
export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** The children of `parent` that run the program of this name. */
export function childrenOf(parent: number, program: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      const stat = pid > 0 ? statOf(pid) : undefined;
      return stat?.parent === parent && stat.program === program;
    });
}

interface Stat {
  readonly program: string;
  readonly state: string;
  readonly parent: number;
}

/** Undefined: there is no such process. */
function statOf(pid: number): Stat | undefined {
  try {
    // The second field is the program's name in parentheses, and may hold anything.
    const [, program = '', state = '', parent = ''] =
      /^\d+ \((.*)\) (\S) (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { program, state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
