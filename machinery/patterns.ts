/**
 * Regular expressions that users write: Go's (RE2), which take time in proportion to the text they are matched with.
 * JavaScript's own engine, which tries all ways back, never sees one: `(a+)+$` would hold it for ever.
 */

import { RE2JS } from 're2js';
import { errorText } from '../base/error-text.ts';

/** Go has no bound but the size of what is compiled; nobody writes such a pattern by hand. */
const longestPattern = 8 * 1024;
/** Few schemas have more, and most say the same few again and again. */
const maxKnown = 256;
/** Of each character of a pattern, in steps of matching. */
const compilingCost = 100;

type Compiled = { readonly expression: RE2JS } | { readonly problem: string };

const known = new Map<string, Compiled>();

/** What is wrong with `pattern`, in Go's words. */
export function patternProblem(pattern: string): string | undefined {
  const compiled = compile(pattern);
  return 'problem' in compiled ? compiled.problem : undefined;
}

/** How many steps it may take to match `text`, at most, with making the pattern ready where it is not. */
export function patternWork(pattern: string, text: string): number {
  const compiled = known.get(pattern);
  const size = compiled !== undefined && 'expression' in compiled ? compiled.expression.programSize() : pattern.length;
  return size * text.length + (compiled === undefined ? pattern.length * compilingCost : 0);
}

/** Whether any part of `text` matches; true for patterns that are none. */
export function matchesPattern(pattern: string, text: string): boolean {
  const compiled = compile(pattern);
  return 'problem' in compiled || compiled.expression.test(text);
}

/** The first `most` parts of `text` that match, from left to right; none for patterns that are none. */
export function findMatches(pattern: string, text: string, most: number): string[] {
  const compiled = compile(pattern);
  const found: string[] = [];
  if ('problem' in compiled) return found;
  const matcher = compiled.expression.matcher(text);
  while (found.length < most && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

function compile(pattern: string): Compiled {
  let compiled = known.get(pattern);
  if (compiled === undefined) {
    compiled = compileNew(pattern);
    if (known.size >= maxKnown) known.clear();
    known.set(pattern, compiled);
  }
  return compiled;
}

function compileNew(pattern: string): Compiled {
  if (pattern.length > longestPattern) return { problem: 'error parsing regexp: expression too large' };
  try {
    return { expression: RE2JS.compile(pattern) };
  } catch (error) {
    return { problem: errorText(error) };
  }
}
