/** `get`: objects as tables, or in the format that was asked for; with `-w` also what happens to them afterwards. */

import { createInterface } from 'node:readline';
import { isRecord } from '../../../api/json-record.ts';
import { parseApiVersion, qualifiedName } from '../../../api/resource.ts';
import { type Status, StatusError } from '../../../api/status-error.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { collectionPath, queryString } from '../../../client/resource-path.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { readManifests } from '../../manifest-files.ts';
import { hasClassicTable, renderClassicTable } from '../../printers/classic-table.ts';
import { renderServerTable, type Table, type TableOptions, tableAccept } from '../../printers/server-table.ts';
import { isWide, type Printer, structuredPrinter } from '../../printing.ts';
import { getObjectTable, joinPages, listAll, listTable, type Scope, withType } from '../../requests.ts';
import { isClassicPath, parseSelections, resolveKind, type Selection } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const selections = await selectionsOf(client, args);
  const scope: Scope = {
    namespace: await context.namespace(),
    labelSelector: textOf(args, 'selector'),
    fieldSelector: textOf(args, 'field-selector'),
  };
  if (scope.namespace === undefined && selections.some(({ names }) => names.length > 0)) {
    throw new UserError('An object with a name is in one namespace: use -n instead of --all-namespaces');
  }
  const printer = await structuredPrinter(args);
  if (isSet(args, 'watch')) return await watch(context, selections, { scope, args, printer });
  if (printer !== undefined) return await printStructured(context, selections, scope, printer);
  if (isClassicGet(args)) return await printClassic(context, selections, scope);
  await printTables(context, selections, { scope, args });
}

async function selectionsOf(client: Client, args: Arguments): Promise<Selection[]> {
  const files = textsOf(args, 'filename');
  if (files.length === 0) return await parseSelections(client, textsOf(args, 'resources'));
  const manifests = await readManifests(files);
  return await Promise.all(
    manifests.map(async ({ apiVersion, kind, metadata }) => {
      const { group } = parseApiVersion(apiVersion) ?? { group: '' };
      return {
        kind: await resolveKind(client, qualifiedName(kind, group)),
        names: [metadata?.name ?? ''],
      };
    }),
  );
}

/** `get pods/web` printed the classic table; `get pod/web` and `get pods web` are today's. */
function isClassicGet(args: Arguments): boolean {
  const [word, ...others] = textsOf(args, 'resources');
  return word !== undefined && others.length === 0 && isClassicPath(word) && textOf(args, 'output') === undefined;
}

async function printClassic(context: CommandContext, selections: readonly Selection[], scope: Scope): Promise<void> {
  for (const { kind, names } of selections) {
    const objects = await readObjects(await context.client(), { kind, names }, scope);
    if (!hasClassicTable(kind.kind)) throw new UserError(`There is no classic table of ${kind.plural}`);
    context.out.write(renderClassicTable(kind.kind, objects));
  }
}

async function printStructured(
  context: CommandContext,
  selections: readonly Selection[],
  scope: Scope,
  print: Printer,
): Promise<void> {
  const client = await context.client();
  const objects = (await Promise.all(selections.map((one) => readObjects(client, one, scope)))).flat();
  const [only] = objects;
  const isOne = selections.length === 1 && selections[0]?.names.length === 1;
  const list = { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects };
  context.out.write(print(isOne ? only : list));
}

async function readObjects(client: Client, { kind, names }: Selection, scope: Scope) {
  const objects =
    names.length === 0
      ? await listAll(client, kind, scope)
      : await Promise.all(names.map((name) => client.get(kind, { namespace: scope.namespace, name })));
  return objects.map((object) => withType(kind, object));
}

interface TableRequest {
  readonly scope: Scope;
  readonly args: Arguments;
}

async function printTables(
  context: CommandContext,
  selections: readonly Selection[],
  request: TableRequest,
): Promise<void> {
  const { scope, args } = request;
  const client = await context.client();
  const tables = await Promise.all(selections.map((selection) => readTable(client, selection, scope)));
  const filled = tables.flatMap((table, index) => ((table.rows ?? []).length === 0 ? [] : [{ table, index }]));
  if (filled.length === 0) return void context.errors.write(`No resources found${inNamespace(scope, selections)}.\n`);
  const texts = filled.map(({ table, index }) => {
    const options = tableOptions(selections[index], selections.length > 1, request);
    return renderServerTable(table, options, !isSet(args, 'no-headers'));
  });
  context.out.write(texts.join('\n'));
}

function inNamespace({ namespace }: Scope, selections: readonly Selection[]): string {
  return namespace === undefined || !selections.some(({ kind }) => kind.namespaced) ? '' : ` in ${namespace} namespace`;
}

function tableOptions(selection: Selection | undefined, several: boolean, { scope, args }: TableRequest): TableOptions {
  const kind = selection?.kind;
  const group = kind === undefined || kind.group === '' ? '' : `.${kind.group}`;
  return {
    wide: isWide(args),
    withNamespace: scope.namespace === undefined && kind?.namespaced === true,
    withLabels: isSet(args, 'show-labels'),
    namePrefix: several ? `${kind?.kind.toLowerCase() ?? ''}${group}/` : '',
  };
}

async function readTable(client: Client, { kind, names }: Selection, scope: Scope): Promise<Table> {
  if (names.length === 0) return await listTable(client, kind, scope);
  return joinPages(await Promise.all(names.map((name) => getObjectTable(client, kind, scope.namespace, name))));
}

interface WatchRequest extends TableRequest {
  readonly printer: Printer | undefined;
}

/** Prints what is there, then every change, until the user stops it. Reconnects when the server ends a watch. */
async function watch(context: CommandContext, selections: readonly Selection[], request: WatchRequest): Promise<void> {
  const [selection, ...others] = selections;
  if (selection === undefined || others.length > 0 || selection.names.length > 1) {
    throw new UserError('-w watches one resource, or one object of it');
  }
  const scope = { ...request.scope, ...nameSelector(selection, request.scope) };
  const client = await context.client();
  const first = await readTable(client, selection, request.scope);
  const options = tableOptions(selection, false, request);
  if (request.printer === undefined) {
    context.out.write(renderServerTable(first, options, !isSet(request.args, 'no-headers')));
  } else {
    await printStructured(context, selections, request.scope, request.printer);
  }
  let resourceVersion = first.metadata.resourceVersion ?? '';
  while (!context.signal.aborted) {
    for await (const event of watchOnce(context, selection, { scope, resourceVersion, table: !request.printer })) {
      resourceVersion = versionOf(event.object) ?? resourceVersion;
      if (event.type === 'BOOKMARK') continue;
      // Without a printer, tables were asked for.
      context.out.write(request.printer?.(event.object) ?? renderRows(event.object as Table, first, options));
    }
  }
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

/** Later tables of a watch come without column definitions. */
function renderRows(table: Table, first: Table, options: TableOptions): string {
  return renderServerTable({ ...table, columnDefinitions: first.columnDefinitions }, options, false);
}
