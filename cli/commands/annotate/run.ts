/** `annotate`: sets and removes annotations. */

import { UserError } from '../../../base/user-error.ts';
import type { Arguments } from '../../arguments.ts';
import { changeMetadata, type MetadataVerb } from '../../change-metadata.ts';
import type { CommandContext } from '../../command-context.ts';
import { overwritten } from '../../metadata-change.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  await changeMetadata(context, args, annotations);
}

const annotations: MetadataVerb = {
  field: 'annotations',
  noun: 'annotation',
  fieldManager: 'kubecfg-annotate',
  judge(present, change, overwrite) {
    const lost = overwritten(present, change).map(([key, value]) => `'${key}' already has a value (${value})`);
    if (lost.length > 0 && !overwrite)
      throw new UserError(
        `error: --overwrite is false but found the following declared annotation(s): ${lost.join('; ')}`,
      );
    return { operation: 'annotated', notes: [] };
  },
};
