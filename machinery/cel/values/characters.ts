/** Text by characters, as CEL counts it: code points, not the halves that JavaScript counts. */

import type { Budget } from '../budget.ts';

const halves = /[\ud800-\udfff]/;

/** How many characters `text` has. */
export function countCharacters(text: string, budget: Budget): number {
  budget.work(text.length);
  if (!halves.test(text)) return text.length;
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    if ((text.codePointAt(index) ?? 0) > 0xffff) index += 1;
    count += 1;
  }
  return count;
}

/** All characters, where they are more than one half each; the text itself is as good where they are not. */
export function charactersOf(text: string, budget: Budget): ArrayLike<string> & Iterable<string> {
  budget.work(text.length);
  return halves.test(text) ? [...text] : text;
}

export function sliceCharacters(text: string, from: number, to: number, budget: Budget): string {
  budget.work(text.length);
  return halves.test(text) ? [...text].slice(from, to).join('') : text.slice(from, to);
}
