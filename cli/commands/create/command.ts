/** What `create` is called and takes. */

import type { Command } from '../../command.ts';
import { config, filename, output } from '../../options.ts';

export const createCommand: Command = {
  usage: 'create [resource]',
  describe: 'Make objects: create -f FILE, classic: create pods -c FILE',
  options: { ...output, filename, config },
  load: () => import('./run.ts'),
};
