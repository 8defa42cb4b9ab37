/** Writes whose bodies or objects are large: the parts of them that take long, handed to the other thread. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kind, KindSource } from '../../kinds/kind.ts';
import { kinds, switchableKinds } from '../../kinds/kind-table.ts';
import { isPublished } from '../../machinery/schema/schema.ts';
import { Effort, TooMuchEffortError } from '../../machinery/structural/effort.ts';
import type { ExpectedType } from '../decoding/decode-object.ts';
import type { ApplyOptions } from '../decoding/field-ownership.ts';
import type { PatchType } from '../decoding/patch.ts';
import { checkWrite } from '../registry/finish-write.ts';
import type { Change, Registry } from '../registry/registry.ts';
import type { StoredTarget } from '../registry/target.ts';
import type { TrackFields, WriteRequest } from '../registry/write-request.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { OtherThread } from '../request/other-thread.ts';
import type { FieldValidation } from '../request/write-options.ts';
import { type KindName, type OwnersInput, runJob } from './heavy-jobs.ts';

type Finish = NonNullable<WriteRequest['finishApart']>;

export interface HeavyWrites {
  readonly finish: Finish;
  trackUpdates(write: Pick<OwnersInput, 'manager' | 'subresource' | 'now'>): TrackFields;
  patch(type: PatchType, bytes: Buffer, options: ApplyOptions): Change;
}

/** For a request with a large body or about a large object; undefined: this thread does it all faster. */
export function heavyWorkFor(
  request: ApiRequest,
  { kind, registry, namespace, name }: StoredTarget,
): HeavyWrites | undefined {
  const { otherThread } = request;
  if (otherThread === undefined || !isKnownApart(kind)) return undefined;
  const known = name === '' ? 0 : registry.sizeOf({ namespace, name });
  const isHeavy =
    kind.strategy.compilesExpressions === true || request.bodyGrows || otherThread.isHeavy(request.bodyBytes + known);
  return isHeavy ? heavyWrites(otherThread, request, { registry, name }) : undefined;
}

/** So much work on one object holds nobody up. */
const lightEffort = 100_000;

/**
 * How an object is judged whose schema may make much work of little: here as far as it is light, by the other thread
 * when it turns out not to be. Undefined: what is small is light.
 */
export function finishWhereItFits(request: ApiRequest, { kind, registry, name }: StoredTarget): Finish | undefined {
  const { otherThread } = request;
  if (otherThread === undefined || kind.madeOf === undefined) return undefined;
  return async (write) => {
    try {
      return { check: checkWrite({ ...write, context: { ...write.context, effort: new Effort(lightEffort) } }) };
    } catch (error) {
      if (!(error instanceof TooMuchEffortError)) throw error;
      return await heavyWrites(otherThread, request, { registry, name }).finish(write);
    }
  };
}

/** Whatever a request was: what admission has made of its object may be large. */
export function finishWhenGrown(
  request: ApiRequest,
  { kind, registry, name }: StoredTarget,
): WriteRequest['finishChanged'] {
  const { otherThread } = request;
  if (otherThread === undefined || !isKnownApart(kind)) return undefined;
  return async (write) =>
    otherThread.isHeavy(JSON.stringify(write.next).length)
      ? await heavyWrites(otherThread, request, { registry, name }).finish(write)
      : undefined;
}

/** The other thread has a table of its own, and is told of what came while the server runs. */
const isKnownApart = (kind: Kind): boolean =>
  kind.madeOf !== undefined || kinds.includes(kind) || switchableKinds.includes(kind);

/** Where the request's body is decoded apart; undefined: here. */
export function heavyDecoderFor(
  { otherThread, bodyBytes, bodyGrows }: ApiRequest,
  { schema, madeOf }: Pick<ExpectedType, 'schema' | 'madeOf'>,
): OtherThread | undefined {
  if (madeOf === undefined && !isPublished(schema.definition)) return undefined;
  return bodyGrows || otherThread?.isHeavy(bodyBytes) ? otherThread : undefined;
}

const textOf = (source: KindSource | undefined) => source && { id: source.id, json: source.json() };

const nameOf = ({ group, version, plural, madeOf }: Kind): KindName => ({
  ...{ group, version, plural },
  definition: textOf(madeOf),
});

function heavyWrites(
  thread: OtherThread,
  request: ApiRequest,
  { registry, name }: Pick<StoredTarget, 'registry' | 'name'>,
): HeavyWrites {
  const kind = nameOf(registry.kind);
  const texts = (next: KubernetesObject, previous: DeepReadonly<Stored> | undefined) => ({
    next: JSON.stringify(next),
    previous: previous && jsonOf(registry, previous),
  });
  // Nothing in this thread asks who owns which fields: of a large object that is as much text again.
  let owners: string | undefined;
  return {
    finish: ({ kind: written, next, previous, context }) =>
      runJob(thread, 'finish', { kind: nameOf(written), context, owners, ...texts(next, previous) }, request),
    trackUpdates:
      ({ manager, subresource, now }) =>
      async (next, previous) => {
        const input = { kind, manager, subresource, now, ...texts(next, previous) };
        owners = await runJob(thread, 'owners', input, request);
        delete next.metadata?.managedFields;
      },
    patch:
      (type, bytes, { manager, force, fieldValidation, subresource, now }) =>
      async (previous) => {
        const options = { manager, force, fieldValidation, subresource, now };
        const input = { type, bytes, kind, name, options, previous: previous && jsonOf(registry, previous) };
        return await parse(await runJob(thread, 'patch', input, request));
      },
  };
}

/** The cache has the JSON of most objects that are changed. */
function jsonOf(registry: Registry, object: DeepReadonly<Stored>): string {
  const cached = registry.kind.storedAs ? undefined : registry.cache.get(registry.storeKey(object.metadata));
  const isSame = cached !== undefined && object.metadata.resourceVersion === String(cached.revision);
  return isSame ? cached.bytes.toString() : JSON.stringify(object);
}

/** Others have their turn before anything else is done with what has just taken its time to parse. */
async function parse<T extends KubernetesObject>(json: string): Promise<T> {
  // The other thread has written it, of an object of that type.
  const object = JSON.parse(json) as T;
  await nextTurn();
  return object;
}

export interface BodyToDecode<T extends KubernetesObject> {
  readonly bytes: Buffer;
  readonly expected: ExpectedType<T>;
  readonly fieldValidation: FieldValidation;
}

/** The object that a body decodes to. */
export async function decodeApart<T extends KubernetesObject>(
  thread: OtherThread,
  request: ApiRequest,
  { bytes, expected, fieldValidation }: BodyToDecode<T>,
): Promise<T> {
  const { group, version, kind, schema, madeOf } = expected;
  const contentType = request.header('content-type');
  const input = {
    bytes,
    expected: { group, version, kind, definition: schema.definition, madeOf: textOf(madeOf) },
    contentType,
    fieldValidation,
  };
  return await parse(await runJob(thread, 'decode', input, request));
}
