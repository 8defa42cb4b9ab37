/** Which of several kubeconfig files a changed entry is written to. Pure. */

import { equalJson, type JsonRecord } from '../../../api/json-record.ts';
import { entriesOf, type KubeconfigFileContent } from '../../../client/merged-kubeconfig.ts';
import type { List } from './entries.ts';

/** The files that change. An entry stays in the first file that has it, as the current context does; a new one is the first file's. */
export function splitChange(
  files: readonly KubeconfigFileContent[],
  before: JsonRecord,
  after: JsonRecord,
): KubeconfigFileContent[] {
  const [first] = files;
  const pointer = files.find(({ root }) => isNamed(root['current-context'])) ?? first;
  const current = after['current-context'];
  const parts = listNames.map((list) => splitList(files, list, { before, after }));
  return files.flatMap((file, index) => {
    const changed = parts.flatMap(({ list, entries }) => {
      const own = entries[index] ?? [];
      return own.length > 0 || file.root[list] !== undefined ? [[list, own] as const] : [];
    });
    const root = {
      ...file.root,
      ...Object.fromEntries(changed),
      ...(file === pointer && current !== before['current-context'] && { 'current-context': current }),
    };
    return equalJson(root, file.root) ? [] : [{ path: file.path, root }];
  });
}

const listNames: readonly List[] = ['contexts', 'clusters', 'users'];

interface Wholes {
  readonly before: JsonRecord;
  readonly after: JsonRecord;
}

/** Of one list what each file has afterwards. */
function splitList(files: readonly KubeconfigFileContent[], list: List, { before, after }: Wholes) {
  const wanted = entriesOf(after, list);
  const known = new Map(entriesOf(before, list).map((entry) => [entry.name, entry]));
  const added = wanted.filter(({ name }) => !known.has(name));
  const owned = new Set<unknown>();
  const entries = files.map((file, index) => {
    const own = entriesOf(file.root, list).flatMap((entry) => {
      if (owned.has(entry.name)) return [entry];
      owned.add(entry.name);
      const next = wanted.find(({ name }) => name === entry.name);
      if (next === undefined) return [];
      // What is read of a file is not all that it says: its paths are relative to it.
      return [equalJson(next, known.get(entry.name) ?? {}) ? entry : next];
    });
    return index === 0 ? [...own, ...added] : own;
  });
  return { list, entries };
}

const isNamed = (value: unknown): boolean => typeof value === 'string' && value !== '';
