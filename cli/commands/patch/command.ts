/** What `patch` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, fileOptions, flag, output, text } from '../../options.ts';

export const patchCommand: Command = {
  usage: 'patch [resources..]',
  describe: 'Change fields: patch deployment web -p \'{"spec":{"replicas":3}}\'',
  options: {
    ...output,
    ...fileOptions,
    ...dryRun,
    ...fieldManager,
    patch: text('The patch, JSON or YAML', { alias: 'p' }),
    'patch-file': text('A file with the patch'),
    type: text('How lists are joined', { choices: ['json', 'merge', 'strategic'], default: 'strategic' }),
    subresource: text('A part of the object, such as status or scale'),
    local: flag('Only change what a file says, for json and merge', { hidden: true }),
  },
  load: () => import('./run.ts'),
};
