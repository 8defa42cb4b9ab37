/**
 * Unpacks what a container's tar sends. A container is not to be trusted: nothing is written outside the target, links are
 * not made, and none that is there already is followed.
 */

import { constants, createWriteStream } from 'node:fs';
import { lstat, mkdir, open, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Headers } from 'tar-stream';
import { errorCode } from '../../../base/error-text.ts';
import { UserError } from '../../../base/user-error.ts';

export interface Unpacking {
  /** What was asked of tar: names in the archive begin with it. */
  readonly from: string;
  readonly to: string;
  warn(text: string): unknown;
}

/** How many entries there were. */
export async function unpackTree(archive: Readable, { from, to, warn }: Unpacking): Promise<number> {
  const prefix = normalized(from);
  const target = (await isFolder(to)) ? join(to, posix.basename(prefix)) : to;
  let count = 0;
  const entries = extract();
  entries.on('entry', (header, content, next) => {
    count += 1;
    unpackOne(header, content, { prefix, target, warn }).then(() => next(), next);
  });
  await pipeline(archive, entries);
  return count;
}

interface Place {
  readonly prefix: string;
  readonly target: string;
  warn(text: string): unknown;
}

async function unpackOne(header: Headers, content: Readable, { prefix, target, warn }: Place): Promise<void> {
  const path = placeOf(header.name, prefix, target);
  if (path === undefined) {
    warn(`warning: file "${header.name}" is outside target destination, skipping\n`);
    content.resume();
  } else if (header.type === 'directory') {
    await makeFolder(path, target);
    content.resume();
  } else if (header.type === 'file' || header.type === 'contiguous-file') {
    await makeFolder(dirname(path), target);
    await writeOne(path, header.mode ?? 0o644, content);
  } else {
    warn(`warning: skipping ${header.type}: "${header.name}" -> "${header.linkname ?? ''}"\n`);
    content.resume();
  }
}

const normalized = (path: string): string =>
  posix
    .normalize(path)
    .replace(/^(\/|\.\.\/|\.\/)+/, '')
    .replace(/\/+$/, '') || '.';

/** Undefined: not below what was asked for. */
export function placeOf(name: string, prefix: string, target: string): string | undefined {
  const path = normalized(name);
  if (prefix === '.') return path.startsWith('..') ? undefined : join(target, path);
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined;
  return join(target, path.slice(prefix.length));
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** Below the target no folder is a link to somewhere else. */
async function makeFolder(path: string, target: string): Promise<void> {
  if (path.length > target.length) await makeFolder(dirname(path), target);
  try {
    await mkdir(path, { recursive: path.length <= target.length });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  if (path.length > target.length && (await lstat(path)).isSymbolicLink())
    throw new UserError(`error: ${path} is a link: nothing is written through it`);
}

async function writeOne(path: string, mode: number, content: Readable): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const file = await open(path, flags, mode & 0o777);
  await pipeline(content, createWriteStream('', { fd: file }));
}
