/** Benchmarks of whole clusters run in the sandbox, as end-to-end tests do. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../base/package-root.ts';

const sandbox = fileURLToPath(new URL('../test/support/sandbox.sh', import.meta.url));
const runner = fileURLToPath(new URL('./run.ts', import.meta.url));

/** Resolves with false inside; outside it builds, runs the benchmark in a sandbox, and resolves with true when it is over. */
export async function ranInSandbox(benchmark: string): Promise<boolean> {
  if (process.env.LONGSHORE_SANDBOX !== undefined) return false;
  await runCommand(process.execPath, ['setup/build.mjs']);
  await runCommand(sandbox, [process.execPath, '--import', 'tsx', runner, benchmark]);
  return true;
}

async function runCommand(command: string, words: readonly string[]): Promise<void> {
  const child = spawn(command, words, { cwd: packageRoot, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with code ${code}`);
}
