/** What `edit` is called and takes. */

import type { Command } from '../../command.ts';
import { fieldManager, fileOptions, output, text } from '../../options.ts';

export const editCommand: Command = {
  usage: 'edit [resources..]',
  describe: 'Change objects in an editor: KUBE_EDITOR, EDITOR, or vi',
  options: {
    ...output,
    ...fileOptions,
    ...fieldManager,
    subresource: text('A part of the object, such as status'),
    validate: text('strict, warn or ignore fields that are unknown', { implied: 'strict', requiresArg: false }),
  },
  load: () => import('./run.ts'),
};
