/** What `cp` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';

export const cpCommand: Command = {
  usage: 'cp <from> <to>',
  describe: 'Copy files and folders: cp FILE [NAMESPACE/]POD:PATH, or the other way; the container needs tar',
  options: {
    container: text('Which container', { alias: 'c' }),
    'no-preserve': flag('Not with the owner and the rights of the files'),
    retries: text('How often to go on with a copy that broke; -1: for ever', { default: '0' }),
  },
  load: () => import('./run.ts'),
};
