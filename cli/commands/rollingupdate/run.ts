/**
 * `[-u TIME] [-image IMAGE] rollingupdate NAME`: puts the image into the controller's template, then deletes its pods
 * one at a time, waiting in between, so that the controller makes them anew from the template.
 */

import type { Stored } from '../../../api/object.ts';
import { pods, replicationControllers } from '../../../api/resources/core.ts';
import { isNotFound } from '../../../api/status-error.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, durationMs, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { listAll } from '../../requests.ts';
import { updateController } from '../../resize-controller.ts';

const settleTimeoutMs = 300_000;
const pollMs = 500;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const name = textOf(args, 'controller') ?? '';
  const pauseMs = durationMs(textOf(args, 'update') ?? '60s', '-u');
  const image = textOf(args, 'image');
  const before = await podsOf(context, name);
  if (image !== undefined) await setImage(context, name, image);
  for (const [index, pod] of before.entries()) {
    if (context.signal.aborted) return;
    await deletePod(context, pod);
    context.out.write(`${pod.metadata.name} deleted (${index + 1} of ${before.length})\n`);
    await systemClock.sleep(pauseMs, context.signal);
  }
  await waitForCount(context, name, before);
}

async function setImage(context: CommandContext, name: string, image: string): Promise<void> {
  await updateController(context, name, (controller) => {
    const container = controller.spec?.template?.spec?.containers[0];
    if (container === undefined) throw new UserError(`The template of "${name}" has no container`);
    container.image = image;
  });
}

async function podsOf(context: CommandContext, name: string): Promise<Stored<Pod>[]> {
  const client = await context.client();
  const namespace = await context.oneNamespace();
  const { spec } = await client.get(replicationControllers, { namespace, name });
  const labelSelector = Object.entries(spec?.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const found = await listAll(client, pods, { namespace, labelSelector });
  return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function deletePod(context: CommandContext, { metadata }: Stored<Pod>): Promise<void> {
  const client = await context.client();
  try {
    await client.delete(pods, { namespace: metadata.namespace, name: metadata.name }, { uid: metadata.uid });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Until there are as many pods as before, and none of the old ones. */
async function waitForCount(context: CommandContext, name: string, before: readonly Stored<Pod>[]): Promise<void> {
  const old = new Set(before.map(({ metadata }) => metadata.uid));
  const end = systemClock.monotonic() + settleTimeoutMs;
  while (!context.signal.aborted) {
    const now = await podsOf(context, name);
    if (now.length >= before.length && !now.some(({ metadata }) => old.has(metadata.uid))) return;
    if (systemClock.monotonic() > end) {
      throw new UserError(`After 5 minutes "${name}" has ${now.length} of ${before.length} pods: see kubecfg get pods`);
    }
    await systemClock.sleep(pollMs, context.signal);
  }
}
