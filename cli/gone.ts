/** Waits until an object is gone, or another has its name. */

import type { KubernetesObject, ObjectKey } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { systemClock } from '../base/clock.ts';
import { UserError } from '../base/user-error.ts';
import { ifPresent } from '../client/if-present.ts';
import type { CommandContext } from './command-context.ts';

export interface Departure {
  readonly kind: Resource;
  readonly key: ObjectKey;
  readonly uid: string;
  /** 0: for ever. */
  readonly timeoutMs: number;
}

const pollMs = 100;

/** Throws UserError when the time is over or the user stops it. */
export async function waitUntilGone(context: CommandContext, { kind, key, uid, timeoutMs }: Departure): Promise<void> {
  const client = await context.client();
  const end = timeoutMs === 0 ? Number.POSITIVE_INFINITY : systemClock.monotonic() + timeoutMs;
  while (!context.signal.aborted) {
    const present = await ifPresent(client.get<KubernetesObject>(kind, key));
    if (present?.metadata.uid !== uid) return;
    if (systemClock.monotonic() >= end)
      throw new UserError(`error: timed out waiting for the condition on ${kind.plural}/${key.name}`);
    await systemClock.sleep(pollMs, context.signal);
  }
  throw new UserError(`${kind.plural}/${key.name} is still on its way out`);
}
