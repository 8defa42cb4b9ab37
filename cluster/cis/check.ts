/**
 * CONTRACT: one item of the CIS Kubernetes benchmark, as far as a program can judge it. It looks at the running cluster
 * each time: files, sockets, what requests are answered, objects. It changes nothing that stays.
 */

import type { CisTarget } from './target.ts';

export interface Outcome {
  /**
   * `look`: the benchmark leaves it to people, and here is what they should look at. `none`: it does not apply here, which
   * was looked at as well.
   */
  readonly result: 'pass' | 'fail' | 'look' | 'none';
  /** What was found. */
  readonly detail: string;
}

export interface CisCheck {
  /** As the benchmark numbers it. */
  readonly id: string;
  readonly title: string;
  /** What it throws is a failure too: what cannot be looked at is not known to be good. */
  look(target: CisTarget): Promise<Outcome>;
}

export const pass = (detail: string): Outcome => ({ result: 'pass', detail });
export const fail = (detail: string): Outcome => ({ result: 'fail', detail });
export const look = (detail: string): Outcome => ({ result: 'look', detail });
export const none = (detail: string): Outcome => ({ result: 'none', detail });

/** A few of a long list. */
export const some = (found: readonly string[], most = 5): string =>
  found.length <= most ? found.join(', ') : `${found.slice(0, most).join(', ')} and ${found.length - most} more`;

/** Passes when nothing was found. */
export const noneFound = (found: readonly string[], good: string, bad: (list: string) => string): Outcome =>
  found.length === 0 ? pass(good) : fail(bad(some(found)));

/** The same, where people have to judge. */
export const nothingToLookAt = (found: readonly string[], good: string, bad: (list: string) => string): Outcome =>
  found.length === 0 ? pass(good) : look(bad(some(found)));
