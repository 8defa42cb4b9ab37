/** `get`: objects as tables, or in the format that was asked for; with `-w` also what happens to them afterwards. */

import { parseApiVersion, qualifiedName } from '../../../api/resource.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { readManifests } from '../../manifest-files.ts';
import { hasClassicTable, renderClassicTable } from '../../printers/classic-table.ts';
import { renderServerTable } from '../../printers/server-table.ts';
import { type Printer, structuredPrinter } from '../../printing.ts';
import type { Scope } from '../../requests.ts';
import { isClassicPath, parseSelections, resolveKind, type Selection } from '../../resources.ts';
import { SilentExit } from '../../silent-exit.ts';
import { type GetRequest, readObjects, readTable, tableOptions } from './request.ts';
import { sorted } from './sort-by.ts';
import { watch } from './watch.ts';

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
    throw new UserError('error: a resource cannot be retrieved by name across all namespaces');
  }
  const request: GetRequest = { scope, args, missing: [] };
  const printer = await structuredPrinter(args);
  if (isSet(args, 'watch') || isSet(args, 'watch-only')) await watch(context, selections, request);
  else if (printer !== undefined) await printStructured(context, selections, request, printer);
  else if (isClassicGet(args)) await printClassic(context, selections, request);
  else await printTables(context, selections, request);
  tellMissing(context, request);
}

async function printRaw(context: CommandContext, path: string): Promise<void> {
  if (!path.startsWith('/')) throw new UserError(`error: --raw must be a path such as /version, not "${path}"`);
  context.out.write((await (await context.client()).raw('GET', path)).text);
}

/** Those that are there were printed; the others are said, each. */
function tellMissing({ errors }: CommandContext, { missing, args }: GetRequest): void {
  if (missing.length === 0 || isSet(args, 'ignore-not-found')) return;
  for (const error of missing) errors.write(`Error from server (${error.reason}): ${error.message}\n`);
  throw new SilentExit(1);
}

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
  request: GetRequest,
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
  request: GetRequest,
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

async function printTables(
  context: CommandContext,
  selections: readonly Selection[],
  request: GetRequest,
): Promise<void> {
  const { scope, args } = request;
  const client = await context.client();
  const tables = await Promise.all(selections.map((selection) => readTable(client, selection, request)));
  const filled = selections.flatMap((selection, index) => {
    const table = tables[index];
    return table === undefined || (table.rows ?? []).length === 0 ? [] : [{ selection, table }];
  });
  if (filled.length === 0) {
    if (request.missing.length === 0 && !isSet(args, 'ignore-not-found'))
      context.errors.write(`No resources found${inNamespace(scope, selections)}\n`);
    return;
  }
  const several =
    new Set(selections.filter((_, index) => tables[index] !== undefined).map(({ kind }) => kind)).size > 1;
  const header = !isSet(args, 'no-headers');
  const texts = filled.map(({ selection, table }) => {
    const { rows: found } = table;
    // As in kubectl, which asks a single row for nothing.
    const rows = (found ?? []).length <= 1 ? found : sorted(found ?? [], (row) => row.object, textOf(args, 'sort-by'));
    return renderServerTable({ ...table, rows }, tableOptions(selection, several, request), { header });
  });
  context.out.write(texts.join('\n'));
}

function inNamespace({ namespace }: Scope, selections: readonly Selection[]): string {
  return namespace === undefined || !selections.some(({ kind }) => kind.namespaced)
    ? ''
    : ` in ${namespace} namespace.`;
}
