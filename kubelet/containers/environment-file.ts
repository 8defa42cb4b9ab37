/**
 * Files in which an init container writes variables for others: `NAME='value'`, one after the other. A value goes from
 * quote to quote, over lines if need be, and nothing in it is special; what follows it may only be a comment.
 */

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { openBeneath } from '../volumes/open-beneath.ts';

/** A container may have written without end. */
const fileLimitBytes = 2 ** 20;

/** Throws an Error when there is no such file, or nothing in it can be understood up to that name. */
export async function readEnvironmentFile(folder: string, path: string, name: string): Promise<string | undefined> {
  const held = await openBeneath({ folder, path, missing: 'throw' });
  try {
    if (!(await held.stat()).isFile()) throw new Error('it is no file');
    const file = await open(`/proc/self/fd/${held.fd}`, constants.O_RDONLY);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(fileLimitBytes + 1), 0, fileLimitBytes + 1, 0);
      if (bytesRead > fileLimitBytes) throw new Error(`it has more than ${fileLimitBytes} bytes`);
      return findVariable(buffer.toString('utf8', 0, bytesRead), name);
    } finally {
      await file.close();
    }
  } finally {
    await held.close();
  }
}

const blankOrComment = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const assignment = /[ \t]*([^=\s][^=\s]*)=/y;
/** A space after `=` ends the value before it began, as in a shell. */
const nothing = /[ \t][^\n]*(?:\n|$)/y;
const quoted = /'([^']*)'[ \t]*(?:#[^\n]*)?(?:\n|$)/y;

/** The first value of that name; empty ones too. Pure. */
export function findVariable(text: string, name: string): string | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text) ?? undefined;
    if (match !== undefined) at = pattern.lastIndex;
    return match;
  };
  while (at < text.length) {
    if (take(blankOrComment) !== undefined) continue;
    const found = take(assignment)?.[1];
    const value = found === undefined ? undefined : take(nothing) ? '' : take(quoted)?.[1];
    if (value === undefined) throw new Error(`line ${lineAt(text, at)} is not NAME='value'`);
    if (found === name) return value;
  }
  return undefined;
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length;
