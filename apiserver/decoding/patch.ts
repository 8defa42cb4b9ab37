/**
 * PATCH bodies: which language a patch is written in, and the change that it makes. The languages themselves are in
 * `api/patch` and `api/apply`; here they meet the object: versions, field validation, and errors that name the patch.
 */

import { goValue } from '../../api/go-text.ts';
import { isRecord, type JsonRecord, own, setOwn } from '../../api/json-record.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf, parseApiVersion } from '../../api/resource.ts';
import { StatusError } from '../../api/status-error.ts';
import { missingKind } from '../../machinery/codec/body.ts';
import { applyJsonPatch, parseJsonPatch } from '../../machinery/patch/json-patch.ts';
import { applyMergePatch, parseMergePatch } from '../../machinery/patch/merge-patch.ts';
import { applyStrategicMergePatch, parseStrategicMergePatch } from '../../machinery/patch/strategic-merge-patch.ts';
import { DecodeError, decode } from '../../machinery/schema/decode.ts';
import { inGoOrder } from '../../machinery/schema/go-order.ts';
import { conversionProblem, definitionOfKind, isConvertible } from '../../machinery/schema/registered-kinds.ts';
import type { ObjectSchema } from '../../machinery/schema/schema.ts';
import { type DecodeOptions, type ExpectedType, reportStrictErrors } from './decode-object.ts';
import { decodeVersion } from './decode-version.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const mediaTypes: ReadonlyMap<string, PatchType> = new Map(
  Object.entries({
    'application/json-patch+json': 'json',
    'application/merge-patch+json': 'merge',
    'application/strategic-merge-patch+json': 'strategic',
    'application/apply-patch+yaml': 'apply',
  }),
);

export function patchTypeOf(contentType: string): PatchType {
  const type = typeIn(contentType);
  if (type === undefined) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  return type;
}

/** Of custom resources: what has no struct in Go has no merge keys. */
export function customPatchTypeOf(contentType: string): Exclude<PatchType, 'strategic'> {
  const type = typeIn(contentType);
  if (type !== undefined && type !== 'strategic') return type;
  const types = [...mediaTypes].filter(([, one]) => one !== 'strategic').map(([name]) => name);
  const why = `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`;
  throw new StatusError(415, 'UnsupportedMediaType', why, {});
}

const typeIn = (contentType: string): PatchType | undefined =>
  mediaTypes.get(contentType.split(';', 1)[0]?.trim() ?? '');

export interface PatchOptions extends Pick<DecodeOptions, 'kinds' | 'fieldValidation' | 'warn'> {
  /** The patch is of the status: a spec that it does not touch is shared with the previous version, not decoded anew. */
  readonly sharesSpec?: boolean;
}

/** The object after the patch, decoded anew. `previous` is left alone. */
export type PatchFunction = (previous: KubernetesObject | undefined) => KubernetesObject;

/**
 * The change that a patch makes. It is read when it is first applied: that there is nothing to patch is told before
 * what is wrong with the patch.
 */
export function readPatch(
  type: Exclude<PatchType, 'apply'>,
  bytes: Buffer,
  expected: ExpectedType,
  options: PatchOptions,
): PatchFunction {
  let apply: ((previous: KubernetesObject | undefined) => Patched) | undefined;
  return (previous) => {
    apply ??= languages[type](bytes.toString('utf8'), expected);
    return decodePatched(apply(previous), previous, expected, options);
  };
}

interface Patched {
  readonly document: unknown;
  /** Duplicate and unknown fields of the patch. */
  readonly strictErrors: readonly string[];
  /** What errors show: the patched document, or the patch. */
  shown(): string;
  /** The patch may have made another kind of object out of it. */
  readonly mayChangeKind: boolean;
}

type Language = (text: string, expected: ExpectedType) => (previous: KubernetesObject | undefined) => Patched;

const languages: Readonly<Record<Exclude<PatchType, 'apply'>, Language>> = {
  json(text, { schema }) {
    const { operations, strictErrors } = parseJsonPatch(text);
    const shown = (document: unknown) => documentText(schema, document, touchedBy(operations));
    return (previous) => patchedDocument(applyJsonPatch(previous, operations), strictErrors, shown);
  },
  merge(text, { schema }) {
    const { patch, strictErrors } = parseMergePatch(text);
    const shown = (document: unknown) => documentText(schema, document, patch);
    return (previous) => patchedDocument(applyMergePatch(previous, patch), strictErrors, shown);
  },
  strategic(text, { schema }) {
    const { patch, strictErrors } = parseStrategicMergePatch(text);
    return (previous) => ({
      document: applyStrategicMergePatch({ ...previous }, patch, schema),
      strictErrors,
      shown: () => goValue(patch),
      mayChangeKind: false,
    });
  },
};

const patchedDocument = (
  document: unknown,
  strictErrors: readonly string[],
  shown: (document: unknown) => string,
): Patched => ({
  document,
  strictErrors,
  shown: () => shown(document),
  mayChangeKind: true,
});

function decodePatched(
  patched: Patched,
  previous: KubernetesObject | undefined,
  expected: ExpectedType,
  options: PatchOptions,
): KubernetesObject {
  const refuse = (why: string) => undecodable(patched.shown(), why);
  const report = (strictErrors: readonly string[]) => {
    const errors = [...patched.strictErrors, ...strictErrors];
    reportStrictErrors(errors, errors, options, refuse);
  };
  try {
    const { document, mayChangeKind } = patched;
    if (expected.schema.reader !== undefined) {
      const { object, strictErrors } = readCustom(document, expected, () => refuse(missingKind(patched.shown())));
      report(strictErrors);
      return object;
    }
    if (mayChangeKind && isRecord(document)) {
      if ((document.apiVersion ?? '') === '') return versionless(document, report);
      checkKind(document, expected, refuse);
    }
    const { object, strictErrors } = isRecord(document)
      ? decodeVersion(
          expected,
          mayChangeKind ? document : { ...document, apiVersion: apiVersionOf(expected) },
          options.kinds,
          undefined,
          options.sharesSpec && hasSpecOf(previous, document) ? 'spec' : undefined,
        )
      : decode(expected.schema, document);
    report(strictErrors);
    return { ...object, apiVersion: apiVersionOf(expected), kind: expected.kind };
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
}

const hasSpecOf = (previous: KubernetesObject | undefined, document: JsonRecord): boolean =>
  isRecord(document.spec) && previous !== undefined && Reflect.get(previous, 'spec') === document.spec;

/** A custom resource stays what the patch made of it: that it is of its kind and version is asked with the rest of it. */
function readCustom(
  document: unknown,
  { schema }: ExpectedType,
  refuseKind: () => Error,
): { object: KubernetesObject; strictErrors: readonly string[] } {
  const { object, strictErrors } = decode(schema, document);
  const { apiVersion, kind } = isRecord(document) ? document : {};
  if (typeof kind !== 'string' || kind === '') throw refuseKind();
  return { object: { ...object, apiVersion: typeof apiVersion === 'string' ? apiVersion : '', kind }, strictErrors };
}

/** Without a version nothing but the version and the kind is known of an object. */
function versionless(document: JsonRecord, report: (strictErrors: readonly string[]) => void): KubernetesObject {
  report(
    Object.keys(document)
      .filter((key) => key !== 'apiVersion' && key !== 'kind')
      .sort()
      .map((path) => `unknown field "${path}"`),
  );
  return {};
}

function checkKind(document: JsonRecord, expected: ExpectedType, refuse: (why: string) => Error): void {
  const { apiVersion, kind } = document;
  // Of a wrong type, both are as good as missing: decoding says so.
  if (typeof apiVersion !== 'string') return;
  const given = {
    ...(parseApiVersion(apiVersion) ?? { group: '', version: apiVersion }),
    kind: typeof kind === 'string' && kind !== '' ? kind : expected.kind,
  };
  if (isConvertible(given, expected)) return;
  // The other kind's own troubles come first.
  const definition = definitionOfKind(given);
  if (definition !== undefined) decode(definition, document);
  throw refuse(conversionProblem(given, expected));
}

/** The document as Go prints what it patched. */
function documentText(schema: ObjectSchema, document: unknown, touched: unknown): string {
  return JSON.stringify(inGoOrder(schema, document, isRecord(touched) ? touched : {})) ?? 'null';
}

/** Which objects and lists the operations went into, as a tree of their keys. */
function touchedBy(operations: readonly JsonRecord[]): JsonRecord {
  const touched: JsonRecord = {};
  for (const { path } of operations) {
    let at = touched;
    for (const step of String(path).split('/').slice(1, -1)) {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      const inside = own(at, key);
      const next = isRecord(inside) ? inside : {};
      setOwn(at, key, next);
      at = next;
    }
  }
  return touched;
}

function undecodable(shown: string, why: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
  return new StatusError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}
