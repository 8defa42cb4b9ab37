/** JSON merge patch (RFC 7386): null removes, objects merge, everything else replaces. */

import { isRecord, type JsonRecord, setOwn } from '../../api/json-record.ts';
import { badRequest } from '../../api/status-error.ts';
import { JsonError, jsonTypeName, parseJson } from '../json/json.ts';

export interface ObjectPatch {
  readonly patch: JsonRecord;
  /** Duplicate fields of the patch, for field validation. */
  readonly strictErrors: readonly string[];
}

/** Reads the text of a merge patch; 400 for anything but an object. */
export function parseMergePatch(text: string): ObjectPatch {
  const { patch, strictErrors } = parseObjectPatch(text, 'error decoding patch: ');
  if (patch === null) throw badRequest('Invalid JSON Patch');
  return { patch, strictErrors };
}

/** A patch that must be an object or null; `prefix` stands before what is wrong with its text. */
export function parseObjectPatch(
  text: string,
  prefix: string,
): { patch: JsonRecord | null; strictErrors: readonly string[] } {
  const { value, duplicates } = parse(text, prefix);
  if (value !== null && !isRecord(value)) {
    throw badRequest(
      `${prefix}json: cannot unmarshal ${jsonTypeName(value)} into Go value of type map[string]interface {}`,
    );
  }
  return { patch: value, strictErrors: duplicates.map((path) => `duplicate field "${path}"`) };
}

function parse(text: string, prefix: string): ReturnType<typeof parseJson> {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw badRequest(prefix + error.message);
    throw error;
  }
}

/** `target` with `patch` merged in. Neither is changed; the result may share parts with both. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: JsonRecord = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}
