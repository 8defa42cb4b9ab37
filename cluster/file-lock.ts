/** One process at a time for a file: a second one is told who has it. What a killed process left is no lock. */

import { open, readFile, rm } from 'node:fs/promises';
import { errorCode } from '../base/error-text.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import { UserError } from '../base/user-error.ts';
import { startTimeOf } from './instance-lock.ts';

const attempts = 3;

/** Throws `UserError` while another process has it. */
export async function lockFile(file: string): Promise<{ release(): Promise<void> }> {
  const lock = `${file}.lock`;
  for (let attempt = 1; ; attempt += 1) {
    if (await takeLock(lock)) return { release: () => rm(lock, { force: true }) };
    const owner = await ownerOfLock(lock);
    if (owner !== undefined || attempt === attempts) {
      throw new UserError(
        `${file} is being changed by process ${owner ?? 'unknown'}: wait for it. Nothing was changed.`,
      );
    }
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o600);
    try {
      await handle.writeFile(`${process.pid} ${await startTimeOf(process.pid)}\n`);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** The process that has it, as far as it runs. */
async function ownerOfLock(lock: string): Promise<number | undefined> {
  const [pid = '', startTime] = ((await ifFilePresent(readFile(lock, 'utf8'))) ?? '').trim().split(' ');
  return /^\d+$/.test(pid) && (await startTimeOf(Number(pid))) === startTime ? Number(pid) : undefined;
}
