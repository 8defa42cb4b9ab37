/** What the user reads when everything runs: where it is, what to try, how to stop. */

import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { defaultDataDir } from './cluster-options.ts';

export function welcomeText(cluster: Cluster, demo: { readonly url: string } | undefined): string {
  const { options, kubeconfig, server, nodeIp } = cluster;
  const isDefault = options.dataDir === defaultDataDir;
  const kubecfg = isDefault ? 'npx kubecfg' : `npx kubecfg --kubeconfig ${kubeconfig}`;
  const facts = [
    ...(demo === undefined ? [] : [['Guestbook', `${demo.url} or ${demo.url.replace('localhost', nodeIp)}`]]),
    ...(options.only.has('apiserver') ? [['API server', server]] : []),
    ['kubeconfig', kubeconfig],
    ['Log', join(options.dataDir, 'longshore.log')],
  ];
  const commands =
    demo === undefined
      ? [`${kubecfg} get nodes`, `${kubecfg} run IMAGE 2 web`, `kubectl --kubeconfig ${kubeconfig} get all -A`]
      : [`${kubecfg} list pods`, `${kubecfg} scale deployment/frontend --replicas 10`, 'docker ps'];
  return [
    '',
    'Longshore runs.',
    ...facts.map(([name = '', value = '']) => `  ${name.padEnd(12)}${value}`),
    '',
    'Try, in another terminal:',
    ...commands.map((command) => `  ${command}`),
    ...(options.only.has('apiserver')
      ? [`${`  ${kubecfg} token create`.padEnd(34)}  prints the line by which another host joins`]
      : []),
    '',
    'Ctrl-C stops it. Containers go on, and the next start adopts them with all data.',
    `"${isDefault ? 'npx kubecfg down' : `npx kubecfg down --data-dir ${options.dataDir}`}" removes the cluster with all that it keeps.`,
    '',
  ].join('\n');
}
