/** `patch`: changes fields of objects, as the server merges them. */

import { equalJson } from '../../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import { errorText } from '../../../base/error-text.ts';
import { UserError } from '../../../base/user-error.ts';
import type { PatchType } from '../../../client/client.ts';
import { objectPath } from '../../../client/resource-path.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { readSource } from '../../manifest-files.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import { findTargets, type Target } from '../../target-objects.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  if (isSet(args, 'local')) throw new UserError('error: --local is not supported: only the server merges patches');
  const body = await readPatch(args);
  const targets = await findTargets(context, args, textsOf(args, 'resources'));
  const print = await resultPrinter(context, args);
  for (const target of targets) {
    const { isChanged, object } = await patchOne(context, args, { target, body });
    print(target.kind, object, isChanged ? 'patched' : 'patched (no change)');
  }
}

async function readPatch(args: Arguments): Promise<unknown> {
  const [given, file] = [textOf(args, 'patch'), textOf(args, 'patch-file')];
  if (given !== undefined && file !== undefined)
    throw new UserError('error: cannot specify --patch and --patch-file together');
  const text = file === undefined ? given : await readSource(file);
  if (text === undefined)
    throw new UserError('error: must specify --patch or --patch-file containing the contents of the patch');
  const { load } = await import('js-yaml');
  try {
    return load(text);
  } catch (cause) {
    throw new UserError(`error: unable to parse "${text}": ${errorText(cause)}`, { cause });
  }
}

const typeOf = (args: Arguments): PatchType => {
  const type = textOf(args, 'type');
  return type === 'json' || type === 'merge' ? type : 'strategic';
};

async function patchOne(
  context: CommandContext,
  args: Arguments,
  { target: { kind, key }, body }: { readonly target: Target; readonly body: unknown },
): Promise<{ isChanged: boolean; object: Stored }> {
  const client = await context.client();
  const subresource = textOf(args, 'subresource');
  const before = await client.raw('GET', objectPath(kind, key, subresource));
  const object = await client.patch<KubernetesObject>(
    kind,
    key,
    { type: typeOf(args), body },
    {
      subresource,
      fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-patch',
      dryRun: dryRunOf(args) !== 'none',
    },
  );
  return { isChanged: !equalJson(JSON.parse(before.text), object), object };
}
