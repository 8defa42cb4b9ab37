/** Values of a kubeconfig by path, as `config set` and `config unset` name them: `clusters.web.server`. Pure. */

import type { JsonRecord } from '../../../api/json-record.ts';
import { UserError } from '../../../base/user-error.ts';
import { entriesOf } from '../../../client/merged-kubeconfig.ts';
import { type List, lists, withEntry } from './entries.ts';

type FieldType = 'text' | 'base64' | 'boolean';

/** The fields that a path may end with. */
const fields: Readonly<Record<List, Readonly<Record<string, FieldType>>>> = {
  contexts: { cluster: 'text', user: 'text', namespace: 'text' },
  clusters: {
    server: 'text',
    'tls-server-name': 'text',
    'insecure-skip-tls-verify': 'boolean',
    'certificate-authority': 'text',
    'certificate-authority-data': 'base64',
    'proxy-url': 'text',
    'disable-compression': 'boolean',
  },
  users: {
    'client-certificate': 'text',
    'client-certificate-data': 'base64',
    'client-key': 'text',
    'client-key-data': 'base64',
    token: 'text',
    tokenFile: 'text',
    as: 'text',
    'as-uid': 'text',
    username: 'text',
    password: 'text',
  },
};

interface Place {
  readonly list: List;
  /** Absent: the whole list is meant. */
  readonly name?: string;
  /** Absent: the whole entry is meant. */
  readonly field?: string;
}

/** `value` put at `path`; `isRaw`: bytes are given as they are, not as base64. Throws UserError. */
export function withProperty(
  root: JsonRecord,
  path: string,
  { value, isRaw }: { readonly value: string; readonly isRaw: boolean },
): JsonRecord {
  if (path === 'current-context') return { ...root, 'current-context': value };
  const { list, name, field } = placeOf(path);
  if (name === undefined || field === undefined)
    throw new UserError(`error: ${path} holds more than one value: name a field of it`);
  const type = fields[list][field] ?? 'text';
  return withEntry(root, list, { name, fields: { [field]: readValue(type, value, { path, isRaw }) } });
}

/** What is at `path` taken away. Throws UserError when nothing is there. */
export function withoutProperty(root: JsonRecord, path: string): JsonRecord {
  if (path === 'current-context') return { ...root, 'current-context': '' };
  const { list, name, field } = placeOf(path);
  if (name === undefined) return { ...root, [list]: [] };
  const entry = entriesOf(root, list).find((one) => one.name === name);
  if (entry === undefined) throw new UserError(`error: no ${lists[list]} is called ${JSON.stringify(name)}`);
  if (field === undefined) return { ...root, [list]: entriesOf(root, list).filter((one) => one !== entry) };
  return withEntry(root, list, { name, fields: { [field]: undefined } });
}

/** A name may have dots: it ends where a field begins, or with the path. */
function placeOf(path: string): Place {
  const [list = '', ...parts] = path.split('.');
  if (!isList(list))
    throw new UserError(`error: unknown property ${JSON.stringify(path)}: it begins with ${knownRoots.join(', ')}`);
  const last = parts.at(-1);
  if (last === undefined) return { list };
  const isField = parts.length > 1 && Object.hasOwn(fields[list], last);
  return isField ? { list, name: parts.slice(0, -1).join('.'), field: last } : { list, name: parts.join('.') };
}

const isList = (text: string): text is List => Object.hasOwn(lists, text);
const knownRoots = ['current-context', ...Object.keys(lists)];

interface Reading {
  readonly path: string;
  readonly isRaw: boolean;
}

function readValue(type: FieldType, value: string, { path, isRaw }: Reading): string | boolean {
  switch (type) {
    case 'text':
      return value;
    case 'boolean':
      if (value === 'true' || value === 'false') return value === 'true';
      throw new UserError(`error: ${path} is true or false, not ${JSON.stringify(value)}`);
    case 'base64':
      if (isRaw) return Buffer.from(value).toString('base64');
      if (Buffer.from(value, 'base64').toString('base64') === value) return value;
      throw new UserError(`error: ${path} is not base64; --set-raw-bytes takes the bytes themselves`);
  }
}
