/** The values of what expressions may name, of one request: objects as JSON, the request, its namespace. */

import type { JsonRecord } from '../../../api/json-record.ts';
import { namespaces } from '../../../api/resources/core.ts';
import { notFound } from '../../../api/status-error.ts';
import type { Variables } from '../../../machinery/cel/environment.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { admissionAttributes } from '../matching/admission-attributes.ts';
import { type Match, shownObject, shownPrevious } from '../matching/admitted-object.ts';
import { isNamespace } from '../matching/match-rules.ts';
import { namespaceOf } from '../matching/request-matcher.ts';
import { type Decide, runWithAuthorizer } from './expression-authorizer.ts';

/** By the names of expressions; `authorizer` is added where they run. */
export interface RequestVariables extends JsonRecord {
  readonly object: JsonRecord | null;
  readonly oldObject: JsonRecord | null;
}

interface VariablesOptions {
  readonly isBeforeStored: boolean;
  readonly namespaceObject?: JsonRecord | null;
}

export async function requestVariables(
  request: AdmissionRequest,
  match: Match,
  { isBeforeStored, namespaceObject = null }: VariablesOptions,
): Promise<RequestVariables> {
  return {
    object: (await shownObject(request, match, isBeforeStored)) ?? null,
    oldObject: (await shownPrevious(request, match)) ?? null,
    request: admissionAttributes(request, match),
    namespaceObject,
  };
}

/** Null for what is in none, and for namespaces themselves. Throws NotFound. */
export async function namespaceObjectOf(request: AdmissionRequest, objects: ObjectReader): Promise<JsonRecord | null> {
  const name = namespaceOf(request);
  if (name === '' || isNamespace(request.kind)) return null;
  const found = await objects.find(namespaces, { name });
  if (found === undefined) throw notFound(namespaces, name);
  const { managedFields: _, ownerReferences: __, uid, ...metadata } = found.metadata;
  return { metadata: { ...metadata, UID: uid }, spec: found.spec ?? {}, status: found.status ?? {} };
}

/** Runs expressions that may ask what the sender may do besides. `run` may be called more than once. */
export const runForRequest = <T>(
  asked: { readonly request: AdmissionRequest; readonly match: Match },
  decide: Decide,
  run: (values: Variables) => T | Promise<T>,
): Promise<T> =>
  runWithAuthorizer(
    ({ authorizer, requestResource }) => run({ authorizer, 'authorizer.requestResource': requestResource }),
    asked,
    decide,
  );
