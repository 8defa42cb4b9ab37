/** `apply -f`: makes objects be as files say. */

import { systemClock } from '../../../base/clock.ts';
import { applyManifest } from '../../../client/apply-manifest.ts';
import { type Arguments, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { type FollowedRollout, followRollout } from '../../follow-rollout.ts';
import { placed } from '../../given-manifest.ts';
import { readManifests } from '../../manifest-files.ts';
import { titleOf } from '../../requests.ts';
import { kindOfManifest } from '../../resources.ts';
import { workloadKindOf } from '../../workload-kinds.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const manifests = await readManifests(textsOf(args, 'filename'));
  const client = await context.client();
  const dryRun = isSet(args, 'dry-run');
  const timeoutMs = durationMs(textOf(args, 'timeout') ?? '0s', '--timeout');
  const rollouts: FollowedRollout[] = [];
  for (const manifest of manifests) {
    const kind = await kindOfManifest(client, manifest);
    const wanted = await placed(context, kind.namespaced, manifest);
    const result = await applyManifest(client, kind, wanted, { force: isSet(args, 'force-conflicts'), dryRun });
    context.out.write(`${titleOf(kind, wanted.metadata?.name ?? '')} ${result}${dryRun ? ' (dry run)' : ''}\n`);
    const workload = isSet(args, 'wait') && !dryRun ? workloadKindOf(kind) : undefined;
    if (workload === undefined) continue;
    const key = { namespace: wanted.metadata?.namespace, name: wanted.metadata?.name ?? '' };
    const { object } = await workload.read(client, key);
    rollouts.push({ kind: workload, key, generation: object.metadata.generation ?? 0 });
  }
  const end = timeoutMs > 0 ? systemClock.monotonic() + timeoutMs : Number.POSITIVE_INFINITY;
  for (const rollout of rollouts) await followRollout(context, rollout, end);
}
