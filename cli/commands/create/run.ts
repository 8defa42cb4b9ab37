/** `create -f FILE` makes every object of a file; `create pods -c FILE` makes one, as the first kubecfg did. */

import type { KubernetesObject } from '../../../api/object.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { placed, readConfig } from '../../given-manifest.ts';
import { readManifests } from '../../manifest-files.ts';
import { printOne } from '../../print-one.ts';
import { structuredPrinter } from '../../printing.ts';
import { titleOf } from '../../requests.ts';
import { kindOfManifest, parseClassicPath } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const resource = textOf(args, 'resource');
  if (resource !== undefined) return await createClassic(context, args, resource);
  const files = textsOf(args, 'filename');
  if (files.length === 0) throw new UserError('Say what to create: create -f FILE, or create RESOURCE -c FILE');
  const printer = await structuredPrinter(args);
  const client = await context.client();
  for (const manifest of await readManifests(files)) {
    const kind = await kindOfManifest(client, manifest);
    const created = await client.create<KubernetesObject>(kind, await placed(context, kind.namespaced, manifest), {
      fieldManager: 'kubecfg-create',
    });
    context.out.write(printer?.(created) ?? `${titleOf(kind, created.metadata.name)} created\n`);
  }
}

async function createClassic(context: CommandContext, args: Arguments, resource: string): Promise<void> {
  const client = await context.client();
  const { kind, name } = await parseClassicPath(client, resource);
  if (name !== undefined) throw new UserError(`usage: kubecfg [OPTIONS] create <${kind.plural}> -c FILE`);
  const manifest = await readConfig(args);
  const created = await client.create<KubernetesObject>(kind, await placed(context, kind.namespaced, manifest), {
    fieldManager: 'kubecfg-create',
  });
  await printOne(context, args, kind, created);
}
