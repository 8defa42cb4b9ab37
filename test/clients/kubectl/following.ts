/** kubectl commands that go on until they are ended: `get -w`, `events --watch`. */

import { once } from 'node:events';
import { eventually } from '../../support/eventually.ts';
import type { Trial } from './trial.ts';

/** Runs a command that goes on, while something happens, until it has printed what it should. */
export async function following(
  t: Trial,
  command: string,
  prints: RegExp,
  happen: (begun: (seen: RegExp) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const child = t.start(command);
  const exited = once(child, 'exit');
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  try {
    await happen((seen) => eventually(`${command} prints ${seen}`, () => seen.test(output)));
    await eventually(`${command} prints ${prints}`, () => prints.test(output));
  } finally {
    child.kill();
    await exited;
  }
  t.note(command);
}
