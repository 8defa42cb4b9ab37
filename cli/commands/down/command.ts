/** What `down` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';
import { upOptions } from '../up/up-options.ts';

export const downCommand: Command = {
  usage: 'down',
  describe: 'Remove the cluster from this machine: containers, network, rules and data',
  options: {
    'data-dir': upOptions['data-dir'] ?? {},
    cluster: text('Id of a cluster whose data directory is lost: only its containers, network and rules'),
    'cluster-cidr': text('Its pod network; default: the one it was started with'),
    'keep-data': flag('Keep the data and the certificates'),
  },
  load: () => import('./run.ts'),
};
