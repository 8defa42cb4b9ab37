/** What is written for `set`: which words name objects, and which say what they get. Pure. */

import { UserError } from '../../../base/user-error.ts';

export interface SetWords {
  readonly resources: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  readonly remove: ReadonlySet<string>;
}

/** `deployment/web A=1 B-`: words with `=`, and of variables those that end in a dash, say what; the others which. */
export function splitWords(words: readonly string[], { removes = false } = {}): SetWords {
  const [resources, values, remove] = [[] as string[], new Map<string, string>(), new Set<string>()];
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals > 0) values.set(word.slice(0, equals), word.slice(equals + 1));
    else if (removes && word.endsWith('-') && !word.includes('/')) remove.add(word.slice(0, -1));
    else resources.push(word);
  }
  return { resources, values, remove };
}

/** `cpu=200m,memory=512Mi`. */
export function parseQuantities(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', quantity = '', ...rest] = pair.split('=');
      if (name === '' || quantity === '' || rest.length > 0)
        throw new UserError(`error: Invalid argument syntax ${pair}, expected <resource>=<value>`);
      return [name, quantity];
    }),
  );
}

/** A key of a ConfigMap as the name of a variable. */
export const variableName = (key: string, prefix: string): string =>
  `${prefix}${key.replace(/[^A-Za-z0-9_]/g, '_').toUpperCase()}`;
