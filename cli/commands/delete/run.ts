/** `delete`: objects by name, by selector or by file, and waits until they are gone. */

import type { KubernetesObject } from '../../../api/object.ts';
import { qualifiedName } from '../../../api/resource.ts';
import { isNotFound, type StatusError } from '../../../api/status-error.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import type { DeleteOptions } from '../../../client/client.ts';
import { type Arguments, countOf, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { waitUntilGone } from '../../gone.ts';
import { renderClassicTable } from '../../printers/classic-table.ts';
import { titleOf } from '../../requests.ts';
import { isClassicPath } from '../../resources.ts';
import { dryRunOf, dryRunSuffix } from '../../results.ts';
import { SilentExit } from '../../silent-exit.ts';
import { withSpinner } from '../../spinner.ts';
import { findTargets, type Target } from '../../target-objects.ts';

type Deleted = Target & { readonly uid: string };

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const options = deleteOptions(context, args);
  const words = textsOf(args, 'resources');
  const targets = await findTargets(context, args, words);
  if (targets.length === 0) context.out.write('No resources found\n');
  const deleted: Deleted[] = [];
  const missing: StatusError[] = [];
  for (const target of targets) {
    try {
      deleted.push({ ...target, uid: await deleteOne(context, target, options) });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // One that a search has found and that is gone by now is as it was wanted.
      if (!isSet(args, 'ignore-not-found') && isNamed(args, words)) missing.push(error);
      continue;
    }
    context.out.write(sentence(args, target));
  }
  await waitForAll(context, args, deleted);
  for (const error of missing) context.errors.write(`Error from server (${error.reason}): ${error.message}\n`);
  if (missing.length > 0) throw new SilentExit(1);
}

const isNamed = (args: Arguments, words: readonly string[]): boolean =>
  words.length > 1 || (words[0]?.includes('/') ?? textsOf(args, 'filename').length > 0);

function sentence(args: Arguments, { kind, key: { name } }: Target): string {
  const words = textsOf(args, 'resources');
  // `delete pods/web` answered with a Status.
  if (words.length === 1 && isClassicPath(words[0] ?? '')) return renderClassicTable('Status', [{ status: 'Success' }]);
  if (textOf(args, 'output') === 'name') return `${titleOf(kind, name)}\n`;
  const isForced = isSet(args, 'force') && countOf(args, 'grace-period', -1) <= 0;
  const title = `${qualifiedName(kind.singular, kind.group)} "${name}"`;
  return `${title} ${isForced ? 'force ' : ''}deleted${dryRunSuffix[dryRunOf(args)]}\n`;
}

const policies = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;

function deleteOptions({ errors }: CommandContext, args: Arguments): DeleteOptions & { readonly isClient: boolean } {
  const cascade = textOf(args, 'cascade');
  const given = countOf(args, 'grace-period', -1);
  const [now, force] = [isSet(args, 'now'), isSet(args, 'force')];
  if (now && given >= 0) throw new UserError('error: --now and --grace-period cannot be specified together');
  if (force && given > 0)
    throw new UserError('error: --force and --grace-period greater than 0 cannot be specified together');
  if (force)
    errors.write(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    );
  // Nothing but --force takes an object out of the API that something still holds.
  const seconds = force ? 0 : now || given === 0 ? 1 : given;
  return {
    propagationPolicy: cascade === 'foreground' || cascade === 'orphan' ? policies[cascade] : policies.background,
    ...(seconds >= 0 && { gracePeriodSeconds: seconds }),
    dryRun: dryRunOf(args) === 'server',
    isClient: dryRunOf(args) === 'client',
  };
}

/** The uid of what is on its way out. Throws StatusError NotFound. */
async function deleteOne(
  context: CommandContext,
  { kind, key }: Target,
  { isClient, ...options }: DeleteOptions & { readonly isClient: boolean },
): Promise<string> {
  const client = await context.client();
  const { metadata } = await client.get<KubernetesObject>(kind, key);
  if (!isClient) await client.delete(kind, key, options);
  return metadata.uid;
}

async function waitForAll(context: CommandContext, args: Arguments, deleted: readonly Deleted[]): Promise<void> {
  if (args.wait === false || isSet(args, 'force') || dryRunOf(args) !== 'none') return;
  const timeoutMs = durationMs(textOf(args, 'timeout') ?? '0', '--timeout');
  const end = systemClock.monotonic() + timeoutMs;
  await withSpinner(context, 'Waiting until they are gone', async (note) => {
    for (const [index, target] of deleted.entries()) {
      note(`${index} of ${deleted.length}, ${titleOf(target.kind, target.key.name)}`);
      const left = timeoutMs === 0 ? 0 : Math.max(1, end - systemClock.monotonic());
      await waitUntilGone(context, { ...target, timeoutMs: left });
    }
  });
}
