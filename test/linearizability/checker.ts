/**
 * Is a history linearizable: is there an order of its operations, each taking effect at one moment between its begin
 * and its end, in which every answer is right? Each key is checked by itself, by Wing and Gong's search in Lowe's
 * form: take any operation that no other must precede, go on from the state it leads to, go back when stuck, and
 * never go twice from the same state with the same operations done. Pure.
 */

import type { Operation } from './history.ts';
import { emptyRegister, type RegisterState, stateId, step } from './register-model.ts';

export type Verdict =
  | { readonly isLinearizable: true; readonly operations: number }
  | {
      readonly isLinearizable: false;
      readonly key: string;
      /** As far as an order was found. */
      readonly longest: readonly Operation[];
      /** What could not be placed after it: one of these answers is wrong. */
      readonly stuckOn: readonly Operation[];
    };

/** Throws when a history cannot be checked within reason. */
export function checkLinearizability(history: readonly Operation[]): Verdict {
  const byKey = new Map<string, Operation[]>();
  for (const operation of withoutNoise(history)) {
    const others = byKey.get(operation.key);
    if (others) others.push(operation);
    else byKey.set(operation.key, [operation]);
  }
  for (const [key, operations] of byKey) {
    const verdict = checkKey(key, operations);
    if (!verdict.isLinearizable) return verdict;
  }
  return { isLinearizable: true, operations: history.length };
}

/** The search is exponential at worst, with very many unknown outcomes on one key: then it is given up. */
const maxSteps = 2_000_000;

/** What certainly or by its nature had no effect and told nothing. */
const withoutNoise = (history: readonly Operation[]): Operation[] =>
  history.filter(
    ({ call, answer }) => answer.type !== 'refused' && !(call.type === 'read' && answer.type === 'unknown'),
  );

interface Step {
  readonly isCertain: boolean;
  /** Among the certain operations, or among the unknown ones. */
  readonly index: number;
  readonly state: RegisterState;
}

interface KeyHistory {
  /** In the order of their begins. */
  readonly certain: readonly Operation[];
  /** Writes of unknown outcome: each may take effect at any time after its begin, or never. */
  readonly unknown: readonly Operation[];
}

function checkKey(key: string, operations: readonly Operation[]): Verdict {
  const ordered = operations.toSorted((a, b) => a.begin - b.begin);
  const history: KeyHistory = {
    certain: ordered.filter(({ answer }) => answer.type !== 'unknown'),
    unknown: ordered.filter(({ answer }) => answer.type === 'unknown'),
  };
  const done = new DoneSet(history.certain.length);
  const used = new Set<number>();
  const tried = new TriedStates();
  const path: { readonly taken: Step; readonly others: Step[] }[] = [];
  let longest: readonly Step[] = [];
  let steps = nextSteps(history, done, used, { state: emptyRegister });
  for (let count = 0; done.size < history.certain.length; count += 1) {
    if (count > maxSteps) throw new Error(`The history of ${key} is too entangled to be checked`);
    const taken = steps.pop();
    if (taken === undefined) {
      const last = path.pop();
      if (last === undefined) return notLinearizable(key, history, longest);
      mark(last.taken, done, used, false);
      steps = last.others;
      continue;
    }
    mark(taken, done, used, true);
    if (!tried.isNew(`${done.id}\0${stateId(taken.state)}`, used)) {
      mark(taken, done, used, false);
      continue;
    }
    path.push({ taken, others: steps });
    if (path.length > longest.length) longest = path.map((one) => one.taken);
    const before = path.at(-2)?.taken.state ?? emptyRegister;
    steps = nextSteps(history, done, used, { state: taken.state, ...(!taken.isCertain && { before }) });
  }
  return { isLinearizable: true, operations: operations.length };
}

function mark({ isCertain, index }: Step, done: DoneSet, used: Set<number>, isTaken: boolean): void {
  const set = isCertain ? done : used;
  if (isTaken) set.add(index);
  else set.delete(index);
}

interface Now {
  readonly state: RegisterState;
  /** The state before, when the last step was a write of unknown outcome. */
  readonly before?: RegisterState;
}

/** All that may take effect next. The likeliest stands last: what is certain and ends soonest. */
function nextSteps(
  { certain, unknown }: KeyHistory,
  done: DoneSet,
  used: ReadonlySet<number>,
  { state, before }: Now,
): Step[] {
  const open: number[] = [];
  // What began after another had ended comes after that one.
  let firstEnd = Number.POSITIVE_INFINITY;
  for (let index = done.firstMissing; index < certain.length; index += 1) {
    const operation = certain[index];
    if (operation === undefined || operation.begin > firstEnd) break;
    if (done.has(index)) continue;
    firstEnd = Math.min(firstEnd, operation.end);
    open.push(index);
  }
  const possible = open.filter((index) => (certain[index]?.begin ?? 0) <= firstEnd);
  possible.sort((a, b) => (certain[b]?.end ?? 0) - (certain[a]?.end ?? 0));
  const pending = unknown.flatMap((operation, index) => {
    if (operation.begin > firstEnd || used.has(index)) return [];
    // It would wipe out the unknown write before it, and could do so without that one: that is tried anyway.
    return before !== undefined && step(before, operation).length > 0 ? [] : [index];
  });
  return [
    ...pending.flatMap((index) => stepsOf(unknown[index], { isCertain: false, index }, state)),
    ...possible.flatMap((index) => stepsOf(certain[index], { isCertain: true, index }, state)),
  ];
}

const stepsOf = (
  operation: Operation | undefined,
  at: Pick<Step, 'isCertain' | 'index'>,
  state: RegisterState,
): Step[] => (operation === undefined ? [] : step(state, operation).map((next) => ({ ...at, state: next })));

function notLinearizable(key: string, { certain, unknown }: KeyHistory, longest: readonly Step[]): Verdict {
  const done = new Set(longest.flatMap(({ isCertain, index }) => (isCertain ? [index] : [])));
  const left = certain.filter((_, index) => !done.has(index));
  const firstEnd = Math.min(...left.map(({ end }) => end));
  return {
    isLinearizable: false,
    key,
    longest: longest.flatMap(({ isCertain, index }) => (isCertain ? certain[index] : unknown[index]) ?? []),
    stuckOn: left.filter(({ begin }) => begin <= firstEnd),
  };
}

/**
 * Where the search has been. Being there again is pointless, also with more of the unknown writes used up than then:
 * whatever could follow now could have followed then.
 */
class TriedStates {
  readonly #usedAt = new Map<string, ReadonlySet<number>[]>();

  isNew(id: string, used: ReadonlySet<number>): boolean {
    const before = this.#usedAt.get(id);
    if (before === undefined) {
      this.#usedAt.set(id, [new Set(used)]);
      return true;
    }
    if (before.some((less) => [...less].every((index) => used.has(index)))) return false;
    before.push(new Set(used));
    return true;
  }
}

/** Which operations are done, cheaply named: they are done nearly in order. */
class DoneSet {
  readonly #isDone: Uint8Array;
  readonly #beyond = new Set<number>();
  firstMissing = 0;
  size = 0;

  constructor(capacity: number) {
    this.#isDone = new Uint8Array(capacity);
  }

  has(index: number): boolean {
    return this.#isDone[index] === 1;
  }

  add(index: number): void {
    this.#isDone[index] = 1;
    this.size += 1;
    this.#beyond.add(index);
    while (this.has(this.firstMissing)) {
      this.#beyond.delete(this.firstMissing);
      this.firstMissing += 1;
    }
  }

  delete(index: number): void {
    this.#isDone[index] = 0;
    this.size -= 1;
    this.#beyond.delete(index);
    for (let later = index + 1; later < this.firstMissing; later += 1) this.#beyond.add(later);
    this.firstMissing = Math.min(this.firstMissing, index);
  }

  get id(): string {
    return `${this.firstMissing}:${[...this.#beyond].sort((a, b) => a - b).join()}`;
  }
}
