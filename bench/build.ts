import { spawnSync } from 'node:child_process';
import { packageRoot } from '../base/package-root.ts';

let isBuilt = false;

/** What users run is `dist/`: it is made of the sources as they are, once for all benchmarks of a run. */
export function build(): void {
  if (isBuilt) return;
  isBuilt = true;
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: packageRoot, stdio: 'inherit' });
  if (status !== 0) process.stderr.write('The sources do not compile: what is measured may not be what they say.\n');
}
