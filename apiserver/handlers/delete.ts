/** DELETE of one object and of a collection. */

import { FieldErrors, FieldPath, invalidObject } from '../../api/field-errors.ts';
import type { Kind } from '../../api/kind.ts';
import type { Stored } from '../../api/object.ts';
import { badRequest, isNotFound, type Status } from '../../api/status-error.ts';
import type { DeletionOptions, PropagationPolicy } from '../registry/deletion.ts';
import type { WriteRequest } from '../registry/write-request.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { CachedObject } from '../store/resource-cache.ts';
import { readBody } from './body.ts';
import { interestOf } from './interest.ts';
import { parseListOptions } from './list-options.ts';
import { negotiate } from './negotiation.ts';
import { sendList, sendObject, sendValue } from './object-answers.ts';
import { booleanParameter, integerParameter } from './query.ts';
import { waitUntilFresh } from './read.ts';
import type { Target } from './target.ts';
import { checkDryRun } from './write-options.ts';

/** Deletions of a collection that are on their way at once. */
const parallelDeletions = 8;

export async function deleteObject(request: ApiRequest, target: Target): Promise<void> {
  const output = negotiate(request.header('accept'));
  const options = await readDeleteOptions(request);
  const { object, removed } = await target.registry.delete(target, options, deleteRequest(request, options));
  if (!removed || target.kind.strategy.answersDeletedObject) return await sendObject(request, target.kind, object, 200);
  await sendValue(request, 200, deletedStatus(target.kind, object), { ...output, form: 'object' });
}

export async function deleteCollection(request: ApiRequest, target: Target): Promise<void> {
  negotiate(request.header('accept'));
  const listing = parseListOptions(request.query);
  const options = await readDeleteOptions(request);
  const { cache } = target.registry;
  await waitUntilFresh(cache, listing.resourceVersion);
  const { items, revision } = cache.list(interestOf(target, listing));
  const deleted: CachedObject[] = [];
  const queue = [...items];
  const work = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const key = { namespace: item.namespace || undefined, name: item.name };
      try {
        await target.registry.delete(key, { ...options, preconditions: undefined }, deleteRequest(request, options));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      deleted.push(item);
    }
  };
  await Promise.all(Array.from({ length: parallelDeletions }, work));
  await sendList(
    request,
    target.kind,
    items.filter((item) => deleted.includes(item)),
    { resourceVersion: String(revision) },
  );
}

const deleteRequest = (request: ApiRequest, { dryRun }: DeletionOptions): WriteRequest => ({
  user: request.user,
  dryRun,
  signal: request.signal,
  warn: (text) => request.warn(text),
});

function deletedStatus(kind: Kind, { metadata }: Stored): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: metadata.name,
      ...(kind.group !== '' && { group: kind.group }),
      kind: kind.plural,
      uid: metadata.uid,
    },
  };
}

interface RawDeleteOptions {
  readonly gracePeriodSeconds?: number | null;
  readonly propagationPolicy?: string | null;
  readonly orphanDependents?: boolean | null;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | null;
  readonly dryRun?: readonly string[] | null;
}

/** From the body, and only without one from the query. */
async function readDeleteOptions(request: ApiRequest): Promise<DeletionOptions> {
  const body = await readBody(request);
  const raw = body.length > 0 ? decodeDeleteOptions(body) : queryDeleteOptions(request.query);
  return checkDeleteOptions(raw);
}

function decodeDeleteOptions(body: Buffer): RawDeleteOptions {
  try {
    return JSON.parse(body.toString()) as RawDeleteOptions;
  } catch (cause) {
    throw Object.assign(badRequest(`the object provided is unrecognized (must be of type DeleteOptions)`), { cause });
  }
}

function queryDeleteOptions(query: URLSearchParams): RawDeleteOptions {
  return {
    gracePeriodSeconds: integerParameter(query, 'gracePeriodSeconds') ?? null,
    propagationPolicy: query.get('propagationPolicy'),
    orphanDependents: booleanParameter(query, 'orphanDependents') ?? null,
    dryRun: query.getAll('dryRun'),
  };
}

const policies: readonly string[] = ['Background', 'Foreground', 'Orphan'];

function checkDeleteOptions(raw: RawDeleteOptions): DeletionOptions {
  const errors = new FieldErrors();
  const policy = raw.propagationPolicy ?? undefined;
  if (raw.orphanDependents !== null && raw.orphanDependents !== undefined && policy !== undefined) {
    errors.invalid(
      FieldPath.of('propagationPolicy'),
      policy,
      'orphanDependents and deletionPropagation cannot be both set',
    );
  }
  if (policy !== undefined && !policies.includes(policy)) {
    errors.notSupported(FieldPath.of('propagationPolicy'), policy, [...policies, 'nil']);
  }
  checkDryRun(raw.dryRun ?? [], errors);
  if (!errors.empty) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors.list);
  return {
    gracePeriodSeconds: raw.gracePeriodSeconds ?? undefined,
    propagationPolicy: policy as PropagationPolicy | undefined,
    orphanDependents: raw.orphanDependents ?? undefined,
    preconditions: raw.preconditions ?? undefined,
    dryRun: (raw.dryRun ?? []).length > 0,
  };
}
