/** `run --overrides`: what a user writes over the pod that the other flags make. Pure. */

import jsonPatchLibrary, { type Operation } from 'fast-json-patch';
import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { errorText } from '../../../base/error-text.ts';
import { UserError } from '../../../base/user-error.ts';
import { withMergePatch } from '../../merge-patch.ts';

export const overrideTypes = ['merge', 'json'] as const;
export type OverrideType = (typeof overrideTypes)[number];

/** The pod as a merge patch (RFC 7386) or a JSON patch (RFC 6902) makes it. Throws UserError. */
export function withOverrides(pod: Pod, text: string, type: OverrideType): Pod {
  const patch = parsePatch(text);
  const whole = { apiVersion: 'v1', kind: 'Pod', ...pod };
  const changed = type === 'merge' ? mergeInto(whole, patch) : applyTo(whole, patch);
  if (isPod(changed)) return changed;
  const { apiVersion, kind } = changed;
  throw new UserError(`error: --overrides makes ${String(apiVersion)} ${String(kind)} of what must stay a v1 Pod`);
}

/** The server judges the rest. */
const isPod = (object: JsonRecord): object is JsonRecord & Pod => object.apiVersion === 'v1' && object.kind === 'Pod';

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(`error: --overrides is not JSON: ${errorText(cause)}`, { cause });
  }
}

function mergeInto(pod: object, patch: unknown): JsonRecord {
  const merged = isRecord(patch) ? withMergePatch(pod, patch) : undefined;
  if (isRecord(merged)) return merged;
  throw new UserError('error: --overrides must be a JSON object, such as {"spec":{"nodeName":"a"}}');
}

function applyTo(pod: object, patch: unknown): JsonRecord {
  if (!isOperations(patch)) throw new UserError('error: --overrides must be a list of operations of a JSON patch');
  try {
    const { newDocument } = jsonPatchLibrary.applyPatch(pod, patch, true, false);
    if (isRecord(newDocument)) return newDocument;
  } catch (cause) {
    throw new UserError(`error: --overrides cannot be applied: ${errorText(cause).split('\n', 1)[0]}`, { cause });
  }
  throw new UserError('error: --overrides leaves no pod');
}

/** The library judges what they hold. */
const isOperations = (patch: unknown): patch is Operation[] =>
  Array.isArray(patch) && patch.every((one) => isRecord(one) && typeof one.op === 'string');
