/** `retry web`: has the pod's kubelet try now what it waits to try again, and follows that until it is known how it went. */

import type { Stored } from '../../../api/object.ts';
import { type RetriedStep, readRetriedSteps } from '../../../api/pod-retry.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { objectPath } from '../../../client/resource-path.ts';
import { type Arguments, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { findPods } from '../../pods-of.ts';
import { SilentExit } from '../../silent-exit.ts';
import { PodNews } from './pod-news.ts';
import { judgeRetry, type Outcome } from './retry-outcome.ts';

const pollMs = 300;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const end = systemClock.monotonic() + durationMs(textOf(args, 'timeout') ?? '5m', '--timeout');
  const found = await findPods(context, textsOf(args, 'resources'));
  if (found.length === 0) throw new UserError('error: there is no such pod');
  const follows = isSet(args, 'wait');
  const results = await Promise.all(found.map((pod) => retryPod(context, pod, { end, follows })));
  if (results.includes('failed')) throw new SilentExit(1);
}

async function retryPod(
  context: CommandContext,
  pod: Stored<Pod>,
  { end, follows }: { readonly end: number; readonly follows: boolean },
): Promise<Outcome['type']> {
  const client = await context.client();
  const { namespace, name } = pod.metadata;
  const title = `pod/${name}`;
  const news = await PodNews.since(client, pod);
  const askedAt = systemClock.monotonic();
  const { text } = await client.raw('POST', objectPath(pods, { namespace, name }, 'retry'));
  const steps = readRetriedSteps(JSON.parse(text));
  if (steps.length === 0) context.out.write(`${title}: nothing waits to be tried again\n`);
  for (const step of steps) context.out.write(`${title}: ${describeStep(step)}\n`);
  if (steps.length === 0 || !follows) return 'succeeded';
  while (!context.signal.aborted) {
    const now = await client.get<Pod>(pods, { namespace, name });
    for (const line of await news.take()) context.out.write(`${title}: ${line}\n`);
    if (now.metadata.uid !== pod.metadata.uid) throw new UserError(`error: ${title} was replaced by another one`);
    const sinceMs = systemClock.monotonic() - askedAt;
    const outcome = judgeRetry({ steps, before: pod, now, sinceMs, warnings: news.warnings });
    if (outcome.type !== 'going') {
      const to = outcome.type === 'failed' ? context.errors : context.out;
      for (const line of outcome.lines) to.write(`${title}: ${line}\n`);
      return outcome.type;
    }
    if (systemClock.monotonic() > end) throw new UserError(`error: ${title}: it is not over yet, and goes on`);
    await systemClock.sleep(pollMs, context.signal);
  }
  return 'going';
}

function describeStep({ container, reason, message }: RetriedStep): string {
  const what = container === undefined ? '' : `container ${container}: `;
  return `${what}tried now, after ${reason}${message === undefined ? '' : `: ${message}`}`;
}
