/** `edit`: each object in an editor, in YAML or JSON; again with the reason when it cannot be stored. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equalJson, isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import { StatusError } from '../../../api/status-error.ts';
import { errorText } from '../../../base/error-text.ts';
import { UserError } from '../../../base/user-error.ts';
import { parseManifests } from '../../../client/manifest.ts';
import { objectPath } from '../../../client/resource-path.ts';
import { type Arguments, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { mergePatchOf } from '../../merge-patch.ts';
import { yamlPrinter } from '../../printing.ts';
import { runAtTerminal } from '../../programs.ts';
import { titleOf } from '../../requests.ts';
import { findTargets, type Target } from '../../target-objects.ts';
import { fieldValidationOf } from '../../validation.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const targets = await findTargets(context, args, textsOf(args, 'resources'));
  const folder = await mkdtemp(join(tmpdir(), 'kubecfg-edit-'));
  let isKept = false;
  try {
    for (const target of targets) {
      const file = join(folder, `${target.kind.plural}-${target.key.name}.${formatOf(args)}`);
      isKept = (await editOne(context, args, { target, file })) === 'refused';
      if (isKept) throw new UserError('error: Edit cancelled, no valid changes were saved.');
    }
  } finally {
    if (!isKept) await rm(folder, { recursive: true, force: true });
  }
}

const formatOf = (args: Arguments): 'json' | 'yaml' => (textOf(args, 'output') === 'json' ? 'json' : 'yaml');

interface Editing {
  readonly target: Target;
  readonly file: string;
}

const introduction = [
  'Please edit the object below. Lines beginning with a "#" will be ignored,',
  'and an empty file will abort the edit. If an error occurs while saving this file will be',
  'reopened with the relevant failures.',
];

async function editOne(
  context: CommandContext,
  args: Arguments,
  { target, file }: Editing,
): Promise<'done' | 'refused'> {
  const { kind, key } = target;
  const client = await context.client();
  const subresource = textOf(args, 'subresource');
  const read = await client.raw('GET', objectPath(kind, key, subresource));
  const before: unknown = JSON.parse(read.text);
  let text = await renderObject(before, formatOf(args));
  let reasons: readonly string[] = [];
  for (;;) {
    const shown = withNotes([...introduction, '', ...reasons], text, formatOf(args));
    await writeFile(file, shown, { mode: 0o600 });
    await edit(context, file);
    const edited = await readFile(file, 'utf8');
    if (edited === shown || withoutNotes(edited).trim() === '') return cancelled(context, file, reasons.length > 0);
    text = withoutNotes(edited);
    try {
      const object = await store(context, args, { target, before, edited: objectIn(text, file) });
      if (object === undefined) return cancelled(context, file, false);
      context.out.write(`${titleOf(kind, object.metadata.name)} edited\n`);
      return 'done';
    } catch (error) {
      if (!(error instanceof UserError) && !(error instanceof StatusError && error.reason === 'Invalid')) throw error;
      context.errors.write(`${errorText(error)}\n`);
      reasons = errorText(error).split('\n');
    }
  }
}

async function renderObject(object: unknown, format: 'json' | 'yaml'): Promise<string> {
  const print = await yamlPrinter();
  if (format === 'yaml') return print(object);
  return `${JSON.stringify(object, (name, value) => (name === 'managedFields' ? undefined : value), 4)}\n`;
}

/** JSON has no comments, and gets none. */
const withNotes = (notes: readonly string[], text: string, format: 'json' | 'yaml'): string =>
  format === 'json' ? text : `${notes.map((note) => `# ${note}`.trimEnd()).join('\n')}\n#\n${text}`;

const withoutNotes = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');

async function edit({ environment }: CommandContext, file: string): Promise<void> {
  const editor = environment.KUBE_EDITOR || environment.EDITOR || 'vi';
  const code = await runAtTerminal(editor, [file]);
  if (code !== 0) throw new UserError(`error: there was a problem with the editor "${editor}": exit status ${code}`);
}

function cancelled({ errors }: CommandContext, file: string, wasRefused: boolean): 'done' | 'refused' {
  if (!wasRefused) {
    errors.write('Edit cancelled, no changes made.\n');
    return 'done';
  }
  errors.write(`A copy of your changes has been stored to "${file}"\n`);
  return 'refused';
}

function objectIn(text: string, file: string): KubernetesObject {
  const [object, ...others] = parseManifests(text, file);
  if (object === undefined || others.length > 0) throw new UserError('error: the file must hold exactly one object');
  return object;
}

interface Storing {
  readonly target: Target;
  readonly before: unknown;
  readonly edited: KubernetesObject;
}

/** Sends what was changed, and nothing else: what others changed meanwhile stays. Undefined: nothing was. */
async function store(
  context: CommandContext,
  args: Arguments,
  { target: { kind, key }, before, edited }: Storing,
): Promise<Stored | undefined> {
  const { metadata, ...rest } = isRecord(before) ? before : {};
  const { managedFields: _, ...shown } = isRecord(metadata) ? metadata : {};
  const base = { ...rest, metadata: shown };
  if (equalJson(base, edited)) return undefined;
  if (edited.metadata?.name !== key.name)
    throw new UserError('error: At least one of apiVersion, kind and name was changed');
  const client = await context.client();
  return await client.patch<KubernetesObject>(
    kind,
    key,
    { type: 'merge', body: mergePatchOf(base, edited) },
    {
      subresource: textOf(args, 'subresource'),
      fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-edit',
      fieldValidation: fieldValidationOf(args),
    },
  );
}
