/** `apply -f`: makes objects be as files say. */

import { applyManifest } from '../../../client/apply-manifest.ts';
import { type Arguments, isSet, textsOf } from '../../arguments.ts';
import { placed } from '../../given-manifest.ts';
import { readManifests } from '../../manifest-files.ts';
import { titleOf } from '../../requests.ts';
import { kindOfManifest } from '../../resources.ts';
import type { Session } from '../../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  const manifests = await readManifests(textsOf(args, 'filename'));
  const client = await session.client();
  const dryRun = isSet(args, 'dry-run');
  for (const manifest of manifests) {
    const kind = await kindOfManifest(client, manifest);
    const wanted = await placed(session, kind.namespaced, manifest);
    const result = await applyManifest(client, kind, wanted, { force: isSet(args, 'force-conflicts'), dryRun });
    session.out.write(`${titleOf(kind, wanted.metadata?.name ?? '')} ${result}${dryRun ? ' (dry run)' : ''}\n`);
  }
}
