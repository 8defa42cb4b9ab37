/** `scale rc/web --replicas 5`: through the scale subresource, so for every kind that has one. */

import type { KubernetesObject } from '../../../api/object.ts';
import { isNotFound } from '../../../api/status-error.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { objectPath } from '../../../client/resource-path.ts';
import { type Arguments, countOf, durationMs, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import { findTargets, type Target } from '../../target-objects.ts';

const pollMs = 200;

interface Scaled extends KubernetesObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const replicas = countIn(args, 'replicas');
  if (replicas === undefined || replicas < 0)
    throw new UserError('error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  const timeoutMs = durationMs(textOf(args, 'timeout') ?? '0', '--timeout');
  const client = await context.client();
  const print = await resultPrinter(context, args);
  const isDry = dryRunOf(args) !== 'none';
  for (const target of await findTargets(context, args, textsOf(args, 'resources'))) {
    const { kind, key } = target;
    const object = await scalable(context, target);
    expectAsSaid(object, args);
    const { resourceVersion } = object.metadata ?? {};
    const isExact = textOf(args, 'resource-version') !== undefined || textOf(args, 'current-replicas') !== undefined;
    await client.patch(
      kind,
      key,
      { type: 'merge', body: { spec: { replicas }, ...(isExact && { metadata: { resourceVersion } }) } },
      { subresource: 'scale', fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-scale', dryRun: isDry },
    );
    if (timeoutMs > 0 && !isDry) await untilScaled(context, target, { replicas, timeoutMs });
    const scaled: Scaled = { ...object, spec: { ...object.spec, replicas } };
    print(kind, scaled, 'scaled');
  }
}

function countIn(args: Arguments, name: string): number | undefined {
  return textOf(args, name) === undefined ? undefined : countOf(args, name, -1);
}

async function scalable(context: CommandContext, { kind, key }: Target): Promise<Scaled> {
  const client = await context.client();
  try {
    return await client.get<Scaled>(kind, key);
  } catch (error) {
    if (isNotFound(error)) throw new UserError(`error: no objects passed to scale ${error.message}`, { cause: error });
    throw error;
  }
}

/** It stays so until the change is stored: the version goes with it. */
function expectAsSaid({ metadata, spec }: Scaled, args: Arguments): void {
  const version = textOf(args, 'resource-version');
  if (version !== undefined && version !== metadata?.resourceVersion)
    throw new UserError(`error: Expected resource version to be ${version}, was ${metadata?.resourceVersion}`);
  const wanted = countIn(args, 'current-replicas') ?? -1;
  const current = spec?.replicas ?? 1;
  if (wanted >= 0 && wanted !== current)
    throw new UserError(`error: Expected replicas to be ${wanted}, was ${current}`);
}

async function untilScaled(
  context: CommandContext,
  { kind, key }: Target,
  { replicas, timeoutMs }: { readonly replicas: number; readonly timeoutMs: number },
): Promise<void> {
  const client = await context.client();
  const end = systemClock.monotonic() + timeoutMs;
  while (!context.signal.aborted) {
    const { text } = await client.raw('GET', objectPath(kind, key, 'scale'));
    const scale: Scaled = JSON.parse(text);
    if (scale.status?.replicas === replicas) return;
    if (systemClock.monotonic() > end) throw new UserError('error: timed out waiting for the condition');
    await systemClock.sleep(pollMs, context.signal);
  }
}
