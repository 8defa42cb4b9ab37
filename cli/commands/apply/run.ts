/** `apply -f`: makes objects be as files say. */

import { applyManifest } from '../../../client/apply-manifest.ts';
import { type Arguments, isSet, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { placed } from '../../given-manifest.ts';
import { readManifests } from '../../manifest-files.ts';
import { titleOf } from '../../requests.ts';
import { kindOfManifest } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const manifests = await readManifests(textsOf(args, 'filename'));
  const client = await context.client();
  const dryRun = isSet(args, 'dry-run');
  for (const manifest of manifests) {
    const kind = await kindOfManifest(client, manifest);
    const wanted = await placed(context, kind.namespaced, manifest);
    const result = await applyManifest(client, kind, wanted, { force: isSet(args, 'force-conflicts'), dryRun });
    context.out.write(`${titleOf(kind, wanted.metadata?.name ?? '')} ${result}${dryRun ? ' (dry run)' : ''}\n`);
  }
}
