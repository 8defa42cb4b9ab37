/** The controller manager as a process of its own. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runComponentProcess } from '../base/component-process.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { startControllerManager } from './controller-manager.ts';

await runComponentProcess({
  name: 'controller-manager',
  describe: 'Makes the cluster what its objects say, with all control loops',
  healthPort: 10257,
  flags: {
    kubeconfig: { type: 'string', demandOption: true, describe: 'How to reach the API servers' },
    'leader-elect': { type: 'boolean', default: true, describe: 'Work only while holding the lease' },
    identity: { type: 'string', describe: 'Name in the lease; must be unique among running processes' },
    controllers: {
      type: 'string',
      default: '*',
      describe: 'Which run, with commas: "*" all, "foo" this one, "-foo" not this one',
    },
    'cluster-cidr': { type: 'string', default: '10.244.0.0/16', describe: 'The pod network' },
    'node-cidr-prefix': { type: 'number', default: 24, describe: "Prefix length of a node's part of it" },
    'node-grace-seconds': { type: 'number', default: 40, describe: 'A node silent for longer is Unknown' },
    'terminated-pod-threshold': { type: 'number', default: 12_500, describe: 'Finished pods that are kept' },
  },
  async start(flags, { logger, metrics }) {
    return await startControllerManager({
      connection: await readKubeconfig(flags.kubeconfig),
      logger,
      metrics,
      leaderElect: flags['leader-elect'],
      identity: flags.identity ?? `${hostname()}_${randomUUID()}`,
      controllers: flags.controllers.split(','),
      clusterCidr: flags['cluster-cidr'],
      nodeCidrPrefix: flags['node-cidr-prefix'],
      nodeGraceMs: flags['node-grace-seconds'] * 1000,
      terminatedPodThreshold: flags['terminated-pod-threshold'],
    });
  },
});
