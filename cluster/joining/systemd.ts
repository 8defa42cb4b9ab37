/** Hands a worker to systemd, where it runs, and takes it back. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../base/package-root.ts';
import { unitFile, unitName, workerUnitText } from './systemd-unit.ts';

const run = promisify(execFile);

/** Whether systemd is what keeps services here, as `sd_booted` finds it out. */
export const isSystemdHere = (): boolean => existsSync('/run/systemd/system');

/**
 * Writes the unit and starts it, now and at each start of the host. Idempotent. `nodeWords`: flags that the node is
 * started with.
 */
export async function installUnit(dataDir: string, nodeWords: readonly string[]): Promise<void> {
  const command = [
    process.execPath,
    join(packageRoot, 'cli/kubecfg.mjs'),
    'join',
    '--foreground',
    '--data-dir',
    dataDir,
    ...nodeWords,
  ];
  const { DOCKER_HOST: engine } = process.env;
  const environment = engine === undefined ? {} : { DOCKER_HOST: engine };
  await writeFile(unitFile, workerUnitText({ command, environment }), { mode: 0o644 });
  await run('systemctl', ['daemon-reload']);
  await run('systemctl', ['enable', '--now', unitName]);
}

/** Idempotent. */
export async function removeUnit(): Promise<void> {
  if (!existsSync(unitFile)) return;
  if (isSystemdHere()) await run('systemctl', ['disable', '--now', unitName]);
  await rm(unitFile, { force: true });
  if (isSystemdHere()) await run('systemctl', ['daemon-reload']);
}
