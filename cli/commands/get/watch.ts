/** `get -w`: what is there, then every change, until the user stops it. Goes on when the server ends a watch. */

import { createInterface } from 'node:readline';
import { isRecord } from '../../../api/json-record.ts';
import { type Status, StatusError } from '../../../api/status-error.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { collectionPath, queryString } from '../../../client/resource-path.ts';
import { isSet } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { renderServerTable, serverTableColumns, type Table, tableAccept } from '../../printers/server-table.ts';
import { type Printer, structuredPrinter } from '../../printing.ts';
import type { Scope } from '../../requests.ts';
import type { Selection } from '../../resources.ts';
import { type GetRequest, readObjects, readTable, tableOptions } from './request.ts';

/** Watches that end at once are not begun anew at once. */
const pauseMs = 1_000;

export async function watch(
  context: CommandContext,
  selections: readonly Selection[],
  request: GetRequest,
): Promise<void> {
  const [selection, ...others] = selections;
  if (selection === undefined || others.length > 0)
    throw new UserError('error: you may only specify a single resource type');
  const client = await context.client();
  const first = await readTable(client, selection, request);
  if (first === undefined) return;
  const printer = await structuredPrinter(request.args);
  const show = shower(context, selection, { request, first, printer });
  const isQuiet = isSet(request.args, 'watch-only');
  if (printer === undefined) show('ADDED', { ...first, rows: isQuiet ? [] : first.rows });
  else if (!isQuiet) for (const object of await readObjects(client, selection, request)) show('ADDED', object);
  if (selection.names.length > 1)
    throw new UserError('error: you may only watch a single resource or type of resource at a time');
  const scope = { ...request.scope, ...nameSelector(selection, request.scope) };
  let resourceVersion = first.metadata.resourceVersion ?? '';
  while (!context.signal.aborted) {
    const before = resourceVersion;
    for await (const event of watchOnce(context, selection, { scope, resourceVersion, table: printer === undefined })) {
      resourceVersion = versionOf(event.object) ?? resourceVersion;
      if (event.type !== 'BOOKMARK') show(event.type, event.object);
    }
    if (resourceVersion === before) await systemClock.sleep(pauseMs, context.signal);
  }
}

type Show = (type: string, object: unknown) => void;

interface Showing {
  readonly request: GetRequest;
  readonly first: Table;
  readonly printer: Printer | undefined;
}

/** Writes objects, or rows below a header that comes with the first of them. */
function shower(context: CommandContext, selection: Selection, { request, first, printer }: Showing): Show {
  const { args } = request;
  const withEvents = isSet(args, 'output-watch-events');
  if (printer !== undefined)
    return (type, object) => context.out.write(printer(withEvents ? { type, object } : object));
  const columns = serverTableColumns();
  const options = tableOptions(selection, false, request);
  let header = !isSet(args, 'no-headers');
  return (type, object) => {
    // Without a printer, tables were asked for; those of a watch come without column definitions.
    const table = { ...(object as Table), columnDefinitions: first.columnDefinitions };
    if ((table.rows ?? []).length === 0) return;
    const event = withEvents ? type : undefined;
    context.out.write(renderServerTable(table, { ...options, event }, { header, columns }));
    header = false;
  };
}

function nameSelector({ names: [name] }: Selection, { fieldSelector }: Scope): Partial<Scope> {
  if (name === undefined) return {};
  return {
    fieldSelector: [`metadata.name=${name}`, ...(fieldSelector === undefined ? [] : [fieldSelector])].join(','),
  };
}

interface WatchOnce {
  readonly scope: Scope;
  readonly resourceVersion: string;
  /** Tables, or objects as they are. */
  readonly table: boolean;
}

type WireEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: unknown }
  | { readonly type: 'ERROR'; readonly object: Status };

async function* watchOnce(context: CommandContext, { kind }: Selection, options: WatchOnce): AsyncGenerator<WireEvent> {
  const { namespace, ...selectors } = options.scope;
  const query = queryString({
    ...selectors,
    resourceVersion: options.resourceVersion,
    watch: true,
    allowWatchBookmarks: true,
  });
  const client = await context.client();
  const headers = options.table ? { accept: tableAccept } : {};
  const stream = await client.stream(collectionPath(kind, namespace) + query, context.signal, headers);
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  // A stream that is destroyed does not end the lines that are read from it.
  const stop = () => lines.close();
  context.signal.addEventListener('abort', stop, { once: true });
  stream.once('close', stop);
  try {
    for await (const line of lines) {
      // Watches answer with events.
      const event = JSON.parse(line) as WireEvent;
      if (event.type === 'ERROR') throw StatusError.from(event.object);
      yield event;
    }
  } finally {
    context.signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

function versionOf(object: unknown): string | undefined {
  if (!isRecord(object)) return undefined;
  const row: unknown = Array.isArray(object.rows) ? object.rows[0] : undefined;
  return resourceVersionIn(isRecord(row) ? row.object : undefined) ?? resourceVersionIn(object);
}

function resourceVersionIn(object: unknown): string | undefined {
  const metadata = isRecord(object) ? object.metadata : undefined;
  const version = isRecord(metadata) ? metadata.resourceVersion : undefined;
  return typeof version === 'string' && version !== '' ? version : undefined;
}
