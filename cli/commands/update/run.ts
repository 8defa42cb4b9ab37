/** `update RESOURCE/ID -c FILE`: replaces an object, at the version that it has now. */

import type { KubernetesObject } from '../../../api/object.ts';
import { StatusError } from '../../../api/status-error.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { readConfig } from '../../given-manifest.ts';
import { printOne } from '../../print-one.ts';
import { parseClassicPath } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const { kind, name } = await parseClassicPath(client, textOf(args, 'resource') ?? '');
  if (name === undefined) throw new UserError(`usage: kubecfg [OPTIONS] update <${kind.plural}/id> -c FILE`);
  const manifest = await readConfig(args);
  const namespace = manifest.metadata?.namespace ?? (await context.oneNamespace());
  let resourceVersion: string;
  try {
    resourceVersion = (await client.get(kind, { namespace, name })).metadata.resourceVersion;
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    throw new UserError(`error obtaining resource version for update: ${cause.message}`, { cause });
  }
  const metadata = { name, ...manifest.metadata, ...(kind.namespaced && { namespace }), resourceVersion };
  const updated = await client.update<KubernetesObject>(kind, { ...manifest, metadata });
  await printOne(context, args, kind, updated);
}
