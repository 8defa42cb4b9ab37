/** `rollout status`: how far a rollout is, until it is over. */

import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { type Arguments, countOf, durationMs, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { rollbackOf } from '../../follow-rollout.ts';
import type { Target } from '../../target-objects.ts';
import { type Workload, type WorkloadKind, workloadKindOf } from '../../workload-kinds.ts';

const pollMs = 200;

export async function showStatus(context: CommandContext, args: Arguments, targets: readonly Target[]): Promise<void> {
  const timeoutMs = durationMs(textOf(args, 'timeout') ?? '0s', '--timeout');
  const end = timeoutMs > 0 ? systemClock.monotonic() + timeoutMs : Number.POSITIVE_INFINITY;
  const revision = countOf(args, 'revision');
  for (const target of targets) {
    const kind = workloadKindOf(target.kind);
    if (kind === undefined) throw new UserError(`error: no status viewer has been implemented for ${target.kind.kind}`);
    await follow(context, { kind, target, revision, end, watch: isSet(args, 'watch') });
  }
}

interface Following {
  readonly kind: WorkloadKind;
  readonly target: Target;
  /** 0: whichever it is. */
  readonly revision: number;
  /** On the monotonic clock. */
  readonly end: number;
  readonly watch: boolean;
}

async function follow(context: CommandContext, { kind, target, revision, end, watch }: Following): Promise<void> {
  const client = await context.client();
  let told = '';
  let followed: number | undefined;
  for (let uid: string | undefined; !context.signal.aborted; ) {
    const read =
      uid === undefined ? await kind.read(client, target.key) : await ifPresent(kind.read(client, target.key));
    if (read === undefined || (uid !== undefined && read.object.metadata.uid !== uid))
      throw new UserError('error: object has been deleted');
    uid = read.object.metadata.uid;
    followed ??= read.object.metadata.generation ?? 0;
    const rolledBack = rollbackOf(read.object, followed);
    if (rolledBack !== undefined) throw new UserError(`error: ${rolledBack}`);
    expectRevision(read.object, revision);
    const { type, message } = read.state;
    if (type === 'failed') throw new UserError(message);
    if (message !== told) context.out.write(`${message}\n`);
    told = message;
    if (type === 'done' || !watch) return;
    if (systemClock.monotonic() > end) throw new UserError('error: timed out waiting for the condition');
    await systemClock.sleep(pollMs, context.signal);
  }
}

function expectRevision({ metadata }: Workload, wanted: number): void {
  if (wanted === 0) return;
  const running = Number(metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  if (running !== wanted)
    throw new UserError(`error: desired revision (${wanted}) is different from the running revision (${running})`);
}
