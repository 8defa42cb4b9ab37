/** The scheduler as a process of its own. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runComponentProcess } from '../base/component-process.ts';
import { UserError } from '../base/user-error.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { defaultSchedulerName } from './pod-info.ts';
import { startScheduler } from './scheduler.ts';
import { configurationKind, plainProfile, readSchedulerConfiguration } from './scheduler-configuration.ts';

await runComponentProcess({
  name: 'scheduler',
  describe: 'Gives every pod a node',
  healthPort: 10259,
  configurationKind,
  flags: {
    kubeconfig: { type: 'string', describe: 'How to reach the API servers' },
    'leader-elect': { type: 'boolean', describe: 'Work only while holding the lease; default: true' },
    'scheduler-name': { type: 'string', describe: 'Whose pods are placed, without a configuration; default-scheduler' },
  },
  async start(flags, { logger, metrics, configurationFile }) {
    const configuration =
      configurationFile === undefined ? undefined : await readSchedulerConfiguration(configurationFile);
    if (configuration !== undefined && configuration.withoutEffect.length > 0)
      logger.warn('Fields of the configuration that change nothing here', { fields: configuration.withoutEffect });
    const kubeconfig = flags.kubeconfig ?? configuration?.kubeconfig;
    if (kubeconfig === undefined) throw new UserError('Say how to reach the API servers: --kubeconfig FILE');
    return await startScheduler({
      connection: await readKubeconfig(kubeconfig),
      logger,
      metrics,
      leaderElect: flags['leader-elect'] ?? configuration?.leaderElection.leaderElect ?? true,
      identity: `${hostname()}_${randomUUID()}`,
      configuration: configuration ?? {
        ...{ profiles: [plainProfile(flags['scheduler-name'] ?? defaultSchedulerName)] },
        ...{ leaderElection: {}, withoutEffect: [] },
      },
    });
  },
});
