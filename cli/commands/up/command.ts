/** What `up` is called and takes. */

import type { Command } from '../../command.ts';
import { upOptions } from './up-options.ts';

export const upCommand: Command = {
  usage: 'up',
  describe: 'Start a cluster on this machine and stay in the foreground',
  options: upOptions,
  load: () => import('./run.ts'),
};
