/** What every `main.ts` does alike: flags and config file, logs, health and metrics, signals, exit code. */

import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import yargs, { type InferredOptionTypes, type Options } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { startHealthServer } from './health-server.ts';
import type { Running } from './lifecycle.ts';
import { createLogger, type Logger } from './logger.ts';
import { Metrics } from './metrics.ts';

export interface ComponentProcess<Flags extends Readonly<Record<string, Options>>> {
  /** As people type it: `scheduler`. */
  readonly name: string;
  readonly describe: string;
  /** Where /healthz, /readyz and /metrics are, unless `--health-port` says otherwise. */
  readonly healthPort: number;
  readonly flags: Flags;
  start(
    flags: InferredOptionTypes<Flags>,
    context: { readonly logger: Logger; readonly metrics: Metrics },
  ): Promise<Running & { whyNotReady?(): string | undefined }>;
}

const commonFlags = {
  'log-level': {
    choices: ['debug', 'info', 'warn', 'error'] as const,
    default: 'info' as const,
    describe: 'How much is logged',
  },
  'log-format': {
    choices: ['text', 'json'] as const,
    default: 'text' as const,
    describe: 'How a line of the log looks',
  },
  'health-address': { type: 'string', default: '127.0.0.1', describe: 'Where health and metrics are served' },
  'health-port': { type: 'number', default: 0, describe: 'Port of health and metrics; 0: any' },
} as const satisfies Record<string, Options>;

type CommonFlags = typeof commonFlags;

/** Runs until a signal or a failure ends it, then ends the process: 0 after SIGINT or SIGTERM, 1 otherwise. */
export async function runComponentProcess<Flags extends Readonly<Record<string, Options>>>(
  component: ComponentProcess<Flags>,
): Promise<void> {
  const { name, describe, healthPort } = component;
  const parsed: unknown = await yargs(hideBin(process.argv))
    .scriptName(name)
    .usage(`$0 [flags]\n\n${describe}`)
    .options({
      ...commonFlags,
      'health-port': { ...commonFlags['health-port'], default: healthPort },
    })
    .options(component.flags)
    .config(
      'config',
      'A YAML file of flags; the command line comes first',
      (path: string) => load(readFileSync(path, 'utf8')) as object,
    )
    .strict()
    .parseAsync();
  // yargs' own type is lost between two sets of options of which one is generic.
  const flags = parsed as InferredOptionTypes<CommonFlags> & InferredOptionTypes<Flags>;
  const logger = createLogger(name, { level: flags['log-level'], format: flags['log-format'] });
  const metrics = new Metrics({ processWide: true });
  const ended = endOfProcess();
  try {
    const running = await component.start(flags, { logger, metrics });
    const health = await startHealthServer({
      bindAddress: flags['health-address'],
      port: flags['health-port'],
      metrics,
      readyChecks: { [name]: () => running.whyNotReady?.() },
    });
    await Promise.race([ended, running.done]);
    logger.info('Stopping');
    await running.stop();
    await health.stop();
    process.exit(0);
  } catch (error) {
    logger.error('Ended by a failure', { error });
    process.exit(1);
  }
}

function endOfProcess(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
