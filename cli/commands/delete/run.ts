/** `delete`: objects by name, by selector or by file, and waits until they are gone. */

import { qualifiedName, type Resource, type ServedResource } from '../../../api/resource.ts';
import { isNotFound } from '../../../api/status-error.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client, DeleteOptions } from '../../../client/client.ts';
import { type Arguments, countOf, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { placed } from '../../given-manifest.ts';
import { readManifests } from '../../manifest-files.ts';
import { renderClassicTable } from '../../printers/classic-table.ts';
import { listAll, titleOf } from '../../requests.ts';
import { isClassicPath, kindOfManifest, parseSelections } from '../../resources.ts';

/** One object that goes. */
interface Deletion {
  readonly kind: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string;
}

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const options = deleteOptions(args);
  const deleted: (Deletion & { readonly uid: string })[] = [];
  const isClassic = isClassicDelete(args);
  for (const target of await targetsOf(context, args)) {
    const uid = await deleteOne(client, target, { options, ignoreMissing: isSet(args, 'ignore-not-found') });
    if (uid === undefined) continue;
    deleted.push({ ...target, uid });
    context.out.write(isClassic ? renderClassicTable('Status', [{ status: 'Success' }]) : sentence(target));
  }
  if (args.wait === false) return;
  for (const target of deleted) await waitUntilGone(context, client, target);
}

/** `delete pods/web` answered with a Status, and did not wait. */
function isClassicDelete(args: Arguments): boolean {
  const words = textsOf(args, 'resources');
  return words.length === 1 && isClassicPath(words[0] ?? '');
}

const sentence = ({ kind, name }: Deletion): string =>
  `${qualifiedName(kind.singular, kind.group)} "${name}" deleted\n`;

function deleteOptions(args: Arguments): DeleteOptions {
  const cascade = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;
  // The parser knows these choices only.
  const chosen = textOf(args, 'cascade') as keyof typeof cascade | undefined;
  return {
    propagationPolicy: cascade[chosen ?? 'background'],
    gracePeriodSeconds: textOf(args, 'grace-period') === undefined ? undefined : countOf(args, 'grace-period'),
  };
}

async function targetsOf(context: CommandContext, args: Arguments): Promise<Deletion[]> {
  const files = textsOf(args, 'filename');
  const client = await context.client();
  if (files.length > 0) {
    const manifests = await readManifests(files);
    return await Promise.all(
      manifests.map(async (manifest) => {
        const kind = await kindOfManifest(client, manifest);
        const { namespace, name = '' } = (await placed(context, kind.namespaced, manifest)).metadata ?? {};
        return { kind, namespace, name };
      }),
    );
  }
  const namespace = await context.oneNamespace();
  const labelSelector = textOf(args, 'selector');
  const targets: Deletion[] = [];
  for (const { kind, names } of await parseSelections(client, textsOf(args, 'resources'))) {
    if (names.length === 0 && labelSelector === undefined && !isSet(args, 'all')) {
      throw new UserError(`Say which ${kind.plural}: by name, by -l SELECTOR, or --all`);
    }
    const found = names.length > 0 ? names : await namesOf(client, kind, { namespace, labelSelector });
    targets.push(...found.map((name) => ({ kind, namespace, name })));
  }
  return targets;
}

async function namesOf(
  client: Client,
  kind: Resource,
  scope: { namespace: string; labelSelector: string | undefined },
): Promise<string[]> {
  return (await listAll(client, kind, scope)).map(({ metadata }) => metadata.name);
}

/** The uid of what is on its way out; undefined when it was not there and that is no error. */
async function deleteOne(
  client: Client,
  { kind, ...key }: Deletion,
  { options, ignoreMissing }: { options: DeleteOptions; ignoreMissing: boolean },
): Promise<string | undefined> {
  try {
    const { metadata } = await client.get(kind, key);
    await client.delete(kind, key, options);
    return metadata.uid;
  } catch (error) {
    if (ignoreMissing && isNotFound(error)) return undefined;
    throw error;
  }
}

async function waitUntilGone(
  context: CommandContext,
  client: Client,
  target: Deletion & { readonly uid: string },
): Promise<void> {
  while (!context.signal.aborted) {
    try {
      const { metadata } = await client.get(target.kind, target);
      if (metadata.uid !== target.uid) return;
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    await systemClock.sleep(100, context.signal);
  }
  throw new UserError(`${titleOf(target.kind, target.name)} is still on its way out`);
}
