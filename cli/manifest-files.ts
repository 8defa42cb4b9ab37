/**
 * Reads manifests: a file, a folder, a URL or standard input (`-`); JSON or YAML, one object, several documents, or
 * a List. Every error names the source and, where there is one, the document.
 */

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CORE_SCHEMA, loadAll } from 'js-yaml';
import type { KubernetesObject } from '../api/object.ts';
import { CommandError } from './command.ts';
import { readError } from './read-error.ts';

export type Manifest = KubernetesObject & { apiVersion: string; kind: string };

const suffixes = ['.yaml', '.yml', '.json'];
const maxBytes = 64 << 20;

/** All objects of all `sources`, in order. */
export async function readManifests(sources: readonly string[]): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const source of sources) {
    for (const file of await filesOf(source)) manifests.push(...parseManifests(await readSource(file), file));
  }
  if (manifests.length === 0) throw new CommandError(`No object in ${sources.join(', ')}`);
  return manifests;
}

/** The objects in `text`; `source` is for messages. */
export function parseManifests(text: string, source: string): Manifest[] {
  return parseDocuments(text, source).flatMap((document, index) =>
    flatten(document, `${source}, document ${index + 1}`),
  );
}

function parseDocuments(text: string, source: string): unknown[] {
  try {
    return loadAll(text, undefined, { schema: CORE_SCHEMA }).filter(
      (document) => document !== null && document !== undefined,
    );
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`${source} is neither YAML nor JSON: ${detail}`, { cause });
  }
}

function flatten(document: unknown, where: string): Manifest[] {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new CommandError(`${where} is not an object with apiVersion and kind`);
  }
  const { apiVersion, kind, items } = document as { apiVersion?: unknown; kind?: unknown; items?: unknown };
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new CommandError(`${where}: apiVersion is missing`);
  if (typeof kind !== 'string' || kind === '') throw new CommandError(`${where}: kind is missing`);
  if (kind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item, index) => flatten(item, `${where}, item ${index + 1}`));
  }
  return [document as Manifest];
}

async function filesOf(source: string): Promise<string[]> {
  if (source === '-' || isUrl(source)) return [source];
  const found = await statNamed(source);
  if (!found.isDirectory()) return [source];
  const names = (await filesIn(source)).filter((name) => suffixes.some((suffix) => name.endsWith(suffix)));
  if (names.length === 0) throw new CommandError(`${source} holds no file that ends in ${suffixes.join(', ')}`);
  return names.sort().map((name) => join(source, name));
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
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

async function readSource(source: string): Promise<string> {
  if (isUrl(source)) return await download(source);
  try {
    return source === '-' ? await readStandardInput() : await readFile(source, 'utf8');
  } catch (cause) {
    throw readError('manifest', source, cause);
  }
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function download(url: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  } catch (cause) {
    throw new CommandError(`Cannot reach ${url}`, { cause });
  }
  if (!response.ok) throw new CommandError(`${url} answers ${response.status} ${response.statusText}`);
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) throw new CommandError(`${url} is too large`);
  return await response.text();
}

const isUrl = (source: string): boolean => /^https?:\/\//.test(source);
