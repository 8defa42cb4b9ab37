/** Several kubeconfig files as one, as `KUBECONFIG=a:b` means them. Pure. */

import { dirname, resolve } from 'node:path';
import { isRecord, type JsonRecord } from '../api/json-record.ts';

export interface KubeconfigFileContent {
  readonly path: string;
  readonly root: Readonly<Record<string, unknown>>;
}

const lists = ['clusters', 'users', 'contexts'] as const;
/** Fields of entries that name files. */
const paths = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** The first file that has an entry, or a current context, is right; what it names is relative to itself. */
export function mergeKubeconfigs(files: readonly KubeconfigFileContent[]): JsonRecord {
  const merged: JsonRecord = { apiVersion: 'v1', kind: 'Config' };
  for (const list of lists) {
    const entries = files.flatMap(({ path, root }) => entriesOf(root, list).map((entry) => absolute(entry, path)));
    merged[list] = entries.filter((one, index) => entries.findIndex(({ name }) => name === one.name) === index);
  }
  const current = files
    .map(({ root }) => root['current-context'])
    .find((name) => typeof name === 'string' && name !== '');
  return { ...merged, 'current-context': current ?? '' };
}

export const entriesOf = (root: Readonly<Record<string, unknown>>, list: string): JsonRecord[] => {
  const entries = root[list];
  return Array.isArray(entries) ? entries.filter(isRecord) : [];
};

function absolute(entry: JsonRecord, path: string): JsonRecord {
  const inner = ['cluster', 'user'].filter((field) => isRecord(entry[field]));
  return { ...entry, ...Object.fromEntries(inner.map((field) => [field, resolved(entry[field], dirname(path))])) };
}

function resolved(fields: unknown, folder: string): JsonRecord {
  const record = isRecord(fields) ? fields : {};
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => {
      const isPath = paths.includes(name) && typeof value === 'string' && value !== '';
      return [name, isPath ? resolve(folder, value) : value];
    }),
  );
}
