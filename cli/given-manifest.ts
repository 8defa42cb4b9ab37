/** The manifest that a command was given, and the namespace that it is meant for. */

import { UserError } from '../base/user-error.ts';
import type { Manifest } from '../client/manifest.ts';
import { type Arguments, textOf, textsOf } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import { readManifests } from './manifest-files.ts';

/** The one object of `-c`. */
export async function readConfig(args: Arguments): Promise<Manifest> {
  const source = textOf(args, 'config') ?? textsOf(args, 'filename')[0];
  if (source === undefined) throw new UserError('Need config file (-c)');
  const [manifest, ...others] = await readManifests([source]);
  if (manifest === undefined || others.length > 0) throw new UserError(`${source} must hold exactly one object`);
  return manifest;
}

/** In its own namespace, or in the one that the command is about; the two must not contradict each other. */
export async function placed(context: CommandContext, namespaced: boolean, manifest: Manifest): Promise<Manifest> {
  if (!namespaced) return manifest;
  const { namespace: own, name = '' } = manifest.metadata ?? {};
  const named = context.namedNamespace;
  if (own !== undefined && named !== undefined && own !== named) {
    throw new UserError(`${manifest.kind} "${name}" says namespace ${own}, but -n says ${named}`);
  }
  return { ...manifest, metadata: { ...manifest.metadata, namespace: own ?? (await context.oneNamespace()) } };
}
