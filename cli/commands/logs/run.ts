/** `logs POD`: what a container writes; with `-f` as long as it writes. */

import { pods, replicationControllers } from '../../../api/resources/core.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { objectPath, queryString } from '../../../client/resource-path.ts';
import { type Arguments, countOf, durationMs, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { listAll } from '../../requests.ts';
import { parseOne } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const namespace = await context.oneNamespace();
  const name = await podNameOf(context, textOf(args, 'pod') ?? '', namespace);
  const container = textOf(args, 'container') ?? (await onlyContainer(context, { namespace, name }));
  const query = queryString({
    container,
    follow: isSet(args, 'follow') || undefined,
    previous: isSet(args, 'previous') || undefined,
    timestamps: isSet(args, 'timestamps') || undefined,
    tailLines: textOf(args, 'tail') === undefined ? undefined : countOf(args, 'tail'),
    sinceSeconds: secondsOf(textOf(args, 'since')),
  });
  const stream = await client.stream(objectPath(pods, { namespace, name }, 'log') + query, context.signal);
  try {
    for await (const chunk of stream) context.out.write(String(chunk));
  } catch (error) {
    if (!context.signal.aborted) throw error;
  }
}

/** The pod itself, or any pod of a controller: `logs rc/web`. */
async function podNameOf(context: CommandContext, word: string, namespace: string): Promise<string> {
  if (!word.includes('/')) return word;
  const client = await context.client();
  const { kind, name } = await parseOne(client, [word]);
  if (kind.kind === 'Pod') return name;
  if (kind.kind !== 'ReplicationController')
    throw new UserError(`logs of a ${kind.kind}: name one of its pods instead`);
  const { spec } = await client.get(replicationControllers, { namespace, name });
  const labelSelector = Object.entries(spec?.selector ?? {}).map((pair) => pair.join('='));
  const [pod] = await listAll(client, pods, { namespace, labelSelector: labelSelector.join(',') });
  if (pod === undefined) throw new UserError(`${word} has no pods`);
  return pod.metadata.name;
}

async function onlyContainer(context: CommandContext, key: { namespace: string; name: string }): Promise<string> {
  const pod: Pod = await (await context.client()).get(pods, key);
  const [container, ...others] = pod.spec?.containers.map((one) => one.name) ?? [];
  if (container === undefined) throw new UserError(`Pod "${key.name}" has no container`);
  if (others.length > 0)
    context.errors.write(`Container "${container}" out of: ${[container, ...others].join(', ')}\n`);
  return container;
}

const secondsOf = (since: string | undefined): number | undefined =>
  since === undefined ? undefined : Math.ceil(durationMs(since, '--since') / 1000);
