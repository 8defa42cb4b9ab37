/** `replace -f FILE`: an update of whole objects. One without a version takes the place of whatever is there. */

import type { KubernetesObject } from '../../../api/object.ts';
import { qualifiedName } from '../../../api/resource.ts';
import { UserError } from '../../../base/user-error.ts';
import type { WriteOptions } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { type Arguments, countOf, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { explainedBySource, forEachTarget } from '../../each-target.ts';
import { waitUntilGone } from '../../gone.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import { readTargets, type Target } from '../../target-objects.ts';
import { fieldValidationOf } from '../../validation.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  if (textsOf(args, 'filename').length === 0) throw new UserError('error: Must specify --filename to replace');
  const targets = await readTargets(context, args);
  const print = await resultPrinter(context, args);
  const client = await context.client();
  const options: WriteOptions = {
    subresource: textOf(args, 'subresource'),
    fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-replace',
    fieldValidation: fieldValidationOf(args),
    dryRun: dryRunOf(args) !== 'none',
  };
  if (isSet(args, 'force') && dryRunOf(args) !== 'none')
    throw new UserError('error: --dry-run can not be used when --force is set');
  await forEachTarget(targets, async (target) => {
    const { kind, manifest } = target;
    const explained = <T>(replacing: Promise<T>) => explainedBySource('replacing', target, replacing);
    if (isSet(args, 'force')) {
      await remove(context, args, target);
      print(
        kind,
        await explained(client.create<KubernetesObject>(kind, withoutVersion(manifest), options)),
        'replaced',
      );
    } else if (dryRunOf(args) === 'client') {
      print(kind, await client.get(kind, target.key), 'replaced');
    } else print(kind, await explained(client.update<KubernetesObject>(kind, manifest, options)), 'replaced');
  });
}

async function remove(context: CommandContext, args: Arguments, { kind, key }: Target): Promise<void> {
  const client = await context.client();
  const before = await ifPresent(client.get<KubernetesObject>(kind, key));
  if (before === undefined) return;
  const grace = textOf(args, 'grace-period');
  await ifPresent(
    client.delete(kind, key, {
      propagationPolicy: 'Background',
      uid: before.metadata.uid,
      ...(grace !== undefined && { gracePeriodSeconds: countOf(args, 'grace-period') }),
    }),
  );
  context.out.write(`${qualifiedName(kind.singular, kind.group)} "${key.name}" deleted\n`);
  const timeoutMs = durationMs(textOf(args, 'timeout') ?? '0', '--timeout');
  await waitUntilGone(context, { kind, key, uid: before.metadata.uid, timeoutMs });
}

function withoutVersion({ metadata = {}, ...object }: KubernetesObject): KubernetesObject {
  const { resourceVersion: _version, uid: _uid, ...rest } = metadata;
  return { ...object, metadata: rest };
}
