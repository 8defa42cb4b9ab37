/** What `wait --for` waits for, as a question about one object. Pure. */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { UserError } from '../../../base/user-error.ts';
import { findBySteps } from '../../printers/json-path/json-path.ts';
import { parseRelaxedPath } from '../../printers/json-path/parser.ts';

export type WaitCondition =
  | { readonly type: 'delete' }
  | { readonly type: 'create' }
  | { readonly type: 'state'; readonly text: string; isTrue(object: unknown): boolean };

/** `delete`, `create`, `condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`. */
export function parseWaitCondition(text: string): WaitCondition {
  if (text === 'delete' || text === 'create') return { type: text };
  const condition = /^condition=([^=]+)(?:=(.+))?$/.exec(text);
  if (condition) return conditionState(text, condition[1] ?? '', condition[2] ?? 'True');
  const path = /^jsonpath='?(\{.*\}|[^{=]+)'?(?:=(.*))?$/s.exec(text);
  if (path) return pathState(text, path[1] ?? '', path[2]);
  throw new UserError(
    `error: unrecognized condition: "${text}": there are delete, create, condition=NAME[=VALUE] and jsonpath={.path}=VALUE`,
  );
}

function conditionState(text: string, type: string, status: string): WaitCondition {
  const same = (a: unknown, b: string) => typeof a === 'string' && a.toLowerCase() === b.toLowerCase();
  const isTrue = (object: unknown) =>
    conditionsOf(object).some((one) => same(one.type, type) && same(one.status, status) && isCurrent(one, object));
  return { type: 'state', text, isTrue };
}

/** A condition of an older generation says nothing of what the object asks for now. */
function isCurrent({ observedGeneration }: JsonRecord, object: unknown): boolean {
  const metadata = isRecord(object) && isRecord(object.metadata) ? object.metadata : {};
  return observedGeneration === undefined || Number(observedGeneration) >= Number(metadata.generation ?? 0);
}

function conditionsOf(object: unknown): JsonRecord[] {
  const status = isRecord(object) ? object.status : undefined;
  const conditions = isRecord(status) ? status.conditions : undefined;
  return Array.isArray(conditions) ? conditions.filter(isRecord) : [];
}

function pathState(text: string, path: string, expected: string | undefined): WaitCondition {
  const steps = parseRelaxedPath(path);
  const isTrue = (object: unknown) => {
    const values = findBySteps(steps, object);
    if (values.length > 1 && expected !== undefined)
      throw new UserError(`error: given jsonpath expression matches more than one value: ${path}`);
    const [value] = values;
    return expected === undefined ? value !== undefined && value !== '' : String(value ?? '') === expected;
  };
  return { type: 'state', text, isTrue };
}
