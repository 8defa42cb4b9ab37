/** The ingress as a process of its own. */

import '../base/small-heap.ts';
import { hostname } from 'node:os';
import { runComponentProcess } from '../base/component-process.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { startIngress } from './ingress.ts';
import { ingressFlags, parseIngressFlags } from './ingress-options.ts';

await runComponentProcess({
  name: 'ingress',
  describe: 'Leads HTTP requests from outside of the cluster to Services, as Ingresses say',
  healthPort: 10254,
  flags: {
    kubeconfig: { type: 'string', demandOption: true, describe: 'How to reach the API servers' },
    'node-name': { type: 'string', default: hostname().toLowerCase(), describe: 'The node this is' },
    'node-ip': { type: 'string', demandOption: true, describe: 'The address that Ingresses say as theirs' },
    ...ingressFlags,
  },
  async start(flags, { logger, metrics }) {
    return await startIngress({
      ...parseIngressFlags(flags),
      connection: await readKubeconfig(flags.kubeconfig),
      nodeName: flags['node-name'],
      nodeIp: flags['node-ip'],
      logger,
      metrics,
    });
  },
});
