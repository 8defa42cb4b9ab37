/** `create -f FILE` makes every object of a file; `create pods -c FILE` makes one, as the first kubecfg did. */

import type { KubernetesObject } from '../../api/object.ts';
import { UserError } from '../../base/user-error.ts';
import type { Manifest } from '../../client/manifest.ts';
import { type Arguments, textOf, textsOf } from '../arguments.ts';
import { readManifests } from '../manifest-files.ts';
import { printOne } from '../print-one.ts';
import { structuredPrinter } from '../printing.ts';
import { titleOf } from '../requests.ts';
import { kindOfManifest, parseClassicPath } from '../resources.ts';
import type { Session } from '../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  const resource = textOf(args, 'resource');
  if (resource !== undefined) return await createClassic(session, args, resource);
  const files = textsOf(args, 'filename');
  if (files.length === 0) throw new UserError('Say what to create: create -f FILE, or create RESOURCE -c FILE');
  const printer = await structuredPrinter(args);
  const client = await session.client();
  for (const manifest of await readManifests(files)) {
    const kind = await kindOfManifest(client, manifest);
    const created = await client.create<KubernetesObject>(kind, await placed(session, kind.namespaced, manifest), {
      fieldManager: 'kubecfg-create',
    });
    session.out.write(printer?.(created) ?? `${titleOf(kind, created.metadata.name)} created\n`);
  }
}

async function createClassic(session: Session, args: Arguments, resource: string): Promise<void> {
  const client = await session.client();
  const { kind, name } = await parseClassicPath(client, resource);
  if (name !== undefined) throw new UserError(`usage: kubecfg [OPTIONS] create <${kind.plural}> -c FILE`);
  const manifest = await readConfig(args);
  const created = await client.create<KubernetesObject>(kind, await placed(session, kind.namespaced, manifest), {
    fieldManager: 'kubecfg-create',
  });
  await printOne(session, args, kind, created);
}

/** The one object of `-c`. */
export async function readConfig(args: Arguments): Promise<Manifest> {
  const source = textOf(args, 'config') ?? textsOf(args, 'filename')[0];
  if (source === undefined) throw new UserError('Need config file (-c)');
  const [manifest, ...others] = await readManifests([source]);
  if (manifest === undefined || others.length > 0) throw new UserError(`${source} must hold exactly one object`);
  return manifest;
}

/** In its own namespace, or in the one that the command is about; the two must not contradict each other. */
export async function placed(session: Session, namespaced: boolean, manifest: Manifest): Promise<Manifest> {
  if (!namespaced) return manifest;
  const { namespace: own, name = '' } = manifest.metadata ?? {};
  const named = session.namedNamespace;
  if (own !== undefined && named !== undefined && own !== named) {
    throw new UserError(`${manifest.kind} "${name}" says namespace ${own}, but -n says ${named}`);
  }
  return { ...manifest, metadata: { ...manifest.metadata, namespace: own ?? (await session.oneNamespace()) } };
}
