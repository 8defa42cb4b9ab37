/** `label` and `annotate`: changes the labels or annotations of objects, or lists them. */

import type { KubernetesObject } from '../api/object.ts';
import { UserError } from '../base/user-error.ts';
import { type Arguments, isSet, textOf, textsOf } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import { type ChangeWords, changed, entriesOf, type MetadataChange, parseChange, patchOf } from './metadata-change.ts';
import { dryRunOf, type ResultPrinter, resultPrinter } from './results.ts';
import { findTargets, type Target } from './target-objects.ts';

export interface MetadataVerb {
  readonly field: 'labels' | 'annotations';
  /** For messages. */
  readonly noun: 'label' | 'annotation';
  readonly fieldManager: string;
  /** What was done: `labeled`. `notes` are lines that come before. Throws UserError when it may not be. */
  judge(
    present: ReadonlyMap<string, string>,
    change: MetadataChange,
    overwrite: boolean,
  ): { readonly operation: string; readonly notes: readonly string[] };
}

export async function changeMetadata(context: CommandContext, args: Arguments, verb: MetadataVerb): Promise<void> {
  const { resources, change } = parseChange(textsOf(args, 'words'), verb.noun);
  const isList = isSet(args, 'list');
  if (isList === change.set.size + change.remove.size > 0) throw wrongPairs(verb.noun, isList);
  const targets = await findTargets(context, args, resources);
  if (isList) return await listEntries(context, targets, verb);
  const print = await resultPrinter(context, args);
  for (const target of targets) await changeOne(context, args, { verb, target, change, print });
}

const wrongPairs = (noun: string, isList: boolean): UserError =>
  new UserError(
    isList ? `error: cannot specify ${noun} changes with --list` : `error: at least one ${noun} update is required`,
  );

async function listEntries(
  context: CommandContext,
  targets: readonly Target[],
  { field }: MetadataVerb,
): Promise<void> {
  const client = await context.client();
  for (const { kind, key } of targets) {
    const object = await client.get(kind, key);
    if (targets.length > 1) context.out.write(`Listing ${field} for ${kind.kind}.${kind.group}/${key.name}:\n`);
    const indent = targets.length > 1 ? ' ' : '';
    for (const [name, value] of [...entriesOf(object, field)].sort(([a], [b]) => (a < b ? -1 : 1)))
      context.out.write(`${indent}${name}=${value}\n`);
  }
}

interface Changing extends Pick<ChangeWords, 'change'> {
  readonly verb: MetadataVerb;
  readonly target: Target;
  readonly print: ResultPrinter;
}

async function changeOne(
  context: CommandContext,
  args: Arguments,
  { verb, target: { kind, key, manifest }, change, print }: Changing,
): Promise<void> {
  const isLocal = isSet(args, 'local');
  if (isLocal && manifest === undefined)
    throw new UserError('error: one or more files must be specified as -f when --local is set');
  const client = isLocal ? undefined : await context.client();
  const object: KubernetesObject = (await client?.get<KubernetesObject>(kind, key)) ?? manifest ?? {};
  const present = entriesOf(object, verb.field);
  const { operation, notes } = verb.judge(present, change, isSet(args, 'overwrite'));
  if (textOf(args, 'output') === undefined) for (const note of notes) context.out.write(`${note}\n`);
  const resourceVersion = textOf(args, 'resource-version');
  if (client === undefined || dryRunOf(args) === 'client') {
    const metadata = { ...object.metadata, [verb.field]: changed(present, change) };
    return print(kind, { ...object, metadata }, operation);
  }
  const metadata = { ...(resourceVersion !== undefined && { resourceVersion }), [verb.field]: patchOf(change) };
  const options = {
    fieldManager: textOf(args, 'field-manager') ?? verb.fieldManager,
    dryRun: dryRunOf(args) === 'server',
  };
  print(
    kind,
    await client.patch<KubernetesObject>(kind, key, { type: 'merge', body: { metadata } }, options),
    operation,
  );
}
