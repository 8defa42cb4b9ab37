/** `apply -f`: makes objects be as files say, and with `--prune` deletes those that no file has any more. */

import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { applyObject } from '../../../client/apply-manifest.ts';
import { type Arguments, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { forEachTarget } from '../../each-target.ts';
import { type FollowedRollout, followRollouts } from '../../follow-rollout.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import { readTargets, type Target } from '../../target-objects.ts';
import { fieldValidationOf } from '../../validation.ts';
import { workloadKindOf } from '../../workload-kinds.ts';
import { prune } from './prune.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  if (textsOf(args, 'filename').length === 0) throw new UserError('error: must specify one of -f and -k');
  checkPrune(args);
  const client = await context.client();
  const print = await resultPrinter(context, args);
  const timeoutMs = durationMs(textOf(args, 'timeout') ?? '0s', '--timeout');
  const applied: Target[] = [];
  const rollouts: FollowedRollout[] = [];
  await forEachTarget(await readTargets(context, args), async ({ kind, key, manifest }) => {
    const { result, object } = await applyObject(client, kind, manifest, {
      force: isSet(args, 'force-conflicts'),
      dryRun: dryRunOf(args) !== 'none',
      fieldManager: textOf(args, 'field-manager'),
      fieldValidation: fieldValidationOf(args),
    });
    print(kind, object, isSet(args, 'server-side') ? 'serverside-applied' : result);
    applied.push({ kind, key });
    const workload = isSet(args, 'wait') && dryRunOf(args) === 'none' ? workloadKindOf(kind) : undefined;
    if (workload === undefined) return;
    rollouts.push({ kind: workload, key, generation: object.metadata.generation ?? 0 });
  });
  if (isSet(args, 'prune')) await prune(context, args, applied);
  const end = timeoutMs > 0 ? systemClock.monotonic() + timeoutMs : Number.POSITIVE_INFINITY;
  await followRollouts(context, rollouts, end);
}

function checkPrune(args: Arguments): void {
  if (!isSet(args, 'prune')) return;
  if (textOf(args, 'selector') === undefined && !isSet(args, 'all'))
    throw new UserError(
      'error: all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector',
    );
}
