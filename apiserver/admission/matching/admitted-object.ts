/**
 * A request as webhooks and policies see it: the resource and kind by which it was found, and its objects as JSON of that
 * kind. What they make of an object is read back from here, too.
 */

import { copyJson, isRecord, type JsonRecord } from '../../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import { apiVersionOf, parseApiVersion } from '../../../api/resource.ts';
import { badRequest, internalError } from '../../../api/status-error.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { errorText } from '../../../base/error-text.ts';
import { Turns } from '../../../base/turns.ts';
import type { Kind } from '../../../kinds/kind.ts';
import { decode } from '../../../machinery/schema/decode.ts';
import { encode } from '../../../machinery/schema/encode.ts';
import { definitionOfKind, type GroupVersionKind } from '../../../machinery/schema/registered-kinds.ts';
import { type ObjectSchema, objectSchemaOf } from '../../../machinery/schema/schema.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import { connectOptions, isConnectOptions } from './connect-options.ts';
import type { MatchedResource } from './match-rules.ts';

/** How a webhook or policy has found the request. */
export interface Match {
  readonly resource: MatchedResource;
  /** What kind of object it is shown. */
  readonly type: GroupVersionKind;
  /** Another version of the object's kind than the request is in. Absent: the request's own. */
  readonly version?: Kind | undefined;
}

/** Of a request that is matched as it is. */
export function ownMatch(request: AdmissionRequest): Match {
  const { group, version, plural } = request.kind;
  return { resource: { group, version, plural }, type: typeOf(request) };
}

/** What kind of object the client has sent: that of the resource, or that of a part of it (Eviction, PodExecOptions). */
function typeOf({ form, object, kind }: AdmissionRequest): GroupVersionKind {
  if (form !== undefined) return form.type;
  const named = object?.apiVersion === undefined ? undefined : parseApiVersion(object.apiVersion);
  return named === undefined || !object?.kind ? kind : { ...named, kind: object.kind };
}

/** What clients cannot know before the object is stored. */
const givenLater = ['uid', 'creationTimestamp', 'generation'] as const;

/** As it will be. `isBeforeStored`: as the client has sent it, without what the server gives to each new object. */
export async function shownObject(
  request: AdmissionRequest,
  match: Match,
  isBeforeStored: boolean,
): Promise<JsonRecord | undefined> {
  if (request.object === undefined) return undefined;
  const copy = await shown(request, match, request.object);
  if (isBeforeStored && request.operation === 'CREATE' && isRecord(copy.metadata) && isStoredObject(request)) {
    for (const field of givenLater) delete copy.metadata[field];
    if (request.isNameGenerated) delete copy.metadata.name;
  }
  return copy;
}

/** As it is. */
export async function shownPrevious(request: AdmissionRequest, match: Match): Promise<JsonRecord | undefined> {
  return request.previous && shown(request, match, request.previous);
}

async function shown(
  request: AdmissionRequest,
  match: Match,
  original: DeepReadonly<KubernetesObject>,
): Promise<JsonRecord> {
  const { kind, form } = request;
  const object: JsonRecord = { ...copyJson<object>(form && isNamed(original) ? form.show(original) : original) };
  const converted = match.version === undefined ? object : await toVersion(object, kind, match.version);
  const schema = schemaFor(match, request);
  if (schema !== undefined) encode(schema, converted);
  return converted;
}

/** What is admitted has been completed: it has a name by now. */
const isNamed = (object: DeepReadonly<KubernetesObject>): object is DeepReadonly<Stored> =>
  object.metadata?.name !== undefined;

/**
 * The object becomes what was made of it, in place. Returns whether that is something else than before. Throws
 * InternalError for what cannot be an object of its kind, and BadRequest where it went elsewhere. Others have their turns
 * in between: nobody knows how large it is.
 */
export async function takeObject(request: AdmissionRequest, match: Match, changed: unknown): Promise<boolean> {
  const { object, kind, form } = request;
  if (object === undefined) throw internalError('there is no object to change');
  const turns = new Turns();
  const before = JSON.stringify(object);
  const read = readObject(request, match, changed);
  await turns.pause();
  if (isStoredObject(request)) keepGiven(request, read);
  if (form !== undefined) form.take(read, object);
  else replace(object, match.version === undefined ? read : await toVersion(read, match.version, kind));
  if (isStoredObject(request)) kind.strategy.setDefaults?.(object);
  if (object.metadata && (object.metadata.namespace ?? '') !== (request.namespace ?? '') && isStoredObject(request))
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  await turns.pause();
  const isChanged = JSON.stringify(object) !== before;
  await turns.pause();
  return isChanged;
}

function readObject(request: AdmissionRequest, match: Match, changed: unknown): JsonRecord {
  if (!isRecord(changed)) throw internalError('json: cannot unmarshal the patched object into an object');
  const { type } = match;
  const [apiVersion, kind] = [apiVersionOf(type), type.kind];
  for (const field of ['apiVersion', 'kind'])
    if (typeof changed[field] !== 'string') throw internalError(`the patched object has no ${field} that is a text`);
  if (changed.apiVersion !== apiVersion || changed.kind !== kind)
    throw internalError(
      `converting (${changed.apiVersion}.${changed.kind}) to (${apiVersion}.${kind}): unknown conversion`,
    );
  const schema = schemaFor(match, request);
  try {
    if (schema === undefined) return isConnectOptions(kind) ? connectOptions(changed) : changed;
    return decode(schema, changed).object;
  } catch (error) {
    throw internalError(errorText(error), error);
  }
}

/** What the server has given is not for others to change. */
function keepGiven({ object, isNameGenerated, operation }: AdmissionRequest, read: JsonRecord): void {
  const { metadata: before = {} } = object ?? {};
  const metadata: JsonRecord = isRecord(read.metadata) ? { ...read.metadata } : {};
  const kept = operation === 'CREATE' ? givenLater : (['creationTimestamp', 'generation'] as const);
  for (const field of kept) {
    if (before[field] === undefined) delete metadata[field];
    else metadata[field] = before[field];
  }
  if (isNameGenerated && !metadata.name) metadata.name = before.name;
  if (operation === 'UPDATE' && !metadata.uid) metadata.uid = before.uid;
  read.metadata = metadata;
}

/** Not what is only posted to a part of it. */
const isStoredObject = ({ object, kind, form }: AdmissionRequest): boolean =>
  form === undefined && object?.kind === kind.kind && object.apiVersion === apiVersionOf(kind);

/** Undefined: nothing describes it. */
export function schemaFor({ type, version }: Match, { kind, form }: AdmissionRequest): ObjectSchema | undefined {
  if (version !== undefined) return version.schema;
  if (form !== undefined) return form.type.schema;
  if (type.kind === kind.kind && type.group === kind.group && type.version === kind.version) return kind.schema;
  const definition = definitionOfKind(type);
  return definition === undefined ? undefined : objectSchemaOf(definition);
}

/** From one version of a kind to another: by the form in which both are stored, or by what converts them. */
async function toVersion(object: JsonRecord, from: Kind, to: Kind): Promise<JsonRecord> {
  const { apiVersion, kind } = { apiVersion: apiVersionOf(to), kind: to.kind };
  if (to.conversion !== undefined) {
    const [converted] = isStored(object) ? await to.conversion.fromStored([object]) : [];
    return { ...(converted ?? object), apiVersion, kind };
  }
  const stored = from.storedAs ? from.storedAs.toStored(object) : object;
  return { ...(to.storedAs ? to.storedAs.fromStored(stored) : stored), apiVersion, kind };
}

const isStored = (object: KubernetesObject): object is Stored => isNamed(object);

function replace(object: KubernetesObject, next: KubernetesObject): void {
  const target: JsonRecord = { ...object };
  for (const key of Object.keys(target)) if (!Object.hasOwn(next, key)) Reflect.deleteProperty(object, key);
  Object.assign(object, next);
}
