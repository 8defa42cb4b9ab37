/** DELETE of one object and of a collection. */

import type { JsonRecord } from '../../api/json-record.ts';
import type { Stored } from '../../api/object.ts';
import { isSameResource } from '../../api/resource.ts';
import { jobs } from '../../api/resources/batch.ts';
import { isNotFound, type Status } from '../../api/status-error.ts';
import type { Kind } from '../../kinds/kind.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../machinery/field-errors.ts';
import type { DeletionOptions } from '../registry/deletion.ts';
import { unsafeDeletionOption } from '../registry/refusals.ts';
import type { StoredTarget } from '../registry/target.ts';
import type { WriteRequest } from '../registry/write-request.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { parseListOptions } from '../request/list-options.ts';
import { negotiate } from '../responses/negotiation.ts';
import { sendList, sendObject, sendValue } from '../responses/object-answers.ts';
import type { CachedObject } from '../store/resource-cache.ts';
import { readDeleteOptions } from './delete-options.ts';
import { pageMetadata, readPage } from './read.ts';

/** Deletions of a collection that are on their way at once. */
const parallelDeletions = 8;

export async function deleteObject(request: ApiRequest, target: StoredTarget): Promise<void> {
  const output = negotiate(request.header('accept'));
  const options = await readDeleteOptions(request, false);
  if (options.ignoreReadError) return await deleteUnreadable(request, target, options);
  warnOfOrphans(request, target, options);
  const { object, removed } = await target.registry.delete(target, options, deleteRequest(request, options));
  if (!removed || target.kind.strategy.returnDeletedObject) return await sendObject(request, target.kind, object, 200);
  await sendValue(request, 200, deletedStatus(target.kind, object), { ...output, form: 'object' });
}

/** There is no object to answer with. */
async function deleteUnreadable(request: ApiRequest, target: StoredTarget, options: DeletionOptions): Promise<void> {
  const { kind, name } = target;
  await target.registry.deleteUnreadable(target, deleteRequest(request, options));
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  const details = { name, ...(kind.group !== '' && { group: kind.group }), kind: kind.plural };
  await sendValue(request, 200, { ...status, details }, { ...negotiate(request.header('accept')), form: 'object' });
}

/** Answers with the objects as they were before. */
export async function deleteCollection(request: ApiRequest, target: StoredTarget): Promise<void> {
  negotiate(request.header('accept'));
  const listing = parseListOptions(request.query);
  const options = await readDeleteOptions(request, true);
  if (options.ignoreReadError) refuseUnsafeDeletions();
  warnOfOrphans(request, target, options);
  const page = await readPage(target, listing);
  await deleteAll(page.items, async (item) => {
    const key = { namespace: item.namespace || undefined, name: item.name };
    await target.registry.delete(key, options, { ...deleteRequest(request, options), isOfCollection: true });
  });
  await sendList(request, target.kind, page.items, pageMetadata(target, listing, page));
}

/** Each object that cannot be read is to be named by who deletes it. */
function refuseUnsafeDeletions(): never {
  const errors = new FieldErrors();
  const why = 'is not allowed with DELETECOLLECTION, try again after removing the option';
  errors.invalid(FieldPath.of(unsafeDeletionOption), true, why);
  throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors.list);
}

/** Whoever deletes a Job hardly means to keep its pods. */
function warnOfOrphans(request: ApiRequest, { kind }: StoredTarget, { propagationPolicy }: DeletionOptions): void {
  if (!isSameResource(kind, jobs) || propagationPolicy !== undefined) return;
  request.warn(
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  );
}

/** A few at a time; somebody else's deletion is as good as ours. The first error ends it. */
async function deleteAll(items: readonly CachedObject[], remove: (item: CachedObject) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await remove(item);
      } catch (error) {
        if (isNotFound(error)) continue;
        queue.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: parallelDeletions }, work));
}

const deleteRequest = (request: ApiRequest, options: DeletionOptions): WriteRequest => ({
  user: request.user,
  dryRun: options.dryRun,
  operationOptions: () => deletionAsSaid(options),
  signal: () => request.signal,
  throwIfAbandoned: () => request.throwIfAbandoned(),
  noteWrite() {
    request.hasWritten = true;
  },
  warn: (text) => request.warn(text),
  annotate: (key, value) => request.annotate(key, value),
});

/** For admission. */
export const deletionAsSaid = (options: DeletionOptions): JsonRecord => {
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions } = options;
  const said = Object.entries({ gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions });
  return Object.fromEntries(said.filter(([, value]) => value !== undefined));
};

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
