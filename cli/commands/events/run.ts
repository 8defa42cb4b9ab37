/** `events`: those of a namespace, or of one object, as a table by time. */

import { ageOf } from '../../../api/human-duration.ts';
import type { Stored } from '../../../api/object.ts';
import { events } from '../../../api/resources/core.ts';
import { parseTime } from '../../../api/time.ts';
import type { Event } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { alignColumns } from '../../printers/columns.ts';
import { structuredPrinter } from '../../printing.ts';
import { withType } from '../../requests.ts';
import { parseOne } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const types = textsOf(args, 'types').flatMap((one) => one.split(','));
  const wrong = types.find((type) => !/^(normal|warning)$/i.test(type));
  if (wrong !== undefined) throw new UserError('error: valid --types are Normal or Warning');
  const isMeant = ({ type = '' }: Event) =>
    types.length === 0 || types.some((one) => one.toLowerCase() === type.toLowerCase());
  const namespace = await context.namespace();
  const fieldSelector = await selectorOf(context, args);
  const page = await client.list<Event>(events, { namespace, fieldSelector });
  const found = page.items.filter(isMeant).sort((one, other) => timeOf(one) - timeOf(other));
  await print(context, args, found);
  if (!isSet(args, 'watch')) return;
  let { resourceVersion } = page.metadata;
  while (!context.signal.aborted) {
    for await (const event of client.watch<Event>(events, {
      namespace,
      fieldSelector,
      resourceVersion,
      signal: context.signal,
    })) {
      resourceVersion = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
      if (event.type === 'BOOKMARK' || event.type === 'DELETED' || !isMeant(event.object)) continue;
      context.out.write(table([event.object], namespace === undefined, false));
    }
  }
}

async function print(context: CommandContext, args: Arguments, found: readonly Stored<Event>[]): Promise<void> {
  const namespace = await context.namespace();
  const structured = await structuredPrinter(args);
  if (structured !== undefined) {
    const items = found.map((event) => withType(events, event));
    context.out.write(structured({ apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items }));
  } else if (found.length === 0 && !isSet(args, 'watch'))
    context.errors.write(
      namespace === undefined ? 'No events found.\n' : `No events found in ${namespace} namespace.\n`,
    );
  else context.out.write(table(found, namespace === undefined, !isSet(args, 'no-headers')));
}

async function selectorOf(context: CommandContext, args: Arguments): Promise<string | undefined> {
  const word = textOf(args, 'for');
  if (word === undefined) return undefined;
  if (!word.includes('/')) throw new UserError('error: --for must be in resource/name form');
  const { kind, name } = await parseOne(await context.client(), [word]);
  return `involvedObject.kind=${kind.kind},involvedObject.name=${name}`;
}

const stampOf = ({ series, lastTimestamp, eventTime, metadata }: Stored<Event>): string =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
const timeOf = (event: Stored<Event>): number => parseTime(stampOf(event)) ?? 0;

function table(found: readonly Stored<Event>[], withNamespace: boolean, withHeader: boolean): string {
  const header = [...(withNamespace ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'];
  const rows = found.map((event) => [
    ...(withNamespace ? [event.metadata.namespace ?? ''] : []),
    lastSeen(event),
    event.type ?? '',
    event.reason ?? '',
    `${event.involvedObject.kind}/${event.involvedObject.name}`,
    (event.message ?? '').trim(),
  ]);
  return alignColumns(withHeader ? [header, ...rows] : rows, { minWidth: 6, padding: 3 });
}

/** `5s`, or `5s (x3 over 2m)` when it happened several times. */
function lastSeen(event: Stored<Event>): string {
  const now = Date.now();
  const count = event.series?.count ?? event.count ?? 1;
  const last = ageOf(stampOf(event), now);
  if (count <= 1) return last;
  const first = event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
  return `${last} (x${count} over ${ageOf(first, now)})`;
}
