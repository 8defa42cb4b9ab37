/** What `resize` is called and takes. */

import type { Command } from '../../command.ts';

export const resizeCommand: Command = {
  usage: 'resize <controller> <replicas>',
  describe: 'Change how many pods a replication controller keeps',
  load: () => import('./run.ts'),
};
