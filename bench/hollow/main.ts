/** `npm run hollow -- --nodes 100`: hollow nodes in a cluster, to try manifests and the control plane at scale. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../../base/command-line.ts';
import { createLogger } from '../../base/logger.ts';
import { readKubeconfig } from '../../client/kubeconfig.ts';
import { HollowNodes } from './hollow-nodes.ts';

const flags = await commandLine(process.argv.slice(2))
  .scriptName('hollow')
  .usage('$0 [flags]\n\nJoins nodes without machines to a cluster, until it is told to stop; then they are gone')
  .options({
    nodes: { type: 'number', default: 100, describe: 'How many' },
    kubeconfig: {
      type: 'string',
      default: process.env.KUBECONFIG ?? join(homedir(), '.kube', 'config'),
      describe: 'Of an administrator',
    },
    prefix: { type: 'string', default: 'hollow', describe: 'What their names begin with' },
    cpu: { type: 'string', default: '8', describe: 'What each has' },
    memory: { type: 'string', default: '32Gi', describe: 'What each has' },
    pods: { type: 'string', default: '110', describe: 'How many each takes' },
  })
  .strict()
  .parseAsync();

const ended = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});
const { cpu, memory, pods, nodes: count, prefix } = flags;
const hollow = await HollowNodes.start(
  {
    connection: await readKubeconfig(flags.kubeconfig),
    logger: createLogger('hollow', { level: 'error' }),
    ...{ count, prefix, capacity: { cpu, memory, pods } },
  },
  (started) => {
    if (started % 50 === 0 || started === count) process.stdout.write(`${started} of ${count} kubelets run\n`);
  },
);
process.stdout.write('Ctrl-C removes them\n');
await ended;
await hollow.stop();
process.exit(0);
