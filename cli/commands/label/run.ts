/** `label`: sets and removes labels. */

import { UserError } from '../../../base/user-error.ts';
import type { Arguments } from '../../arguments.ts';
import { changeMetadata, type MetadataVerb } from '../../change-metadata.ts';
import type { CommandContext } from '../../command-context.ts';
import { changes, type MetadataChange, overwritten } from '../../metadata-change.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  await changeMetadata(context, args, labels);
}

const labels: MetadataVerb = {
  field: 'labels',
  noun: 'label',
  fieldManager: 'kubecfg-label',
  judge(present, change, overwrite) {
    const [lost] = overwritten(present, change);
    if (lost !== undefined && !overwrite)
      throw new UserError(`error: '${lost[0]}' already has a value (${lost[1]}), and --overwrite is false`);
    const missing = [...change.remove].filter((key) => !present.has(key));
    return { operation: operationOf(present, change), notes: missing.map((key) => `label "${key}" not found.`) };
  },
};

function operationOf(present: ReadonlyMap<string, string>, change: MetadataChange): string {
  if (!changes(present, change)) return 'not labeled';
  return changes(present, { ...change, remove: new Set() }) ? 'labeled' : 'unlabeled';
}
