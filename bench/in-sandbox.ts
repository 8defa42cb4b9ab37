/** Benchmarks of whole clusters run in the sandbox, as end-to-end tests do. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const sandbox = fileURLToPath(new URL('../test/support/sandbox.sh', import.meta.url));
const runner = fileURLToPath(new URL('./run.ts', import.meta.url));

/** Resolves with false inside; outside it runs the benchmark in a sandbox, and resolves with true when it is over. */
export async function ranInSandbox(benchmark: string): Promise<boolean> {
  if (process.env.LONGSHORE_SANDBOX !== undefined) return false;
  const child = spawn(sandbox, [process.execPath, '--import', 'tsx', runner, benchmark], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The sandbox ended with code ${code}`);
  return true;
}
