/** Commands that act on several objects go on after one that is refused, as kubectl does: all refusals are said. */

import { StatusError } from '../api/status-error.ts';
import type { Target } from './target-objects.ts';

/** Several refusals by the server; each is said on a line of its own. */
export class SeveralRefusals extends Error {
  override readonly name = 'SeveralRefusals';
  readonly refusals: readonly StatusError[];

  constructor(refusals: readonly StatusError[]) {
    super(refusals.map(({ message }) => message).join('\n'));
    this.refusals = refusals;
  }
}

/** Throws the one refusal, or all of them, when every target has had its turn. Any other error ends it at once. */
export async function forEachTarget<T extends Target>(
  targets: readonly T[],
  act: (target: T) => Promise<void>,
): Promise<void> {
  const refusals: StatusError[] = [];
  for (const target of targets) {
    try {
      await act(target);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason === 'ServiceUnavailable') throw error;
      refusals.push(error);
    }
  }
  const [first, ...others] = refusals;
  if (first !== undefined) throw others.length === 0 ? first : new SeveralRefusals(refusals);
}

/** Says of a refusal what was done to which file's object: `error when creating "pod.yaml": …`. */
export async function explainedBySource<T>(doing: string, { source }: Target, acting: Promise<T>): Promise<T> {
  try {
    return await acting;
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason === 'ServiceUnavailable' || source === undefined) throw error;
    const name = source === '-' ? 'STDIN' : source;
    const message = `error when ${doing} ${JSON.stringify(name)}: ${error.message}`;
    throw StatusError.from({ ...error.status, message });
  }
}
