/** `scale rc/web --replicas 5`: through the scale subresource, so for every kind that has one. */

import type { KubernetesObject, ObjectKey } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Arguments, countOf, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { titleOf } from '../../requests.ts';
import { parseSelections } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const replicas = countOf(args, 'replicas');
  const expected = textOf(args, 'current-replicas') === undefined ? undefined : countOf(args, 'current-replicas');
  const client = await context.client();
  const namespace = await context.oneNamespace();
  for (const { kind, names } of await parseSelections(client, textsOf(args, 'resources'))) {
    if (names.length === 0) throw new UserError(`Name what to scale, for example ${kind.singular}/web`);
    for (const name of names) {
      if (expected !== undefined) await expectReplicas(client, kind, { namespace, name }, expected);
      const patch = { type: 'merge', body: { spec: { replicas } } } as const;
      await client.patch(kind, { namespace, name }, patch, { subresource: 'scale', fieldManager: 'kubecfg-scale' });
      context.out.write(`${titleOf(kind, name)} scaled\n`);
    }
  }
}

async function expectReplicas(client: Client, kind: Resource, key: ObjectKey, expected: number): Promise<void> {
  const { spec }: KubernetesObject & { spec?: { replicas?: number } } = await client.get(kind, key);
  const current = spec?.replicas ?? 1;
  if (current !== expected)
    throw new UserError(`Expected ${expected} replicas of ${key.name}, but there are ${current}`);
}
