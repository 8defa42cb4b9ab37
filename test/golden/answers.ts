/** Comparing answers with recorded ones: what counts as the same, and what as exact. `README` of the recordings says more. */

import { isObject } from './placeholders.ts';

export interface Outcome {
  readonly code: number;
  readonly reason?: string;
  /** Field, reason, message. */
  readonly causes?: readonly (readonly [string, string, string])[];
  readonly message?: string;
  /** [pointer, value], or [pointer] where the field is gone. */
  readonly changes?: readonly (readonly [string, unknown?])[];
  readonly answer?: unknown;
  readonly warnings?: readonly string[];
}

export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

export interface Grade {
  readonly same: boolean;
  readonly exact: boolean;
}

/** `same`: code, reason, the causes' fields and reasons, or the whole answer. `exact`: messages and warnings, too. */
export function gradeOutcome(want: Outcome, got: Outcome): Grade {
  if (canonical(want) === canonical(got)) return { same: true, exact: true };
  // Upstream answers some bad input with a 500: any clear refusal is right too.
  if (want.code === 500 && got.code >= 400 && got.code < 500) return { same: true, exact: true };
  if (want.code !== got.code) return { same: false, exact: false };
  const gist = want.code >= 400 ? refusal : success;
  return { same: canonical(gist(want)) === canonical(gist(got)), exact: false };
}

const refusal = ({ reason, causes = [] }: Outcome) => ({
  reason,
  causes: causes.map(([field, cause]) => `${field} ${cause}`).sort(),
});
const success = ({ answer, changes = [] }: Outcome) => ({
  answer,
  changes: [...changes].sort(([a], [b]) => (a < b ? -1 : 1)),
});

/** JSON with its keys in order: equal values, equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}

const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** Where `after` differs from `before`. */
export function findChanges(before: unknown, after: unknown, path = ''): [string, unknown?][] {
  if (before === after) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, index) => findChanges(item, after[index], `${path}/${index}`));
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): [string, unknown?][] => {
      const place = `${path}/${escapePointer(key)}`;
      if (!(key in after)) return [[place]];
      if (!(key in before)) return [[place, after[key]]];
      return findChanges(before[key], after[key], place);
    });
  }
  return canonical(before) === canonical(after) ? [] : [[path, after]];
}

/** A copy of `document` with a JSON patch of add, replace and remove applied; throws when a path is not there. */
export function applyOperations(document: unknown, operations: readonly PatchOperation[]): unknown {
  const root: Record<string, unknown> = { '': structuredClone(document) };
  for (const { op, path, value } of operations) {
    const keys = path.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    let holder: unknown = root;
    for (const key of keys) holder = (holder as Record<string, unknown>)[key];
    if (Array.isArray(holder)) applyToList(holder, op, last, value);
    else if (isObject(holder)) {
      if (op === 'remove') delete holder[last];
      else holder[last] = structuredClone(value);
    } else throw new Error(`nothing at ${path}`);
  }
  return root[''];
}

function applyToList(list: unknown[], op: PatchOperation['op'], last: string, value: unknown): void {
  const index = last === '-' ? list.length : Number(last);
  if (op === 'remove') list.splice(index, 1);
  else if (op === 'add') list.splice(index, 0, structuredClone(value));
  else list[index] = structuredClone(value);
}
