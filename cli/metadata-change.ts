/** `key=value` and `key-`, as `label` and `annotate` take them: what they change of a map. Pure. */

import { isRecord } from '../api/json-record.ts';
import { UserError } from '../base/user-error.ts';

export interface MetadataChange {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: ReadonlySet<string>;
}

export interface ChangeWords {
  /** The words before the first pair. */
  readonly resources: readonly string[];
  readonly change: MetadataChange;
}

/** `what` is for messages: `label`, `annotation`. */
export function parseChange(words: readonly string[], what: string): ChangeWords {
  const first = words.findIndex(isPair);
  const resources = first < 0 ? words : words.slice(0, first);
  const pairs = first < 0 ? [] : words.slice(first);
  const stray = pairs.find((word) => !isPair(word));
  if (stray !== undefined)
    throw new UserError(`error: all resources must be specified before ${what} changes: ${stray}`);
  const set = new Map<string, string>();
  const remove = new Set<string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals >= 0) set.set(pair.slice(0, equals), pair.slice(equals + 1));
    else remove.add(pair.slice(0, -1));
  }
  const both = [...remove].filter((key) => set.has(key));
  if (both.length > 0) {
    const which =
      what === 'label'
        ? 'a label in the same command'
        : `the following ${what}(s) in the same command: ${both.join(', ')}`;
    throw new UserError(`error: can not both modify and remove ${which}`);
  }
  return { resources, change: { set, remove } };
}

const isPair = (word: string): boolean => /^[^/]*[^=]*=/.test(word) || /.-$/.test(word);

/** The labels or annotations that an object has. */
export function entriesOf(object: unknown, field: 'labels' | 'annotations'): ReadonlyMap<string, string> {
  const metadata = isRecord(object) ? object.metadata : undefined;
  const map = isRecord(metadata) ? metadata[field] : undefined;
  return new Map(Object.entries(isRecord(map) ? map : {}).map(([key, value]) => [key, String(value)]));
}

/** What would lose its value. */
export const overwritten = (present: ReadonlyMap<string, string>, { set }: MetadataChange): [string, string][] =>
  [...present].filter(([key, value]) => set.has(key) && set.get(key) !== value);

/** Whether the change does anything. */
export const changes = (present: ReadonlyMap<string, string>, { set, remove }: MetadataChange): boolean =>
  [...set].some(([key, value]) => present.get(key) !== value) || [...remove].some((key) => present.has(key));

/** As a merge patch has it: what is removed is null. */
export const patchOf = ({ set, remove }: MetadataChange): Record<string, string | null> =>
  Object.fromEntries([...set, ...[...remove].map((key): [string, null] => [key, null])]);

/** The map afterwards. */
export function changed(present: ReadonlyMap<string, string>, { set, remove }: MetadataChange): Record<string, string> {
  return Object.fromEntries([...new Map([...present, ...set])].filter(([key]) => !remove.has(key)));
}
