/** `describe`: an object in full, for people, with the events that concern it. */

import { ageOf } from '../../../api/human-duration.ts';
import type { Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { events } from '../../../api/resources/core.ts';
import { parseTime } from '../../../api/time.ts';
import type { Event } from '../../../api/types/core/v1.ts';
import type { Client } from '../../../client/client.ts';
import { type Arguments, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { alignColumns } from '../../printers/columns.ts';
import { renderDescription } from '../../printers/description.ts';
import { listAll } from '../../requests.ts';
import { parseSelections } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const namespace = await context.namespace();
  const texts: string[] = [];
  for (const { kind, names } of await parseSelections(client, textsOf(args, 'resources'))) {
    const objects =
      names.length > 0
        ? await Promise.all(names.map((name) => client.get(kind, { namespace, name })))
        : await listAll(client, kind, { namespace, labelSelector: textOf(args, 'selector') });
    for (const object of objects) texts.push(renderDescription(object) + (await describeEvents(client, kind, object)));
  }
  if (texts.length === 0) context.errors.write(`No resources found${namespace ? ` in ${namespace} namespace` : ''}.\n`);
  context.out.write(texts.join('\n\n'));
}

async function describeEvents(client: Client, kind: Resource, { metadata }: Stored): Promise<string> {
  const fieldSelector = [`involvedObject.name=${metadata.name}`, `involvedObject.kind=${kind.kind}`].join(',');
  const found = await listAll(client, events, { namespace: metadata.namespace, fieldSelector });
  if (found.length === 0) return 'Events:       <none>\n';
  const now = Date.now();
  const rows = found
    .sort((a, b) => sortKey(a) - sortKey(b))
    .map((event) => [
      `  ${event.type ?? ''}`,
      event.reason ?? '',
      shownAge(event, now),
      sourceOf(event),
      event.message ?? '',
    ]);
  return `Events:\n${alignColumns([['  Type', 'Reason', 'Age', 'From', 'Message'], ...rows], { minWidth: 6, padding: 3 })}`;
}

const timeOf = ({ series, lastTimestamp, eventTime, metadata }: Stored<Event>): string =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
const sortKey = (event: Stored<Event>): number => parseTime(timeOf(event)) ?? 0;

const sourceOf = ({ source, reportingComponent }: Stored<Event>): string =>
  source?.component || reportingComponent || '';

/** `5m`, or `5m (x3)` when it happened several times. */
function shownAge(event: Stored<Event>, now: number): string {
  const count = event.series?.count ?? event.count ?? 1;
  const times = count > 1 ? ` (x${count})` : '';
  return `${ageOf(timeOf(event), now)}${times}`;
}
