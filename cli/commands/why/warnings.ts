/** The warnings that an object has had, each once, the last ones. */

import { ageOf } from '../../../api/human-duration.ts';
import type { Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { events } from '../../../api/resources/core.ts';
import { parseTime } from '../../../api/time.ts';
import type { Event } from '../../../api/types/core/v1.ts';
import type { Client } from '../../../client/client.ts';
import { listAll } from '../../requests.ts';

const shownWarnings = 4;

export async function warningsOf(client: Client, kind: Resource, object: Stored): Promise<readonly string[]> {
  return renderWarnings(await warningEventsOf(client, kind, object), Date.now());
}

export async function warningEventsOf(client: Client, kind: Resource, { metadata }: Stored): Promise<Stored<Event>[]> {
  const fields = [`involvedObject.name=${metadata.name}`, `involvedObject.kind=${kind.kind}`, 'type=Warning'];
  const found = await listAll(client, events, { namespace: metadata.namespace, fieldSelector: fields.join(',') });
  return found.filter(({ involvedObject }) => !involvedObject?.uid || involvedObject.uid === metadata.uid);
}

export const timeOf = ({ series, lastTimestamp, eventTime, metadata }: Stored<Event>): string =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;

/** The last of each reason and message, oldest first. */
export function renderWarnings(found: readonly Stored<Event>[], now: number): readonly string[] {
  const last = new Map<string, Stored<Event>>();
  const byTime = found.toSorted((a, b) => (parseTime(timeOf(a)) ?? 0) - (parseTime(timeOf(b)) ?? 0));
  for (const event of byTime) {
    const key = `${event.reason} ${event.message}`;
    last.delete(key);
    last.set(key, event);
  }
  return [...last.values()].slice(-shownWarnings).map((event) => {
    const count = event.series?.count ?? event.count ?? 1;
    const times = count > 1 ? `, ${count} times` : '';
    return `${event.reason ?? ''}: ${(event.message ?? '').trim()} (${ageOf(timeOf(event), now)} ago${times})`;
  });
}
