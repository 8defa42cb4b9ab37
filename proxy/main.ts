/** The proxy as a process of its own. */

import '../base/small-heap.ts';
import { hostname } from 'node:os';
import { runComponentProcess } from '../base/component-process.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { parseDnsFlags } from './dns/dns-flags.ts';
import { startProxy } from './proxy.ts';

await runComponentProcess({
  name: 'proxy',
  describe: "Carries what is sent to Services to the Services' endpoints",
  healthPort: 10256,
  flags: {
    kubeconfig: { type: 'string', demandOption: true, describe: 'How to reach the API servers' },
    'node-kubeconfig': {
      type: 'string',
      describe: 'The same as the node, to tell what is programmed; without it no deleted pod waits for this proxy',
    },
    'node-name': { type: 'string', default: hostname().toLowerCase(), describe: 'The node this is' },
    'cluster-cidr': { type: 'string', default: '10.244.0.0/16', describe: 'The pod network' },
    table: { type: 'string', default: 'longshore', describe: 'Name of the nftables table' },
    mode: { choices: ['nftables', 'userspace'] as const, default: 'nftables' as const, describe: 'Who forwards' },
    dns: { type: 'boolean', default: true, describe: "Answer as the cluster's DNS on this node (--no-dns: do not)" },
    'cluster-domain': { type: 'string', default: 'cluster.local', describe: "The cluster's domain" },
    'dns-upstream': {
      type: 'string',
      array: true,
      describe: 'Servers that are asked for other names, such as 192.0.2.53 or 192.0.2.53:5353',
    },
    'dns-stub-domain': {
      type: 'string',
      array: true,
      describe: 'Domains that other servers know: corp.example=10.1.0.53,10.2.0.53',
    },
    'resolv-conf': {
      type: 'string',
      describe: "The node's resolver; default: /etc/resolv.conf, or systemd-resolved's",
    },
  },
  async start(flags, { logger, metrics }) {
    return await startProxy({
      connection: await readKubeconfig(flags.kubeconfig),
      ...(flags['node-kubeconfig'] && { nodeConnection: await readKubeconfig(flags['node-kubeconfig']) }),
      logger,
      metrics,
      nodeName: flags['node-name'],
      clusterCidr: flags['cluster-cidr'],
      table: flags.table,
      mode: flags.mode,
      ...(flags.dns && {
        dns: parseDnsFlags({
          domain: flags['cluster-domain'],
          upstreams: flags['dns-upstream'] ?? [],
          stubDomains: flags['dns-stub-domain'] ?? [],
          resolvConf: flags['resolv-conf'],
        }),
      }),
    });
  },
});
