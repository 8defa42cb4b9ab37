/** What `leave` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';
import { upOptions } from '../up/up-options.ts';

export const leaveCommand: Command = {
  usage: 'leave',
  describe: 'Take this host out of the cluster that it joined, and what the cluster made here off it',
  options: {
    'data-dir': upOptions['data-dir'] ?? {},
    force: flag('Also when pods are lost that nobody makes again, or no master answers'),
    timeout: text('For pods to end in; 0: for ever', { default: '5m' }),
  },
  load: () => import('./run.ts'),
};
