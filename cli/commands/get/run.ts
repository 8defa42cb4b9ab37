/** `get`: objects as tables, or in the format that was asked for; with `-w` also what happens to them afterwards. */

import { createInterface } from 'node:readline';
import { isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import { parseApiVersion, qualifiedName } from '../../../api/resource.ts';
import { type Status, StatusError } from '../../../api/status-error.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { collectionPath, objectPath, queryString } from '../../../client/resource-path.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { readManifests } from '../../manifest-files.ts';
import { hasClassicTable, renderClassicTable } from '../../printers/classic-table.ts';
import { renderServerTable, type Table, type TableOptions, tableAccept } from '../../printers/server-table.ts';
import { isWide, type Printer, structuredPrinter } from '../../printing.ts';
import {
  getObjectTable,
  joinPages,
  listAll,
  listTable,
  type RowOptions,
  type Scope,
  withType,
} from '../../requests.ts';
import { isClassicPath, parseSelections, resolveKind, type Selection } from '../../resources.ts';
import { SilentExit } from '../../silent-exit.ts';
import { sorted } from './sort-by.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const raw = textOf(args, 'raw');
  if (raw !== undefined) return await printRaw(context, raw);
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
  if (isSet(args, 'watch') || isSet(args, 'watch-only'))
    return await watch(context, selections, { scope, args, printer });
  const request = { scope, args, missing: [] };
  if (printer !== undefined) await printStructured(context, selections, request, printer);
  else if (isClassicGet(args)) await printClassic(context, selections, request);
  else await printTables(context, selections, request);
  tellMissing(context, request);
}

async function printRaw(context: CommandContext, path: string): Promise<void> {
  if (!path.startsWith('/')) throw new UserError(`error: --raw must be a path such as /version, not "${path}"`);
  context.out.write((await (await context.client()).raw('GET', path)).text);
}

/** Those that are there were printed; the others are said, each. */
function tellMissing({ errors }: CommandContext, { missing, args }: Request): void {
  if (missing.length === 0 || isSet(args, 'ignore-not-found')) return;
  for (const error of missing) errors.write(`Error from server (${error.reason}): ${error.message}\n`);
  throw new SilentExit(1);
}

interface Request {
  readonly scope: Scope;
  readonly args: Arguments;
  /** What was named and is not there, as it is found out. */
  readonly missing: StatusError[];
}

/** Undefined, and noted, when it is not there. */
async function unlessMissing<T>(found: Promise<T>, { missing }: Pick<Request, 'missing'>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    missing.push(error);
    return undefined;
  }
}

const isThere = <T>(one: T | undefined): one is T => one !== undefined;

async function selectionsOf(client: Client, args: Arguments): Promise<Selection[]> {
  const files = textsOf(args, 'filename');
  if (files.length === 0) return await parseSelections(client, textsOf(args, 'resources'));
  const manifests = await readManifests(files, { recursive: isSet(args, 'recursive') });
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

async function printClassic(
  context: CommandContext,
  selections: readonly Selection[],
  request: Request,
): Promise<void> {
  for (const { kind, names } of selections) {
    const objects = await readObjects(await context.client(), { kind, names }, request);
    if (!hasClassicTable(kind.kind)) throw new UserError(`There is no classic table of ${kind.plural}`);
    if (objects.length > 0) context.out.write(renderClassicTable(kind.kind, objects));
  }
}

async function printStructured(
  context: CommandContext,
  selections: readonly Selection[],
  request: Request,
  print: Printer,
): Promise<void> {
  const client = await context.client();
  const found = (await Promise.all(selections.map((one) => readObjects(client, one, request)))).flat();
  const objects = sorted(found, (object) => object, textOf(request.args, 'sort-by'));
  const [only] = objects;
  if (selections.length !== 1 || selections[0]?.names.length !== 1) {
    const list = { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects };
    if (objects.length > 0 || request.missing.length === 0) context.out.write(print(list));
  } else if (only !== undefined) context.out.write(print(only));
}

async function readObjects(client: Client, { kind, names }: Selection, request: Request): Promise<KubernetesObject[]> {
  const { scope, args } = request;
  const subresource = textOf(args, 'subresource');
  const read = async (name: string): Promise<KubernetesObject> => {
    const key = { namespace: scope.namespace, name };
    if (subresource === undefined) return await client.get(kind, key);
    const { text } = await client.raw('GET', objectPath(kind, key, subresource));
    const object: KubernetesObject = JSON.parse(text);
    return object;
  };
  const objects =
    names.length === 0
      ? await listAll(client, kind, scope)
      : (await Promise.all(names.map((name) => unlessMissing(read(name), request)))).filter(isThere);
  return objects.map((object) => withType(kind, object));
}

type TableRequest = Pick<Request, 'scope' | 'args'>;

async function printTables(context: CommandContext, selections: readonly Selection[], request: Request): Promise<void> {
  const { scope, args } = request;
  const client = await context.client();
  const tables = await Promise.all(selections.map((selection) => readTable(client, selection, request)));
  const filled = tables.flatMap((table, index) => ((table?.rows ?? []).length === 0 ? [] : [{ table, index }]));
  if (filled.length === 0) {
    if (request.missing.length === 0 && !isSet(args, 'ignore-not-found'))
      context.errors.write(
        `No resources found${inNamespace(scope, selections)}${scope.namespace === undefined ? '' : '.'}\n`,
      );
    return;
  }
  const texts = filled.flatMap(({ table, index }) => {
    if (table === undefined) return [];
    const options = tableOptions(selections[index], selections.length > 1, request);
    const rows = sorted(table.rows ?? [], (row) => row.object, textOf(args, 'sort-by'));
    return [renderServerTable({ ...table, rows }, options, !isSet(args, 'no-headers'))];
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
    labelColumns: textsOf(args, 'label-columns').flatMap((one) => one.split(',')),
    namePrefix: several || isSet(args, 'show-kind') ? `${kind?.kind.toLowerCase() ?? ''}${group}/` : '',
  };
}

/** Undefined: nothing of it is there. */
async function readTable(client: Client, { kind, names }: Selection, request: Request): Promise<Table | undefined> {
  const { scope, args } = request;
  const options: RowOptions = {
    includeObject: textOf(args, 'sort-by') === undefined ? undefined : 'Object',
    subresource: textOf(args, 'subresource'),
  };
  if (names.length === 0) return await listTable(client, kind, scope, options);
  const read = (name: string) => getObjectTable(client, kind, { namespace: scope.namespace, name }, options);
  const pages = await Promise.all(names.map((name) => unlessMissing(read(name), request)));
  const found = pages.filter(isThere);
  return found.length === 0 ? undefined : joinPages(found);
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
  const whole = { ...request, missing: [] };
  const first = await readTable(client, selection, whole);
  if (first === undefined) return tellMissing(context, whole);
  const options = tableOptions(selection, false, request);
  if (request.printer === undefined) {
    const shown = isSet(request.args, 'watch-only') ? { ...first, rows: [] } : first;
    context.out.write(renderServerTable(shown, options, !isSet(request.args, 'no-headers')));
  } else if (!isSet(request.args, 'watch-only')) {
    await printStructured(context, selections, whole, request.printer);
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
