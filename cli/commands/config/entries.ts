/** Clusters and users of a kubeconfig, as `config set-cluster`, `set-credentials` and their opposites change them. */

import { resolve } from 'node:path';
import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { UserError } from '../../../base/user-error.ts';
import { entriesOf } from '../../../client/merged-kubeconfig.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';
import { readSource } from '../../manifest-files.ts';

/** A list of a kubeconfig, and the field that each of its entries has beside the name. */
export const lists = { contexts: 'context', clusters: 'cluster', users: 'user' } as const;
export type List = keyof typeof lists;

/** With the entry changed, or added; `undefined` takes a field away, and one that is not named stays. */
export function withEntry(
  root: JsonRecord,
  list: List,
  { name, fields }: { readonly name: string; readonly fields: JsonRecord },
): JsonRecord {
  const entries = entriesOf(root, list);
  const found = entries.find((one) => one.name === name);
  const before = found?.[lists[list]];
  const merged = Object.entries({ ...(isRecord(before) ? before : {}), ...fields });
  const entry = { name, [lists[list]]: Object.fromEntries(merged.filter(([, value]) => value !== undefined)) };
  return { ...root, [list]: found ? entries.map((one) => (one === found ? entry : one)) : [...entries, entry] };
}

/** Throws UserError when there is none. `path` is for the message. */
export function withoutEntry(root: JsonRecord, list: List, { name, path }: { name: string; path: string }): JsonRecord {
  const entries = entriesOf(root, list);
  if (!entries.some((one) => one.name === name))
    throw new UserError(`error: cannot delete ${lists[list]} ${name}, not in ${path}`);
  return { ...root, [list]: entries.filter((one) => one.name !== name) };
}

export async function clusterFields(args: Arguments): Promise<JsonRecord> {
  return {
    ...given('server', textOf(args, 'server')),
    ...given('tls-server-name', textOf(args, 'tls-server-name')),
    ...given('proxy-url', textOf(args, 'proxy-url')),
    ...(await pem(args, 'certificate-authority')),
    ...(isSet(args, 'insecure-skip-tls-verify') && { 'insecure-skip-tls-verify': true }),
  };
}

export async function userFields(args: Arguments): Promise<JsonRecord> {
  return {
    ...(await pem(args, 'client-certificate')),
    ...(await pem(args, 'client-key')),
    ...given('token', textOf(args, 'token')),
  };
}

const given = (name: string, value: string | undefined): JsonRecord => (value === undefined ? {} : { [name]: value });

/** The path of a file, or with `--embed-certs` what is in it. */
async function pem(args: Arguments, name: string): Promise<JsonRecord> {
  const path = textOf(args, name);
  if (path === undefined) return {};
  if (!isSet(args, 'embed-certs')) return { [name]: resolve(path), [`${name}-data`]: undefined };
  return { [name]: undefined, [`${name}-data`]: Buffer.from(await readSource(path)).toString('base64') };
}
