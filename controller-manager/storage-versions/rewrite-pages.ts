/**
 * Has the server write a resource's objects again, page by page: each is patched with nothing but the version that was
 * read, and the server writes what is not stored in today's form. Only metadata is read: objects may be large.
 */

import type { ObjectKey } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { isConflict, isExpired, isNotFound } from '../../api/status-error.ts';
import type { Client, ListOptions } from '../../client/client.ts';
import { collectionPath, queryString } from '../../client/resource-path.ts';
import { isOlderThan } from './migration-plan.ts';

const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

interface Page {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly { readonly metadata: ObjectKey & { readonly resourceVersion: string } }[];
}

type PageQuery = Pick<ListOptions, 'limit' | 'continue'>;
type Rewriter = Pick<Client, 'raw' | 'patch'>;

/** The version that the resource has now: what is written later is written in today's form. */
export async function currentVersion(client: Rewriter, resource: Resource): Promise<string> {
  const { metadata } = await readPage(client, resource, { limit: 1 });
  return metadata.resourceVersion;
}

export interface RewriteOptions {
  readonly resource: Resource;
  /** What was written after this version of the resource is passed over. */
  readonly began: string;
  readonly signal: AbortSignal;
  /** Default 500. */
  readonly pageSize?: number;
}

/**
 * Resolves once all that was there at `began` has been written since. Throws what the server says of an object that it
 * does not take; nothing is lost by doing it again.
 */
export async function rewriteSince(
  client: Rewriter,
  { resource, began, signal, pageSize = 500 }: RewriteOptions,
): Promise<void> {
  let next: string | undefined;
  do {
    const page = await pageOrStart(client, resource, { limit: pageSize, continue: next });
    for (const { metadata } of page.items) {
      signal.throwIfAborted();
      if (isOlderThan(metadata.resourceVersion, began)) await rewrite(client, resource, metadata);
    }
    next = page.metadata.continue;
  } while (next);
}

/** A place that the server has forgotten is begun from again: what was written then is passed over. */
async function pageOrStart(client: Rewriter, resource: Resource, query: PageQuery): Promise<Page> {
  try {
    return await readPage(client, resource, query);
  } catch (error) {
    if (query.continue === undefined || !isExpired(error)) throw error;
    return await readPage(client, resource, { limit: query.limit });
  }
}

async function readPage(client: Rewriter, resource: Resource, { limit, continue: place }: PageQuery): Promise<Page> {
  const path = collectionPath(resource) + queryString({ limit, continue: place });
  const { text } = await client.raw('GET', path, { headers: { accept } });
  // The server is trusted to answer with what was accepted.
  const page = JSON.parse(text) as Page;
  return { ...page, items: page.items ?? [] };
}

/** Whoever wrote or deleted it in between has done it as well. */
async function rewrite(client: Rewriter, resource: Resource, metadata: Page['items'][number]['metadata']) {
  const { namespace, name, resourceVersion } = metadata;
  try {
    await client.patch(resource, { namespace, name }, { type: 'merge', body: { metadata: { resourceVersion } } });
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}
