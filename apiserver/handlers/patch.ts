/**
 * PATCH bodies: which language a patch is written in, and the change that it makes. The languages themselves are in
 * `api/patch` and `api/apply`; here they meet the object: versions, field validation, and errors that name the patch.
 */

import { goValue } from '../../api/codec/go-text.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { applyJsonPatch, parseJsonPatch } from '../../api/patch/json-patch.ts';
import { applyMergePatch, parseMergePatch } from '../../api/patch/merge-patch.ts';
import { isRecord } from '../../api/patch/record.ts';
import { applyStrategicMergePatch, parseStrategicMergePatch } from '../../api/patch/strategic-merge-patch.ts';
import { DecodeError, decode } from '../../api/schema/decode.ts';
import { objectSchemaOf } from '../../api/schema/schema.ts';
import { badRequest, StatusError } from '../../api/status-error.ts';
import { type DecodeOptions, type ExpectedType, reportStrictErrors } from './decode-object.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const mediaTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

export function patchTypeOf(contentType: string): PatchType {
  const type = mediaTypes[contentType.split(';', 1)[0]?.trim() ?? ''];
  if (type === undefined) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  return type;
}

export type PatchOptions = Pick<DecodeOptions, 'fieldValidation' | 'warn'>;

/** The object after the patch, decoded anew. `previous` is left alone. */
export type PatchFunction = (previous: KubernetesObject | undefined) => KubernetesObject;

/** Reads the patch at once, so that what is wrong with it is told before anything else. */
export function readPatch(
  type: Exclude<PatchType, 'apply'>,
  bytes: Buffer,
  expected: ExpectedType,
  options: PatchOptions,
): PatchFunction {
  const text = bytes.toString('utf8');
  switch (type) {
    case 'json': {
      const { operations, strictErrors } = parseJsonPatch(text);
      reportPatchErrors(strictErrors, options);
      return (previous) => {
        const patched = applyJsonPatch(previous, operations);
        return decodePatched(patched, documentText(patched), expected, options);
      };
    }
    case 'merge': {
      const { patch, strictErrors } = parseMergePatch(text);
      reportPatchErrors(strictErrors, options);
      return (previous) => {
        const patched = applyMergePatch(previous, patch);
        return decodePatched(patched, documentText(patched), expected, options);
      };
    }
    case 'strategic': {
      const { patch, strictErrors } = parseStrategicMergePatch(text);
      const schema = objectSchemaOf(expected.definition);
      return (previous) => {
        const patched = applyStrategicMergePatch({ ...previous }, patch, schema);
        return decodePatched(patched, goValue(patch), expected, options, strictErrors);
      };
    }
  }
}

function reportPatchErrors(errors: readonly string[], options: PatchOptions): void {
  reportStrictErrors(errors, errors, options, (why) => badRequest(why));
}

function decodePatched(
  patched: unknown,
  shown: string,
  expected: ExpectedType,
  options: PatchOptions,
  strictErrors: readonly string[] = [],
): KubernetesObject {
  const refuse = (why: string) => undecodable(shown, why);
  checkKind(patched, expected, refuse);
  try {
    const { object, unknownFields } = decode(expected.definition, patched);
    const errors = [...strictErrors, ...unknownFields.map((path) => `unknown field "${path}"`)];
    reportStrictErrors(errors, errors, options, refuse);
    return object;
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
}

/** A strategic merge patch ignores other kinds and versions in the patch; the others would make another object of it. */
function checkKind(patched: unknown, expected: ExpectedType, refuse: (why: string) => Error): void {
  if (!isRecord(patched)) return;
  const { kind } = patched;
  if (typeof kind !== 'string' || kind === '' || kind === expected.kind) return;
  throw refuse(
    `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(patched.apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
  );
}

/** The document as Go prints what it patched: the outermost keys in order. */
function documentText(document: unknown): string {
  if (!isRecord(document)) return JSON.stringify(document) ?? 'null';
  return JSON.stringify(Object.fromEntries(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function undecodable(shown: string, why: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
  return new StatusError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}
