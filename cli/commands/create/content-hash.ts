/** `--append-hash`: a short hash of what a ConfigMap or Secret holds, which changes its name when that changes. Pure. */

import { createHash } from 'node:crypto';
import { compareKeys } from '../../../base/compare.ts';

export interface HashedContent {
  readonly name: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly type?: string;
}

/** As kubectl makes it: of the content as JSON with sorted keys, in letters that make no words. */
export function hashOf(
  kind: 'ConfigMap' | 'Secret',
  { name, data = {}, binaryData, type = '' }: HashedContent,
): string {
  const fields =
    kind === 'Secret'
      ? { data: sorted(data), kind, name, type }
      : { ...(binaryData && { binaryData: sorted(binaryData) }), data: emptyText(data), kind, name };
  return encode(createHash('sha256').update(goJson(fields)).digest('hex'));
}

const sorted = (map: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(map).sort(compareKeys));

/** A map without entries is written as an empty text. */
const emptyText = (data: Readonly<Record<string, string>>): object | string =>
  Object.keys(data).length === 0 ? '' : sorted(data);

const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const letters: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };
const encode = (hash: string): string => [...hash.slice(0, 10)].map((letter) => letters[letter] ?? letter).join('');
