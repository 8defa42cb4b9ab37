/** The proxy as a process of its own. */

import '../base/small-heap.ts';
import { hostname } from 'node:os';
import { runComponentProcess } from '../base/component-process.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { startProxy } from './proxy.ts';

await runComponentProcess({
  name: 'proxy',
  describe: "Carries what is sent to Services to the Services' endpoints",
  healthPort: 10256,
  flags: {
    kubeconfig: { type: 'string', demandOption: true, describe: 'How to reach the API servers' },
    'node-name': { type: 'string', default: hostname().toLowerCase(), describe: 'The node this is' },
    'cluster-cidr': { type: 'string', default: '10.244.0.0/16', describe: 'The pod network' },
    table: { type: 'string', default: 'longshore', describe: 'Name of the nftables table' },
    mode: { choices: ['nftables', 'userspace'] as const, default: 'nftables' as const, describe: 'Who forwards' },
  },
  async start(flags, { logger, metrics }) {
    return await startProxy({
      connection: await readKubeconfig(flags.kubeconfig),
      logger,
      metrics,
      nodeName: flags['node-name'],
      clusterCidr: flags['cluster-cidr'],
      table: flags.table,
      mode: flags.mode,
    });
  },
});
