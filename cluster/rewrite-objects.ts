/**
 * Writes objects again as they are, so that they are stored in the form of today: encrypted with the key that writes now.
 * The server writes only those whose form is an older one, so that it costs little to do it twice.
 */

import type { KubernetesObject, Stored } from '../api/object.ts';
import { qualifiedName, type Resource } from '../api/resource.ts';
import { isConflict, isExpired, isNotFound } from '../api/status-error.ts';
import { errorText } from '../base/error-text.ts';
import { UserError } from '../base/user-error.ts';
import type { Client } from '../client/client.ts';

export interface RewriteOptions {
  readonly client: Pick<Client, 'list' | 'update'>;
  readonly signal: AbortSignal;
  /** How many are done, of how many. */
  note(done: number, all: number): void;
}

const pageSize = 200;
const parallelWrites = 8;

/** Throws `UserError` when one of them could not be written. Returns how many there are. */
export async function rewriteObjects(resource: Resource, options: RewriteOptions): Promise<number> {
  const { client, signal, note } = options;
  let done = 0;
  let next: string | undefined;
  do {
    const page = await pageOf(resource, next, client);
    // Its place is forgotten: from the beginning, where all that was written again costs little.
    if (page === undefined) {
      [done, next] = [0, undefined];
      continue;
    }
    const all = done + page.items.length + (page.metadata.remainingItemCount ?? 0);
    await rewriteAll(resource, page.items, options, () => note(++done, all));
    next = page.metadata.continue;
  } while (next && !signal.aborted);
  if (signal.aborted) throw new UserError('Stopped. Run the command again: it goes on from here.');
  return done;
}

async function pageOf(resource: Resource, next: string | undefined, client: RewriteOptions['client']) {
  try {
    return await client.list(resource, { limit: pageSize, continue: next });
  } catch (error) {
    if (next !== undefined && isExpired(error)) return undefined;
    throw error;
  }
}

async function rewriteAll(
  resource: Resource,
  objects: readonly Stored<KubernetesObject>[],
  { client, signal }: RewriteOptions,
  noteOne: () => void,
): Promise<void> {
  const queue = [...objects];
  const work = async () => {
    for (let object = queue.shift(); object !== undefined && !signal.aborted; object = queue.shift()) {
      await rewrite(resource, object, client);
      noteOne();
    }
  };
  await Promise.all(Array.from({ length: parallelWrites }, work));
}

/** Whoever wrote it in between did it as well. */
async function rewrite(
  resource: Resource,
  object: Stored<KubernetesObject>,
  client: RewriteOptions['client'],
): Promise<void> {
  try {
    await client.update(resource, object);
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return;
    const { namespace, name } = object.metadata;
    const what = `${qualifiedName(resource.plural, resource.group)} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
    throw new UserError(`${what} could not be written again: ${errorText(error)}. The old key is kept.`, {
      cause: error,
    });
  }
}
