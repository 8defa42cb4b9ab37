/** The scheduler as a process of its own. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runComponentProcess } from '../base/component-process.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { startScheduler } from './scheduler.ts';

await runComponentProcess({
  name: 'scheduler',
  describe: 'Gives every pod a node',
  healthPort: 10259,
  flags: {
    kubeconfig: { type: 'string', demandOption: true, describe: 'How to reach the API servers' },
    'leader-elect': { type: 'boolean', default: true, describe: 'Work only while holding the lease' },
    'scheduler-name': { type: 'string', default: 'default-scheduler', describe: 'Whose pods are placed' },
  },
  async start(flags, { logger, metrics }) {
    return await startScheduler({
      connection: await readKubeconfig(flags.kubeconfig),
      logger,
      metrics,
      leaderElect: flags['leader-elect'],
      identity: `${hostname()}_${randomUUID()}`,
      profiles: (plugins) => [{ schedulerName: flags['scheduler-name'], plugins }],
    });
  },
});
