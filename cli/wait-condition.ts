/** What `wait --for` waits for, as a question about one object. Pure. */

import { UserError } from '../base/user-error.ts';

export type WaitCondition =
  | { readonly type: 'delete' }
  | { readonly type: 'create' }
  | { readonly type: 'state'; readonly text: string; isTrue(object: unknown): boolean };

interface WithConditions {
  readonly status?: {
    readonly conditions?: readonly { readonly type?: string; readonly status?: string }[];
  };
}

/** `delete`, `create`, `condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`. */
export function parseWaitCondition(text: string): WaitCondition {
  if (text === 'delete' || text === 'create') return { type: text };
  const condition = /^condition=([^=]+)(?:=(.+))?$/.exec(text);
  if (condition) return conditionState(text, condition[1] ?? '', condition[2] ?? 'True');
  const path = /^jsonpath='?\{?\.?([^}=]+)\}?'?(?:=(.*))?$/.exec(text);
  if (path) return pathState(text, path[1] ?? '', path[2]);
  throw new UserError(
    `--for ${text}: use delete, create, condition=NAME, condition=NAME=VALUE, or jsonpath={.status.phase}=VALUE`,
  );
}

function conditionState(text: string, type: string, status: string): WaitCondition {
  const same = (a: string | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();
  const isTrue = (object: unknown) =>
    ((object as WithConditions).status?.conditions ?? []).some(
      (one) => same(one.type, type) && same(one.status, status),
    );
  return { type: 'state', text, isTrue };
}

function pathState(text: string, path: string, expected: string | undefined): WaitCondition {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  const isTrue = (object: unknown) => {
    const value = steps.reduce<unknown>(stepInto, object);
    return expected === undefined ? value !== undefined && value !== '' : String(value ?? '') === expected;
  };
  return { type: 'state', text, isTrue };
}

function stepInto(value: unknown, step: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string, unknown>)[step];
}
