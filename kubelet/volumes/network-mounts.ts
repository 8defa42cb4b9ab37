/**
 * File systems of servers. Whatever asks such a server may wait for it for ever, and Node has few threads for files: so
 * only programs ask, with a time limit, and they can be killed.
 */

import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorText } from '../../base/error-text.ts';
import { isMountPoint } from './mounts.ts';

const run = promisify(execFile);

export interface NetworkMount {
  /** `nfs` */
  readonly type: string;
  /** As the type's helper reads it: `server:/path`. */
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
}

export interface NetworkMountLimits {
  /** Default 100 s: helpers try again for two minutes. */
  readonly mountSeconds?: number;
  readonly answerSeconds?: number;
}

const usualLimits = { mountSeconds: 100, answerSeconds: 10 };
/** Of timeout(1), when time was up. */
const timedOutCodes: readonly unknown[] = [124, 137];

/** Idempotent. `target` must be there. Throws an Error for users. */
export async function mountNetwork(mount: NetworkMount, limits: NetworkMountLimits = {}): Promise<void> {
  const { type, source, target, options } = mount;
  const { mountSeconds } = { ...usualLimits, ...limits };
  if (await isMountPoint(target)) return;
  if (!(await hasHelper(type)))
    throw new Error(
      `mount failed: this node has no program mount.${type}, which its system's package for ${type} brings`,
    );
  // Options are one word to mount, whatever is in it; what follows `--` is never taken for one.
  const words = [...(options.length > 0 ? ['-o', options.join(',')] : []), '-t', type, '--', source, target];
  try {
    await runLimited(mountSeconds, ['mount', ...words]);
  } catch (error) {
    if (isTimeout(error))
      throw new Error(`mount failed: ${source} did not answer within ${mountSeconds} s`, { cause: error });
    throw new Error(`mount failed: ${wordsOf(error)}`, { cause: error });
  }
}

/** Throws an Error for users when the server of what is mounted at `path` is silent. */
export async function checkAnswers(path: string, limits: NetworkMountLimits = {}): Promise<void> {
  const { answerSeconds } = { ...usualLimits, ...limits };
  try {
    await runLimited(answerSeconds, ['stat', '--file-system', '--format=%T', '--', path]);
  } catch (error) {
    const why = isTimeout(error) ? `did not answer within ${answerSeconds} s` : wordsOf(error);
    throw new Error(`the server of the volume ${why}`, { cause: error });
  }
}

/** The program and those that it starts are killed together. */
const runLimited = (seconds: number, words: readonly string[]): Promise<unknown> =>
  run('timeout', ['--kill-after=2', String(seconds), ...words]);

async function hasHelper(type: string): Promise<boolean> {
  for (const folder of ['/sbin', '/usr/sbin', '/usr/local/sbin']) {
    const found = await access(`${folder}/mount.${type}`).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

const isTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && timedOutCodes.includes(error.code);

function wordsOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said === '' ? errorText(error) : said.replace(/\s*\n\s*/g, '; ');
}
