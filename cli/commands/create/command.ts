/** What `create` is called and takes. */

import type { Command } from '../../command.ts';
import { createFlags } from './flags.ts';

export const createCommand: Command = {
  usage: 'create [what] [words..]',
  describe: 'Make objects: create -f FILE, create KIND NAME …, classic: create pods -c FILE',
  takesRest: true,
  options: createFlags,
  load: () => import('./run.ts'),
};
