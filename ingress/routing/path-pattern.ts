/**
 * Paths of rules that are regular expressions, and what a request's path becomes by them. RE2, as ingress-nginx's
 * validation has it: time in proportion to the path, whatever the pattern. Pure.
 */

import { RE2JS } from 're2js';
import { errorText } from '../../base/error-text.ts';

const longestPattern = 1024;

export interface PathPattern {
  /** The groups, from 0 (all that matched); undefined: no match. */
  match(path: string): readonly string[] | undefined;
}

/** As nginx's `location ~* ^…`: from the beginning of the path on, in any case. A text is what is wrong with it. */
export function compilePathPattern(path: string): PathPattern | string {
  if (path.length > longestPattern) return 'it is too long';
  try {
    const compiled = RE2JS.compile(`^(?:${path})`, RE2JS.CASE_INSENSITIVE);
    return {
      match(text: string) {
        const matcher = compiled.matcher(text);
        if (!matcher.find()) return undefined;
        return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '');
      },
    };
  } catch (error) {
    return errorText(error);
  }
}

/** `/$2` with the groups of a match; what a group holds is encoded again where a path must be. */
export function rewritePath(target: string, groups: readonly string[]): string {
  const path = target.replace(/\$(\d)/g, (_, group: string) => encodePath(groups[Number(group)] ?? ''));
  return path.startsWith('/') ? path : `/${path}`;
}

/** Groups come from the decoded path: `?`, `#` and `%` in it were not what they would be now. */
const encodePath = (text: string): string => encodeURI(text).replaceAll('?', '%3F').replaceAll('#', '%23');
