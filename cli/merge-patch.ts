/** The JSON merge patch (RFC 7386) that makes one object of another. Pure. */

import { equalJson, isRecord, type JsonRecord, setOwn } from '../api/json-record.ts';

export function mergePatchOf(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return after;
  const patch: JsonRecord = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) setOwn(patch, key, null);
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (old === undefined || !equalJson(old, value)) setOwn(patch, key, mergePatchOf(old, value));
  }
  return patch;
}

/** What a merge patch makes of a value, which stays as it is. */
export function withMergePatch(value: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: JsonRecord = isRecord(value) ? { ...value } : {};
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete merged[key];
    else setOwn(merged, key, withMergePatch(Object.hasOwn(merged, key) ? merged[key] : undefined, change));
  }
  return merged;
}
