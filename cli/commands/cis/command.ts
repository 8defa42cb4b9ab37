/** What `cis` is called and takes. */

import type { Command } from '../../command.ts';
import { text } from '../../options.ts';

export const cisCommand: Command = {
  usage: 'cis',
  describe: 'Check the cluster on this machine against the CIS Kubernetes benchmark',
  options: { 'data-dir': text('Of the cluster') },
  load: () => import('./run.ts'),
};
