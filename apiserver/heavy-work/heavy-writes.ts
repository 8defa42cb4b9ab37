/** Writes whose bodies or objects are large: the parts of them that take long, handed to the other thread. */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { ExpectedType } from '../handlers/decode-object.ts';
import { type ApplyOptions, setOwners } from '../handlers/field-ownership.ts';
import type { PatchType } from '../handlers/patch.ts';
import type { Target } from '../handlers/target.ts';
import type { FieldValidation } from '../handlers/write-options.ts';
import type { Change } from '../registry/registry.ts';
import type { TrackFields, WriteRequest } from '../registry/write-request.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { KindName, OwnersInput } from './heavy-jobs.ts';
import type { HeavyWork } from './heavy-work.ts';

export interface HeavyWrites {
  readonly check: NonNullable<WriteRequest['checkApart']>;
  trackUpdates(write: Pick<OwnersInput, 'manager' | 'subresource'>): TrackFields;
  patch(type: PatchType, bytes: Buffer, options: ApplyOptions): Change;
}

/** For a request with a large body or about a large object; undefined: this thread does it all faster. */
export function heavyWorkFor(
  request: ApiRequest,
  { kind, registry, namespace, name }: Target,
): HeavyWrites | undefined {
  const { heavyWork } = request;
  if (heavyWork === undefined) return undefined;
  const known = name === '' ? 0 : registry.sizeOf({ namespace, name });
  const isHeavy = kind.strategy.compilesExpressions || heavyWork.isHeavy(request.bodyBytes + known);
  return isHeavy ? heavyWrites(heavyWork, request, { kind: nameOf(kind), name }) : undefined;
}

const nameOf = ({ group, version, plural }: KindName): KindName => ({ group, version, plural });

function heavyWrites(
  work: HeavyWork,
  request: ApiRequest,
  { kind, name }: { readonly kind: KindName; readonly name: string },
): HeavyWrites {
  return {
    check: ({ kind: checked, next, previous, context }) =>
      work.run('check', { kind: nameOf(checked), context, ...texts(next, previous) }, request),
    trackUpdates:
      ({ manager, subresource }) =>
      async (next, previous) => {
        const input = { kind, manager, subresource, ...texts(next, previous as Stored | undefined) };
        setOwners(next, JSON.parse(await work.run('owners', input, request)));
      },
    patch:
      (type, bytes, { manager, force, fieldValidation, subresource }) =>
      async (previous) => {
        const options = { manager, force, fieldValidation, subresource };
        const input = { type, bytes, kind, name, options, previous: previous && JSON.stringify(previous) };
        return JSON.parse(await work.run('patch', input, request)) as KubernetesObject;
      },
  };
}

const texts = (next: KubernetesObject, previous: KubernetesObject | undefined) => ({
  next: JSON.stringify(next),
  previous: previous && JSON.stringify(previous),
});

export interface DecodedApart {
  readonly bytes: Buffer;
  readonly expected: ExpectedType;
  readonly fieldValidation: FieldValidation;
}

export async function decodeApart(
  work: HeavyWork,
  request: ApiRequest,
  { bytes, expected, fieldValidation }: DecodedApart,
): Promise<KubernetesObject> {
  const { group, version, kind, definition } = expected;
  const input = {
    bytes,
    expected: { group, version, kind, definition },
    contentType: request.header('content-type'),
    fieldValidation,
  };
  return JSON.parse(await work.run('decode', input, request)) as KubernetesObject;
}
