/**
 * Asks each server behind this one again and again whether it is there, and writes it into its APIService: at once when the
 * APIService comes, every second or two while it cannot be asked, now and then when it can.
 *
 *   added → check → write what has changed → wait → check … → removed
 */

import { setMaxListeners } from 'node:events';
import { equalJson } from '../../api/json-record.ts';
import { apiServices } from '../../api/resources/apiregistration.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { APIService, APIServiceStatus } from '../../api/types/apiregistration/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWrite } from '../registry/write-request.ts';
import type { RemoteApiCaller } from './ask-remote-api.ts';
import { type Availability, checkAvailability } from './availability.ts';
import { availableCondition, type RemoteApi } from './remote-api.ts';
import type { RemoteApis } from './remote-apis.ts';

export interface AvailabilityParts {
  readonly apis: RemoteApis;
  readonly caller: RemoteApiCaller;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly logger: Logger;
}

const whileUnavailableMs = 1_000;
const whileAvailableMs = 5_000;

/** Until `signal` aborts; begins before the first APIService is told. Never rejects. */
export async function keepAvailability(parts: AvailabilityParts, signal: AbortSignal): Promise<void> {
  const watched = new Map<RemoteApi, AbortController>();
  const running = new Set<Promise<void>>();
  parts.apis.listen({
    added(api) {
      const ended = new AbortController();
      const done = watchOver(api, parts, AbortSignal.any([signal, ended.signal])).finally(() => running.delete(done));
      running.add(done);
      watched.set(api, ended);
    },
    removed(api) {
      watched.get(api)?.abort();
      watched.delete(api);
    },
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.all(running);
}

async function watchOver(api: RemoteApi, parts: AvailabilityParts, signal: AbortSignal): Promise<void> {
  setMaxListeners(0, signal);
  while (!signal.aborted) {
    const { availability, resources } = await checkAvailability(api, parts.caller);
    if (signal.aborted) return;
    const isAvailable = availability.status === 'True';
    noteResources(api, resources, isAvailable, parts.apis);
    try {
      await writeAvailability(api, availability, parts);
    } catch (error) {
      parts.logger.warn('could not write whether an API is available', { api: api.name, error });
    }
    await parts.clock.sleep(isAvailable ? whileAvailableMs : whileUnavailableMs, signal);
  }
}

function noteResources(api: RemoteApi, resources: unknown, isFresh: boolean, apis: RemoteApis): void {
  const isSame = api.isFresh === isFresh && (resources === undefined || equalJson(resources, api.resources));
  if (isSame) return;
  api.isFresh = isFresh;
  api.resources = resources ?? api.resources;
  apis.noteChange();
}

async function writeAvailability(
  api: RemoteApi,
  availability: Availability,
  { registries, clock }: AvailabilityParts,
): Promise<void> {
  if (saysSo(api, availability)) return;
  const { uid, name } = api.object.metadata;
  try {
    await registries.of(apiServices).update({ name }, { ...internalWrite, subresource: 'status' }, (previous) => {
      // Another one of the name has come meanwhile: it is another API.
      if (previous === undefined || previous.metadata.uid !== uid) return { ...previous };
      const object: APIService = { ...previous };
      return { ...object, status: statusWith(object.status, availability, clock.now()) };
    });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

function saysSo({ object }: RemoteApi, wanted: Availability): boolean {
  const said = availableCondition(object);
  return said?.status === wanted.status && said.reason === wanted.reason && said.message === wanted.message;
}

/** Pure. `now`: wall time in milliseconds. */
export function statusWith(
  status: APIServiceStatus | undefined,
  availability: Availability,
  now: number,
): APIServiceStatus {
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Available');
  const changed = before?.status !== availability.status;
  const lastTransitionTime = changed ? formatTime(now) : before?.lastTransitionTime;
  const condition = { type: 'Available', ...availability, ...(lastTransitionTime && { lastTransitionTime }) };
  return { ...status, conditions: [...conditions.filter(({ type }) => type !== 'Available'), condition] };
}
