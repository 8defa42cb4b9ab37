/** The sources and tests of the checkout, and what each imports. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { importsOf } from './imports-of.ts';

export interface SourceFile {
  /** From the root of the checkout. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

export const isTesting = (path: string): boolean => path.includes('/testing/');

export const describeImport =
  ({ path }: SourceFile) =>
  ({ specifier }: { readonly specifier: string }): string =>
    `${path} imports ${specifier}`;

export const importedRooms = (file: SourceFile): { specifier: string; path: string; room: string }[] =>
  importedPaths(file).map(({ specifier, path }) => ({ specifier, path, room: path.split('/')[0] ?? '' }));

/** The files of ours that a file imports. */
export function importedPaths({ path, imports }: SourceFile): { specifier: string; path: string }[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ specifier, path: normalize(join(dirname(path), specifier)) }));
}

export function sourcesIn(room: string): SourceFile[] {
  return filesIn(room)
    .filter((path) => path.endsWith('.ts') && !isTest(path))
    .map((path) => readSource(path));
}

export function testsIn(folder: string): SourceFile[] {
  return filesIn(folder)
    .filter(isTest)
    .map((path) => readSource(path));
}

const isTest = (path: string): boolean => path.endsWith('.test.ts');

/** Folders at the top. */
export const topFolders = (): string[] =>
  readdirSync(packageRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !skipped.includes(entry.name))
    .map(({ name }) => name);

const skipped: readonly string[] = ['node_modules', 'dist', '.git', 'coverage'];

export function filesIn(folder: string): string[] {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = relative('.', join(folder, entry.name));
    if (entry.isDirectory()) return skipped.includes(entry.name) ? [] : filesIn(path);
    return [path];
  });
}

const readSource = (path: string): SourceFile => sourceOf(path, readFileSync(join(packageRoot, path), 'utf8'));

export const sourceOf = (path: string, text: string): SourceFile => ({
  path,
  room: path.split('/')[0] ?? '',
  text,
  imports: importsOf(text),
});

/** A file that is not there, to see that it would be noticed. */
export const planted = (path: string, ...imports: readonly string[]): SourceFile => ({
  ...sourceOf(path, ''),
  imports,
});
