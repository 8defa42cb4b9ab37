/** The contexts of a kubeconfig. Pure. */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { UserError } from '../../../base/user-error.ts';

export interface ContextRow {
  readonly name: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string;
}

const entriesOf = (root: JsonRecord, list: string): JsonRecord[] => {
  const entries = root[list];
  return Array.isArray(entries) ? entries.filter(isRecord) : [];
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function contextsOf(root: JsonRecord): ContextRow[] {
  return entriesOf(root, 'contexts').map(({ name, context }) => {
    const { cluster, user, namespace } = isRecord(context) ? context : {};
    return { name: text(name), cluster: text(cluster), user: text(user), namespace: text(namespace) };
  });
}

/** Throws UserError. */
export function contextNamed(root: JsonRecord, name: string): ContextRow {
  const found = contextsOf(root).find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new UserError(`error: no context exists with the name: "${name}"`);
}

export interface ViewOptions {
  readonly raw: boolean;
  /** Only what the current context uses. */
  readonly minify: boolean;
}

const hidden: Readonly<Record<string, string>> = {
  'certificate-authority-data': 'DATA+OMITTED',
  'client-certificate-data': 'DATA+OMITTED',
  'client-key-data': 'DATA+OMITTED',
  token: 'REDACTED',
  password: 'REDACTED',
};

export function redacted(root: JsonRecord, { raw, minify }: ViewOptions): JsonRecord {
  const shown = minify ? minified(root) : root;
  if (raw) return shown;
  const hide = (list: string, field: string) =>
    entriesOf(shown, list).map((entry) => ({ ...entry, [field]: withoutSecrets(entry[field]) }));
  return { ...shown, clusters: hide('clusters', 'cluster'), users: hide('users', 'user') };
}

function withoutSecrets(entry: unknown): JsonRecord {
  const fields = Object.entries(isRecord(entry) ? entry : {});
  return Object.fromEntries(
    fields.map(([name, value]) => [name, Object.hasOwn(hidden, name) && value !== '' ? hidden[name] : value]),
  );
}

function minified(root: JsonRecord): JsonRecord {
  const current = text(root['current-context']);
  const { cluster, user } = contextNamed(root, current);
  const only = (list: string, name: string) => entriesOf(root, list).filter((one) => one.name === name);
  return {
    ...root,
    contexts: only('contexts', current),
    clusters: only('clusters', cluster),
    users: only('users', user),
  };
}
