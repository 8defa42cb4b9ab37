/** Debian's Python client: runs a script that prints `ok …` for each check that held, and `done` at its end. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../base/package-root.ts';

/** The checks that held. Throws, with what the script wrote, when one did not. */
export async function runPythonChecks(script: string, args: readonly string[]): Promise<string[]> {
  // Debian's own interpreter: only it sees Debian's packages.
  const words = [join(packageRoot, script), ...args];
  const { stdout } = await promisify(execFile)('/usr/bin/python3', words, { timeout: 120_000 });
  assert.match(stdout, /^done$/m);
  return [...stdout.matchAll(/^ok (.*)$/gm)].map(([, name = '']) => name);
}
