/** `resize NAME REPLICAS`: how many pods a replication controller keeps, or any workload that is named with its kind. */

import type { KubernetesObject } from '../../../api/object.ts';
import { type Arguments, countOf, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { titleOf } from '../../requests.ts';
import { resize } from '../../resize-controller.ts';
import { parseOne } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const [word, replicas] = [textOf(args, 'controller') ?? '', countOf(args, 'replicas')];
  if (!isOtherKind(word)) return await resize(context, word, replicas);
  const client = await context.client();
  const { kind, name } = await parseOne(client, [word]);
  const key = { namespace: await context.oneNamespace(), name };
  const patch = { type: 'merge', body: { spec: { replicas } } } as const;
  await client.patch<KubernetesObject>(kind, key, patch, { subresource: 'scale', fieldManager: 'kubecfg-scale' });
  context.out.write(`${titleOf(kind, name)} scaled\n`);
}

/** `deployment/web`; the first kubecfg knew replication controllers only. */
const isOtherKind = (word: string): boolean =>
  word.replace(/^\/+/, '').includes('/') && !/^\/?(replicationControllers?|rc)\//i.test(word);
