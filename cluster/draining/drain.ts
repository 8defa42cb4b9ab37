/** Cordons a node and empties it by evictions, which keep the disruption budgets. */

import type { Stored } from '../../api/object.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import { isNotFound, StatusError } from '../../api/status-error.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Output } from '../../base/terminal.ts';
import { UserError } from '../../base/user-error.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import { type DrainOptions, planDrain, titleOf } from './drain-plan.ts';

export interface Drain extends DrainOptions {
  readonly client: Client;
  readonly nodeName: string;
  /** Only pods whose labels match. */
  readonly podSelector?: string | undefined;
  /** Pods are deleted, whatever the budgets say. */
  readonly disableEviction?: boolean;
  /** Pods that were told to end longer ago than this, in seconds, are not waited for. Absent, or 0: all are. */
  readonly skipWaitForDeleteSeconds?: number;
  /** Nothing is done; `server`: the server is asked whether it could be. */
  readonly dryRun?: 'none' | 'client' | 'server';
  /** 0: for ever. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/** A disruption budget that says no is asked again. */
const askAgainMs = 1_000;
const lookEveryMs = 200;
const mayPass: readonly string[] = [
  'TooManyRequests',
  'Conflict',
  'ServiceUnavailable',
  'Timeout',
  'ServerTimeout',
  'InternalError',
];

/** False: it was so already. */
export async function setUnschedulable(
  client: Client,
  name: string,
  unschedulable: boolean,
  dryRun: NonNullable<Drain['dryRun']> = 'none',
): Promise<boolean> {
  const node = await client.get<Node>(nodes, { name });
  if ((node.spec?.unschedulable ?? false) === unschedulable) return false;
  if (dryRun === 'client') return true;
  const body = { spec: { unschedulable: unschedulable ? true : null } };
  await client.patch<Node>(
    nodes,
    { name },
    { type: 'merge', body },
    {
      fieldManager: 'kubecfg-cordon',
      dryRun: dryRun === 'server',
    },
  );
  return true;
}

/** The node is cordoned before; nothing is evicted when something may not be. Throws when the time is over. */
export async function drain(options: Drain): Promise<void> {
  const { client, nodeName, out, clock, timeoutMs } = options;
  const { items } = await client.list<Pod>(pods, {
    fieldSelector: `spec.nodeName=${nodeName}`,
    labelSelector: options.podSelector,
  });
  const { evict, refusals, warnings } = planDrain(items, options);
  if (refusals.length > 0)
    throw new UserError(`Node ${nodeName} is cordoned, and nothing was evicted:\n${refusals.join('\n')}`);
  for (const warning of warnings) out.write(`Warning: ${warning}\n`);
  const until = timeoutMs === 0 ? Number.POSITIVE_INFINITY : clock.monotonic() + timeoutMs;
  await Promise.all(evict.map((pod) => evictPod(pod, { ...options, until })));
}

interface Evicting extends Drain {
  /** Monotonic. */
  readonly until: number;
}

const dryRunWords = { none: '', client: ' (dry run)', server: ' (server dry run)' } as const;

async function evictPod(pod: Stored<Pod>, options: Evicting): Promise<void> {
  const { client, out, clock, signal, dryRun = 'none', disableEviction = false } = options;
  const { name } = pod.metadata;
  let told = '';
  out.write(`${disableEviction ? 'deleting' : 'evicting'} pod ${titleOf(pod)}${dryRunWords[dryRun]}\n`);
  if (dryRun === 'client') return;
  for (;;) {
    checkTime(pod, options, told);
    const why = await whyNotEvicted(sendAway(pod, options));
    if (dryRun === 'server') return;
    if (why === undefined || !(await isThere(pod, client))) break;
    if (why !== told) out.write(`not evicted yet: pod ${titleOf(pod)}: ${why}\n`);
    told = why;
    await clock.sleep(askAgainMs, signal);
  }
  while (!isSkipped(pod, options) && (await isThere(pod, client))) {
    checkTime(pod, options, 'it was told to end, and has not ended yet');
    await clock.sleep(lookEveryMs, signal);
  }
  out.write(`pod/${name} ${disableEviction ? 'deleted' : 'evicted'}\n`);
}

async function sendAway(pod: Stored<Pod>, options: Evicting): Promise<unknown> {
  const { client, gracePeriodSeconds, disableEviction = false, dryRun } = options;
  const { namespace = '', name, uid } = pod.metadata;
  const isTried = dryRun === 'server';
  if (disableEviction)
    return await client.delete<Pod>(pods, { namespace, name }, { uid, gracePeriodSeconds, dryRun: isTried });
  const deleteOptions = {
    preconditions: { uid },
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(isTried && { dryRun: ['All'] }),
  };
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name }, deleteOptions };
  return await client.createSubresource(pods, { namespace, name }, 'eviction', eviction);
}

function isSkipped({ metadata }: Stored<Pod>, { skipWaitForDeleteSeconds = 0, clock }: Evicting): boolean {
  if (skipWaitForDeleteSeconds === 0 || metadata.deletionTimestamp === undefined) return false;
  return clock.now() - Date.parse(metadata.deletionTimestamp) > skipWaitForDeleteSeconds * 1000;
}

/** Another that has its name now is another. */
async function isThere({ metadata: { namespace, name, uid } }: Stored<Pod>, client: Client): Promise<boolean> {
  return (await ifPresent(client.get<Pod>(pods, { namespace, name })))?.metadata.uid === uid;
}

/** Undefined: it was told to go, or is gone. */
async function whyNotEvicted(request: Promise<unknown>): Promise<string | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (error instanceof StatusError && mayPass.includes(error.reason)) return error.message;
    throw error;
  }
}

function checkTime(pod: Stored<Pod>, { clock, until, signal }: Evicting, why: string): void {
  if (signal.aborted) throw new UserError('Stopped. What was evicted stays so, and the node stays cordoned.');
  if (clock.monotonic() < until) return;
  throw new UserError(
    `The time is over, and pod ${titleOf(pod)} is still there${why === '' ? '' : `: ${why}`}. The node stays cordoned.`,
  );
}
