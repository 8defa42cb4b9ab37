/** What one versioned key may answer, step by step: the sequential specification that a history is held to. Pure. */

import type { Operation } from './history.ts';

/** `version` is undefined when a write of unknown outcome put the value there: nobody was told its version. */
export interface RegisterState {
  readonly value: string | undefined;
  readonly version: number | undefined;
  /** All later versions are greater. */
  readonly floor: number;
}

export const emptyRegister: RegisterState = { value: undefined, version: undefined, floor: 0 };

/** The states in which the key may be after `operation`, when it takes effect in `state`; none: it cannot do so here. */
export function step(state: RegisterState, { call, answer }: Operation): readonly RegisterState[] {
  const isThere = state.value !== undefined;
  switch (answer.type) {
    case 'refused':
      return [state];
    case 'unknown': {
      // That it had no effect need not be tried: such an operation may as well be left out.
      const next = applied(state, call, undefined);
      return next === undefined ? [] : [next];
    }
    case 'missing':
      return isThere || call.type === 'create' ? [] : [state];
    case 'exists':
      return isThere && call.type === 'create' ? [state] : [];
    case 'conflict':
      return (call.type === 'update' || call.type === 'delete') && mayDiffer(state, call.expected) ? [state] : [];
    case 'ok': {
      if (call.type === 'read') return afterRead(state, answer.value, answer.version);
      const next = applied(state, call, answer.version);
      return next === undefined ? [] : [next];
    }
  }
}

/** A state as a key of sets: operations that lead to the same state need to be tried only once. */
export const stateId = ({ value, version, floor }: RegisterState): string => `${value}\0${version}\0${floor}`;

/** undefined: the write cannot succeed in this state. */
function applied(
  state: RegisterState,
  call: Operation['call'],
  version: number | undefined,
): RegisterState | undefined {
  if (version !== undefined && version <= state.floor) return undefined;
  const floor = version ?? state.floor;
  const isThere = state.value !== undefined;
  switch (call.type) {
    case 'read':
      return state;
    case 'create':
      return isThere ? undefined : { value: call.value, version, floor };
    case 'update':
      return isThere && mayBe(state, call.expected) ? { value: call.value, version, floor } : undefined;
    case 'delete':
      return isThere && mayBe(state, call.expected) ? { value: undefined, version: undefined, floor } : undefined;
  }
}

function afterRead(state: RegisterState, value: string | undefined, version: number | undefined): RegisterState[] {
  if (state.value === undefined || state.value !== value) return [];
  if (version === undefined || version === state.version) return [state];
  // The reader is the first to learn the version.
  return state.version === undefined && version > state.floor ? [{ value, version, floor: version }] : [];
}

const mayBe = ({ version, floor }: RegisterState, expected: number | undefined): boolean =>
  expected === undefined || (version === undefined ? expected > floor : version === expected);

const mayDiffer = ({ value, version }: RegisterState, expected: number | undefined): boolean =>
  expected !== undefined && (value === undefined || version !== expected);
