/**
 * Reads manifests from where the user says: a file, a folder, a URL or standard input (`-`). Every error names the
 * source and, where there is one, the document.
 */

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/user-error.ts';
import { type Manifest, parseManifests } from '../client/manifest.ts';
import { readError } from './read-error.ts';

const suffixes = ['.yaml', '.yml', '.json'];
const maxBytes = 64 << 20;

export interface ReadOptions {
  /** Folders in folders too. Default false. */
  readonly recursive?: boolean;
}

/** An object, and the file, URL or `-` that holds it. */
export interface SourcedManifest {
  readonly manifest: Manifest;
  readonly source: string;
}

/** All objects of all `sources`, in order. */
export async function readManifests(sources: readonly string[], options: ReadOptions = {}): Promise<Manifest[]> {
  return (await readSourcedManifests(sources, options)).map(({ manifest }) => manifest);
}

export async function readSourcedManifests(
  sources: readonly string[],
  options: ReadOptions = {},
): Promise<SourcedManifest[]> {
  const found: SourcedManifest[] = [];
  for (const source of sources) {
    for (const file of await filesOf(source, options)) {
      const manifests = parseManifests(await readSource(file), file);
      found.push(...manifests.map((manifest) => ({ manifest, source: file })));
    }
  }
  if (found.length === 0) throw new UserError(`No object in ${sources.join(', ')}`);
  return found;
}

async function filesOf(source: string, { recursive = false }: ReadOptions): Promise<string[]> {
  if (source === '-' || isUrl(source)) return [source];
  const found = await statNamed(source);
  if (!found.isDirectory()) return [source];
  const names = (await filesIn(source, recursive)).filter((name) => suffixes.some((suffix) => name.endsWith(suffix)));
  if (names.length === 0) throw new UserError(`${source} holds no file that ends in ${suffixes.join(', ')}`);
  return names.sort().map((name) => join(source, name));
}

async function filesIn(folder: string, recursive: boolean): Promise<string[]> {
  try {
    return await readdir(folder, { recursive });
  } catch (cause) {
    throw readError('folder', folder, cause);
  }
}

async function statNamed(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    throw readError('manifest', path, cause);
  }
}

/** The text of a file, URL or standard input. */
export async function readSource(source: string): Promise<string> {
  if (isUrl(source)) return await download(source);
  try {
    return source === '-' ? await readStandardInput() : await readFile(source, 'utf8');
  } catch (cause) {
    throw readError('manifest', source, cause);
  }
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function download(url: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  } catch (cause) {
    throw new UserError(`Cannot reach ${url}`, { cause });
  }
  if (!response.ok) throw new UserError(`${url} answers ${response.status} ${response.statusText}`);
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) throw new UserError(`${url} is too large`);
  return await response.text();
}

const isUrl = (source: string): boolean => /^https?:\/\//.test(source);
