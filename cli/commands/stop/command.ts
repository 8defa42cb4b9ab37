/** What `stop` is called and takes. */

import type { Command } from '../../command.ts';

export const stopCommand: Command = {
  usage: 'stop <controller>',
  describe: 'Resize a replication controller to 0',
  load: () => import('./run.ts'),
};
