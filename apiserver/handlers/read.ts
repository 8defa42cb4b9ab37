/** GET of one object and of a list, from the resource cache. */

import { expired, notFound, StatusError } from '../../api/status-error.ts';
import type { StoredTarget } from '../registry/target.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { type ContinueToken, encodeContinueToken, newestRevision } from '../request/continue-token.ts';
import { type ListOptions, parseListOptions, parseResourceVersion } from '../request/list-options.ts';
import { negotiate } from '../responses/negotiation.ts';
import { sendCached, sendList } from '../responses/object-answers.ts';
import type { TableListMetadata } from '../responses/tables.ts';
import {
  CacheBehindError,
  type CacheList,
  type CacheListOptions,
  type ResourceCache,
} from '../store/resource-cache.ts';
import { interestOf } from './interest.ts';

/** How long a read waits for the cache to become as new as was asked. */
const freshnessTimeoutMs = 3_000;

export async function getObject(request: ApiRequest, target: StoredTarget): Promise<void> {
  const { registry, kind, name, namespace } = target;
  negotiate(request.header('accept'));
  const version =
    request.rawQuery === '' ? undefined : parseResourceVersion(request.query.get('resourceVersion') ?? '');
  await waitUntilFresh(registry.cache, version);
  const key = registry.storeKey({ namespace, name });
  const item = registry.cache.get(key);
  if (item === undefined) throw registry.cache.whyUnreadable(key) ?? notFound(kind, name);
  await sendCached(request, kind, item);
}

export async function listObjects(request: ApiRequest, target: StoredTarget): Promise<void> {
  negotiate(request.header('accept'));
  const options = parseListOptions(request.query);
  const page = await readPage(target, options);
  warnOfUnreadable(request, target);
  await sendList(request, target.kind, page.items, pageMetadata(target, options, page));
}

/** One object that cannot be read must not keep all others from their readers, nor be missing without a word. */
function warnOfUnreadable(request: ApiRequest, { registry, kind, namespace, name }: StoredTarget): void {
  const { cache, prefix } = registry;
  if (cache.stats.unreadable === 0 || name !== '') return;
  const count = cache.countUnreadable(namespace ? `${prefix}${namespace}/` : prefix);
  if (count > 0) request.warn(`${count} of the ${kind.plural} cannot be read from the storage and are left out`);
}

/** How many more match is only known when everything does. */
export function pageMetadata(target: StoredTarget, options: ListOptions, page: CacheList): TableListMetadata {
  const resourceVersion = String(page.revision);
  const last = page.items.at(-1);
  if (page.next === undefined || last === undefined) return { resourceVersion };
  const after = keyInPrefix(target.registry.prefix, last.key, target.namespace);
  return {
    resourceVersion,
    continue: encodeContinueToken({ revision: page.revision, after }),
    ...(page.remaining !== undefined &&
      options.labelSelector === '' &&
      options.fieldSelector === '' && { remainingItemCount: page.remaining }),
  };
}

/** The names in a token are relative to what is listed, so that a token tells nothing about the store. */
function keyInPrefix(prefix: string, key: string, namespace: string | undefined): string {
  return key.slice(prefix.length + (namespace ? namespace.length + 1 : 0));
}

export async function readPage(target: StoredTarget, options: ListOptions): Promise<CacheList> {
  const { registry } = target;
  const { cache } = registry;
  const listing: CacheListOptions = { ...interestOf(target, options) };
  if (options.continue !== undefined) {
    return await continueList(target, options.continue, { ...listing, limit: options.limit || undefined });
  }
  const limit = options.limit === 0 || options.resourceVersion === 0 ? undefined : options.limit;
  // A limit with a version, and no word about how the two match, has always meant that very version.
  const isExact =
    options.resourceVersionMatch === 'Exact' || (limit !== undefined && options.resourceVersionMatch === undefined);
  if (isExact && options.resourceVersion !== undefined) {
    const page = await listAt(target, options.resourceVersion, { ...listing, limit });
    if (page === undefined) throw expired('The resourceVersion for the provided list is too old.');
    return page;
  }
  await waitUntilFresh(cache, options.resourceVersion);
  return cache.list({ ...listing, limit });
}

/** The next page as of the token's revision; the newest, once that is forgotten and the client said that it knows. */
async function continueList(target: StoredTarget, token: ContinueToken, listing: CacheListOptions): Promise<CacheList> {
  const { prefix, cache } = target.registry;
  const after = `${prefix}${target.namespace ? `${target.namespace}/` : ''}${token.after}`;
  if (token.revision === newestRevision) {
    await waitUntilFresh(cache, undefined);
    return cache.list({ ...listing, after });
  }
  const page = await listAt(target, token.revision, { ...listing, after });
  if (page !== undefined) return page;
  throw expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
      'deleted between the time the first chunk was returned and now may show up in the list.',
    encodeContinueToken({ ...token, revision: newestRevision }),
  );
}

/** Undefined: the revision is forgotten. */
async function listAt(
  target: StoredTarget,
  revision: number,
  listing: CacheListOptions,
): Promise<CacheList | undefined> {
  const { cache } = target.registry;
  if (revision > cache.revision) await waitUntilFresh(cache, revision);
  return cache.listAt(revision, listing);
}

/** `undefined`: not older than any write acknowledged before; 0: anything; else at least that revision. */
export function waitUntilFresh(cache: ResourceCache, revision: number | undefined): Promise<void> {
  return revision === undefined ? cache.waitUntilConsistent(freshnessTimeoutMs) : waitForRevision(cache, revision);
}

async function waitForRevision(cache: ResourceCache, revision: number): Promise<void> {
  if (revision <= cache.revision) return;
  try {
    await cache.waitFor(revision, freshnessTimeoutMs);
  } catch (cause) {
    if (!(cause instanceof CacheBehindError)) throw cause;
    throw tooLargeVersion(revision, cache.revision, cause);
  }
}

export function tooLargeVersion(revision: number, current: number, cause?: unknown): StatusError {
  return new StatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${revision}, current: ${current}`,
    { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
    { cause },
  );
}
