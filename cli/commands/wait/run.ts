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
import { titleOf } from '../../requests.ts';
import { findTargets } from '../../target-objects.ts';
import { parseWaitCondition, type WaitCondition } from './wait-condition.ts';

const pollMs = 100;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const condition = parseWaitCondition(textOf(args, 'for') ?? '');
  const end = systemClock.monotonic() + durationMs(textOf(args, 'timeout') ?? '30s', '--timeout');
  const client = await context.client();
  const isSearch = textOf(args, 'selector') !== undefined || isSet(args, 'all');
  const targets = await findTargets(context, args, textsOf(args, 'resources'));
  if (targets.length === 0 && isSearch && condition.type !== 'delete')
    throw new UserError('error: no matching resources found');
  for (const { kind, key } of targets) await waitFor(context, { client, kind, key, condition, end });
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
  const { kind, key, end } = waiting;
  const title = titleOf(kind, key.name);
  for (let isFirst = true; !context.signal.aborted; isFirst = false) {
    if (await isMet(waiting)) {
      // Of what was gone before, as in kubectl, nothing is said.
      if (!isFirst || waiting.condition.type !== 'delete') context.out.write(`${title} condition met\n`);
      return;
    }
    if (systemClock.monotonic() > end)
      throw new UserError(`error: timed out waiting for the condition on ${kind.plural}/${key.name}`);
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
