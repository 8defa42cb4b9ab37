/** Keeps fair sharing as new as the resource caches: what is written holds for the requests that come soon after it. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubernetesObject } from '../../api/object.ts';
import { flowSchemas, priorityLevelConfigurations } from '../../api/resources/flowcontrol.ts';
import type { Logger } from '../../base/logger.ts';
import { FollowedObjects } from '../registry/followed-objects.ts';
import type { Found } from '../registry/object-reader.ts';
import type { Registries } from '../registry/registries.ts';
import type { FlowControl } from './flow-control.ts';

export interface FollowedFlows {
  readonly flows: Pick<FlowControl, 'configure'>;
  readonly registries: Registries;
  readonly logger: Logger;
}

/** Until `signal` aborts. Never rejects. */
export async function followFlowObjects(parts: FollowedFlows, signal: AbortSignal): Promise<void> {
  let reading: Promise<void> | undefined;
  // However many change in one turn, they are read once, and all of them.
  const changed = (): void => {
    reading ??= nextTurn().then(async () => {
      reading = undefined;
      if (!signal.aborted) await read(parts);
    });
  };
  const follower = { reset: changed, set: changed, remove: changed };
  const follow = (resource: typeof flowSchemas | typeof priorityLevelConfigurations) =>
    new FollowedObjects(parts.registries.of(resource).cache, follower, parts).run(signal);
  await Promise.all([follow(flowSchemas), follow(priorityLevelConfigurations)]);
  await reading;
}

async function read({ flows, registries, logger }: FollowedFlows): Promise<void> {
  try {
    const levels = await registries.all(priorityLevelConfigurations);
    const schemas = await registries.all(flowSchemas);
    flows.configure(levels.flatMap(toConfigured), schemas.flatMap(toConfigured));
  } catch (error) {
    logger.warn('The flow schemas and priority levels could not be read', { error });
  }
}

function toConfigured<Spec>({
  metadata,
  spec,
}: Pick<Found<KubernetesObject>, 'metadata'> & { readonly spec?: Spec | undefined }) {
  return spec === undefined ? [] : [{ name: metadata.name, uid: metadata.uid, spec }];
}
