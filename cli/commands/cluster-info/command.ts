/** What `cluster-info` is called and takes. */

import type { Command } from '../../command.ts';

export const clusterInfoCommand: Command = {
  usage: 'cluster-info',
  describe: 'Where the control plane and the services of the cluster are',
  load: () => import('./run.ts'),
};
