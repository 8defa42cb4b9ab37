/** The controller manager as a process of its own. */

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { load } from 'js-yaml';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { startHealthServer } from '../base/health-server.ts';
import { stopAll } from '../base/lifecycle.ts';
import { createLogger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { startControllerManager } from './controller-manager.ts';

const flags = await yargs(hideBin(process.argv))
  .scriptName('longshore-controller-manager')
  .strict()
  .option('kubeconfig', { type: 'string', demandOption: true, describe: 'How to reach the API servers' })
  .option('config', { type: 'string', describe: 'YAML file with any of these flags' })
  .option('log-level', { choices: ['debug', 'info', 'warn', 'error'] as const, default: 'info' as const })
  .option('log-format', { choices: ['text', 'json'] as const, default: 'text' as const })
  .option('bind-address', {
    type: 'string',
    default: '127.0.0.1',
    describe: 'Where /healthz, /readyz and /metrics answer',
  })
  .option('health-port', { type: 'number', default: 10257 })
  .option('leader-elect', { type: 'boolean', default: true, describe: 'Work only while holding the Lease' })
  .option('identity', { type: 'string', describe: 'Name in the Lease; must be unique among running processes' })
  .option('cluster-cidr', { type: 'string', default: '10.244.0.0/16', describe: 'The pod network' })
  .option('node-cidr-prefix', { type: 'number', default: 24, describe: "Prefix length of a node's part of it" })
  .option('node-grace-seconds', { type: 'number', default: 40, describe: 'A node silent for longer is Unknown' })
  .option('terminated-pod-threshold', { type: 'number', default: 12500, describe: 'Finished pods that are kept' })
  .config(await readConfig())
  .parse();

const logger = createLogger('controller-manager', { level: flags.logLevel, format: flags.logFormat });
const metrics = new Metrics({ processWide: true });
const manager = await startControllerManager({
  connection: await readKubeconfig(flags.kubeconfig),
  logger,
  leaderElect: flags.leaderElect,
  identity: flags.identity ?? `${hostname()}_${randomUUID()}`,
  clusterCidr: flags.clusterCidr,
  nodeCidrPrefix: flags.nodeCidrPrefix,
  nodeGraceMs: flags.nodeGraceSeconds * 1000,
  terminatedPodThreshold: flags.terminatedPodThreshold,
  metrics,
});
const health = await startHealthServer({ bindAddress: flags.bindAddress, port: flags.healthPort, metrics });
const running = [health, manager];

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    logger.info('Stopping', { signal });
    void stopAll(running);
  });
}
try {
  await manager.done;
} catch (error) {
  logger.error('The controller manager ended', { error });
  process.exitCode = 1;
}
await stopAll(running);

/** Flags from the file that `--config` names; flags of the command line go before them. */
async function readConfig(): Promise<object> {
  const { config } = await yargs(hideBin(process.argv))
    .help(false)
    .version(false)
    .option('config', { type: 'string' })
    .parse();
  return config === undefined ? {} : ((load(await readFile(config, 'utf8')) as object | undefined) ?? {});
}
