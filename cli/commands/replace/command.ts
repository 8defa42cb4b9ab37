/** What `replace` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, fileOptions, flag, output, text } from '../../options.ts';

export const replaceCommand: Command = {
  usage: 'replace',
  describe: 'Replace objects by what a file says; --force deletes them first',
  options: {
    ...output,
    ...fileOptions,
    ...dryRun,
    ...fieldManager,
    force: flag('Delete the object and make it anew'),
    'grace-period': text('--force: seconds that containers get to end'),
    timeout: text('--force: how long to wait for the end', { default: '0' }),
    subresource: text('A part of the object, such as status or scale'),
    'save-config': flag('Note in the object what it was made from', { hidden: true }),
    validate: text('strict, warn or ignore fields that are unknown', { implied: 'strict', requiresArg: false }),
  },
  load: () => import('./run.ts'),
};
