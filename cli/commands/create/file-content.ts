/** `--from-file`, `--from-literal` and `--from-env-file`: keys with what they hold. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textsOf } from '../../arguments.ts';
import { readError } from '../../read-error.ts';
import { splitPair } from './words.ts';

export async function readContent(args: Arguments): Promise<Map<string, Buffer>> {
  const content = new Map<string, Buffer>();
  const add = (key: string, value: Buffer) => {
    if (!/^[-._a-zA-Z0-9]+$/.test(key) || key.length > 253)
      throw new UserError(
        `error: "${key}" is not a valid key name: a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
      );
    if (content.has(key))
      throw new UserError(`error: cannot add key "${key}", another key by that name already exists`);
    content.set(key, value);
  };
  const envFiles = textsOf(args, 'from-env-file');
  const others = [...textsOf(args, 'from-file'), ...textsOf(args, 'from-literal')];
  if (envFiles.length > 0 && others.length > 0)
    throw new UserError('error: from-env-file cannot be combined with from-file or from-literal');
  for (const source of textsOf(args, 'from-file')) for (const [key, value] of await readSource(source)) add(key, value);
  for (const literal of textsOf(args, 'from-literal')) {
    const [key, value] = splitPair(literal, 'literal source');
    add(key, Buffer.from(value));
  }
  for (const file of envFiles)
    for (const [key, value] of linesOf((await read(file)).toString())) add(key, Buffer.from(value));
  return content;
}

/** `FILE`, `KEY=FILE`, or a folder, whose files have their names as keys. */
async function readSource(source: string): Promise<[string, Buffer][]> {
  const equals = source.indexOf('=');
  if (equals === 0) throw new UserError(`error: key name for file path ${source.slice(1)} missing`);
  if (equals > 0) return [[source.slice(0, equals), await read(source.slice(equals + 1))]];
  if (!(await isFolder(source))) return [[basename(source), await read(source)]];
  const entries = await readdir(source, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return await Promise.all(
    names.sort().map(async (name): Promise<[string, Buffer]> => [name, await read(join(source, name))]),
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw readError('file', path, cause);
  }
}

export async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw readError('file', path, cause);
  }
}

/** `KEY=VALUE` lines; a key alone is taken from the environment; `#` begins a comment. */
function linesOf(text: string): [string, string][] {
  return text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const trimmed = line.trimStart();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const equals = trimmed.indexOf('=');
    if (equals >= 0) return [[trimmed.slice(0, equals), trimmed.slice(equals + 1)]];
    const value = process.env[trimmed];
    return value === undefined ? [] : [[trimmed, value]];
  });
}
