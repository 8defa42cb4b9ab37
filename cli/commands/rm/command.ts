/** What `rm` is called and takes. */

import type { Command } from '../../command.ts';

export const rmCommand: Command = {
  usage: 'rm <controller>',
  describe: 'Delete a replication controller that was stopped',
  load: () => import('./run.ts'),
};
