/** `wait`: until objects are made, are gone, or are in a state. */

import type { ObjectKey } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { notFound } from '../../../api/status-error.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { type Arguments, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { listAll, titleOf } from '../../requests.ts';
import { parseSelections } from '../../resources.ts';
import { parseWaitCondition, type WaitCondition } from './wait-condition.ts';

const pollMs = 100;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const condition = parseWaitCondition(textOf(args, 'for') ?? '');
  const end = systemClock.monotonic() + durationMs(textOf(args, 'timeout') ?? '30s', '--timeout');
  const client = await context.client();
  const namespace = await context.oneNamespace();
  for (const { kind, names } of await parseSelections(client, textsOf(args, 'resources'))) {
    const targets = names.length > 0 ? names : await matching(client, { kind, namespace, args });
    for (const name of targets) await waitFor(context, { client, kind, key: { namespace, name }, condition, end });
  }
}

async function matching(
  client: Client,
  { kind, namespace, args }: { kind: Resource; namespace: string; args: Arguments },
): Promise<string[]> {
  const labelSelector = textOf(args, 'selector');
  if (labelSelector === undefined && !isSet(args, 'all')) {
    throw new UserError(`Say which ${kind.plural}: by name, by -l SELECTOR, or --all`);
  }
  const found = (await listAll(client, kind, { namespace, labelSelector })).map(({ metadata }) => metadata.name);
  if (found.length === 0) throw new UserError('no matching resources found');
  return found;
}

interface Waiting {
  readonly client: Client;
  readonly kind: Resource;
  readonly key: ObjectKey;
  readonly condition: WaitCondition;
  /** On the monotonic clock. */
  readonly end: number;
}

async function waitFor(context: CommandContext, waiting: Waiting): Promise<void> {
  const { kind, key, condition, end } = waiting;
  const title = titleOf(kind, key.name);
  while (!context.signal.aborted) {
    if (await isMet(waiting))
      return void context.out.write(`${title} ${condition.type === 'delete' ? 'deleted' : 'condition met'}\n`);
    if (systemClock.monotonic() > end) throw new UserError(`timed out waiting for the condition on ${title}`);
    await systemClock.sleep(pollMs, context.signal);
  }
}

async function isMet({ client, kind, key, condition }: Waiting): Promise<boolean> {
  const object = await ifPresent(client.get(kind, key));
  if (condition.type === 'delete') return object === undefined;
  if (object !== undefined) return condition.type === 'create' || condition.isTrue(object);
  if (condition.type === 'create') return false;
  throw notFound(kind, key.name);
}
