/** Follows rollouts until they are over: tells how far they are, and why one fails. */

import { isRecord } from '../api/json-record.ts';
import type { ObjectKey } from '../api/object.ts';
import { isPodReady } from '../api/pods.ts';
import { pods } from '../api/resources/core.ts';
import type { Pod } from '../api/types/core/v1.ts';
import { systemClock } from '../base/clock.ts';
import { UserError } from '../base/user-error.ts';
import type { Client } from '../client/client.ts';
import type { CommandContext } from './command-context.ts';
import { listAll } from './requests.ts';
import { withSpinner } from './spinner.ts';
import type { Workload, WorkloadKind } from './workload-kinds.ts';

const pollMs = 200;
/** A rollout that has failed is rolled back soon, where that is asked for. */
const rollbackPatienceMs = 10_000;
/** In a log: no more than a line in so long, and after so long without news what is waited for. */
const lineEveryMs = 1_000;
const stuckAfterMs = 30_000;
const mostTroubles = 3;

export interface FollowedRollout {
  readonly kind: WorkloadKind;
  readonly key: ObjectKey;
  /** What was asked for: a rollback of this generation, or of a later one, means that it failed. */
  readonly generation: number;
}

/**
 * All at once, until the last is over: a person sees one line that changes, a log gets lines. Throws a `UserError` with
 * the cause when one fails, or is not over at `end` (monotonic).
 */
export async function followRollouts(
  context: CommandContext,
  rollouts: readonly FollowedRollout[],
  end: number,
): Promise<void> {
  if (rollouts.length === 0) return;
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const isSeen = context.errors.isTTY === true;
  const title = rollouts.length === 1 ? 'Rolling out' : `Rolling out ${rollouts.length} workloads`;
  const over: string[] = [];
  await withSpinner(context, title, async (note) => {
    const tell = (text: string) => (isSeen ? note(text) : context.out.write(`${text}\n`));
    const follow = async (rollout: FollowedRollout) => {
      const message = await untilOver(context, rollout, { end, signal, tell });
      if (message === undefined) return;
      if (isSeen) over.push(message);
      else context.out.write(`${message}\n`);
    };
    try {
      await Promise.all(rollouts.map(follow));
    } finally {
      failed.abort();
    }
  });
  for (const message of over) context.out.write(`${message}\n`);
}

interface Following {
  readonly end: number;
  readonly signal: AbortSignal;
  tell(text: string): void;
}

/** What is said of it at its end; undefined: it is followed no more. */
async function untilOver(
  context: CommandContext,
  rollout: FollowedRollout,
  { end, signal, tell }: Following,
): Promise<string | undefined> {
  const client = await context.client();
  let told = '';
  let toldAt = Number.NEGATIVE_INFINITY;
  let failedAt: number | undefined;
  while (!signal.aborted) {
    const { object, state } = await rollout.kind.read(client, rollout.key);
    const rolledBack = rollbackOf(object, rollout.generation);
    if (rolledBack !== undefined) throw new UserError(`error: ${rolledBack}`);
    const now = systemClock.monotonic();
    if (state.type === 'done') return state.message;
    if (state.type === 'failed') {
      failedAt ??= now;
      if (!goesBack(object) || now > failedAt + rollbackPatienceMs)
        throw new UserError([state.message, ...(await troublesOf(client, object))].join('\n'));
    } else if (now > toldAt + (state.message === told ? stuckAfterMs : lineEveryMs)) {
      const troubles = state.message === told ? await troublesOf(client, object) : [];
      tell([state.message, ...troubles].join('\n'));
      [told, toldAt] = [state.message, now];
    }
    if (now > end)
      throw new UserError(
        ['error: timed out waiting for the rollout', ...(await troublesOf(client, object))].join('\n'),
      );
    await systemClock.sleep(pollMs, signal);
  }
  return undefined;
}

const goesBack = ({ metadata }: Workload): boolean =>
  metadata?.annotations?.['longshore.dev/roll-back-on-failure'] === 'true';

/** What the controller noted when it took this generation of the workload back, or a later one. */
export function rollbackOf({ kind = 'workload', metadata }: Workload, generation: number): string | undefined {
  const note = parseNote(metadata?.annotations?.['longshore.dev/rolled-back']);
  if (note === undefined || Number(note.generation) < generation) return undefined;
  return `${kind.toLowerCase()} "${metadata?.name}" was rolled back from revision ${note.from} to ${note.to}: ${note.cause}`;
}

function parseNote(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What keeps its pods from being ready, the newest first. */
async function troublesOf(client: Client, { metadata, spec }: Workload): Promise<string[]> {
  const labels = Object.entries(spec?.selector?.matchLabels ?? {});
  if (labels.length === 0) return [];
  const labelSelector = labels.map(([name, value]) => `${name}=${value}`).join(',');
  const found = await listAll(client, pods, { namespace: metadata?.namespace, labelSelector });
  const newest = found.filter((pod) => !isPodReady(pod)).sort((a, b) => (made(a) < made(b) ? 1 : -1));
  return newest.flatMap(troubleOf).slice(0, mostTroubles);
}

const made = ({ metadata }: Pod): string => metadata?.creationTimestamp ?? '';

function troubleOf({ metadata, status }: Pod): string[] {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const waiting = statuses.flatMap(({ name, state }) => {
    const { reason, message } = state?.waiting ?? {};
    return reason === undefined || reason === 'PodInitializing'
      ? []
      : [`container ${name}: ${reason}: ${message ?? ''}`];
  });
  const scheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  const all = [...waiting, ...(scheduled ? [`${scheduled.reason}: ${scheduled.message}`] : [])];
  return all.map((text) => `  pod/${metadata?.name}: ${text}`);
}
