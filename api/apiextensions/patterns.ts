/** Regular expressions of schemas: Go's, as far as JavaScript has them. */

/** What is wrong with `pattern`: what Go's expressions do not have, and what nobody's do. */
export function patternProblem(pattern: string): string | undefined {
  const perl = /\(\?(?:[=!]|<[=!]|>)/.exec(pattern)?.[0];
  if (perl !== undefined) return `error parsing regexp: invalid or unsupported Perl syntax: \`${perl}\``;
  const reference = /(?<!\\)(?:\\\\)*(\\[1-9])/.exec(pattern)?.[1];
  if (reference !== undefined) return `error parsing regexp: invalid escape sequence: \`${reference}\``;
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be read';
  }
}

/** Whether `text` matches; true for patterns that cannot be run here. */
export function matchesPattern(pattern: string, text: string): boolean {
  return patternProblem(pattern) !== undefined || compilePattern(pattern).test(text);
}

/** Go writes named groups and flags in another way; flags in the middle change nothing about being right. */
function compilePattern(pattern: string): RegExp {
  const flags = /^\(\?([ims]+)\)/.exec(pattern)?.[1] ?? '';
  const rest = pattern
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?[imsU-]+:/g, '(?:')
    .replace(/\(\?[imsU-]+\)/g, '')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$');
  return new RegExp(rest, flags);
}
