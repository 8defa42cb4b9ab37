/**
 * Where a pod is on its way on this node, in upstream's words. It only goes forward. Pure.
 *
 *   syncing ─────────► terminating ─────────► terminated ─────────► removed
 *     look, decide, do   deletion, failure,     nothing runs: last    containers and folders
 *                        its phase, or all      status, object        of a pod whose object
 *                        containers ended       deleted if it is to   is gone are no more
 *
 * What the runtime started late and turns up in `terminated` is ended there: nothing leads back.
 */

export type PodState =
  | { readonly phase: 'syncing' }
  | { readonly phase: 'terminating' | 'terminated'; readonly because: TerminationCause; readonly object: ObjectFate }
  | { readonly phase: 'removed' };

export interface PodFailure {
  /** In CamelCase, for the pod's status. */
  readonly reason: string;
  readonly message: string;
  /** So long its containers get to end, whatever the pod asks for. */
  readonly graceSeconds?: number;
  /** The kubelet ends it for the sake of others: what its condition `DisruptionTarget` says. */
  readonly disruption?: string;
}

/** The first one counts. */
export type TerminationCause =
  /** Its object is to be deleted, or is gone. */
  | { readonly type: 'deleted' }
  /** All its containers ended and none will start again, or its phase says so already. */
  | { readonly type: 'finished' }
  /** `rejected`: this node never took it. `failed`: it was ended, its deadline passed for instance. */
  | ({ readonly type: 'rejected' | 'failed' } & PodFailure);

/** `deleted`: by us, the API has answered. `gone`: the API has no such object any more. */
export type ObjectFate = 'present' | 'deleted' | 'gone';

/** What was found out. Absent: nothing new of that. */
export interface PodFacts {
  /** The object has a deletion timestamp. */
  readonly deletion?: boolean;
  readonly objectDeleted?: boolean;
  readonly objectGone?: boolean;
  readonly failure?: Extract<TerminationCause, PodFailure>;
  /** See the cause of that name. */
  readonly finished?: boolean;
  readonly nothingRuns?: boolean;
  /** No container, sandbox or folder of it is there any more. */
  readonly nothingLeft?: boolean;
}

/** Why it ends, or ended; undefined: it goes on, or is removed. */
export const causeOf = (state: PodState): TerminationCause | undefined =>
  state.phase === 'terminating' || state.phase === 'terminated' ? state.because : undefined;

/** What its status says of that; undefined: it did not fail. */
export function failureOf(state: PodState): PodFailure | undefined {
  const cause = causeOf(state);
  return cause?.type === 'rejected' || cause?.type === 'failed' ? cause : undefined;
}

export const isRejected = (state: PodState): boolean => causeOf(state)?.type === 'rejected';

export function objectFateOf(state: PodState): ObjectFate {
  if (state.phase === 'syncing') return 'present';
  return state.phase === 'removed' ? 'gone' : state.object;
}

export function advance(state: PodState, facts: PodFacts): PodState {
  switch (state.phase) {
    case 'syncing': {
      const because = firstCause(facts);
      return because === undefined ? state : advance({ phase: 'terminating', because, object: 'present' }, facts);
    }
    case 'terminating': {
      const next = { ...state, object: fateAfter(state.object, facts) };
      return facts.nothingRuns ? advance({ ...next, phase: 'terminated' }, facts) : next;
    }
    case 'terminated': {
      const next = { ...state, object: fateAfter(state.object, facts) };
      return next.object === 'gone' && facts.nothingLeft ? { phase: 'removed' } : next;
    }
    case 'removed':
      return state;
  }
}

function firstCause({ objectGone, failure, deletion, finished }: PodFacts): TerminationCause | undefined {
  if (objectGone || deletion) return { type: 'deleted' };
  return failure ?? (finished ? { type: 'finished' } : undefined);
}

function fateAfter(fate: ObjectFate, { objectGone, objectDeleted }: PodFacts): ObjectFate {
  if (fate === 'gone' || objectGone) return 'gone';
  return objectDeleted ? 'deleted' : fate;
}
