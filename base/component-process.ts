/** What every `main.ts` does alike: flags and config file, logs, health and metrics, signals, exit code. */

import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import type { InferredOptionTypes, Options } from 'yargs';
import { commandLine } from './command-line.ts';
import { type HealthAnswer, startHealthServer } from './health-server.ts';
import type { Running } from './lifecycle.ts';
import { createLogger, type Logger } from './logger.ts';
import { Metrics } from './metrics.ts';

export interface ComponentProcess<Flags extends Readonly<Record<string, Options>>> {
  /** As people type it: `scheduler`. */
  readonly name: string;
  readonly describe: string;
  /**
   * Where /healthz, /readyz and /metrics are, unless `--health-port` says otherwise. Absent: it shows them on a server
   * of its own, and has no such flags.
   */
  readonly healthPort?: number;
  readonly flags: Flags;
  /** `--config` may also be an API object of this kind, which the component reads itself. */
  readonly configurationKind?: string;
  start(
    flags: InferredOptionTypes<Flags>,
    context: {
      readonly logger: Logger;
      readonly metrics: Metrics;
      /** Where the object of `configurationKind` is, if there is one. */
      readonly configurationFile: string | undefined;
    },
  ): Promise<ComponentRunning>;
}

type ComponentRunning = Running & {
  whyNotReady?(): string | undefined;
  /** What its health server answers beside health and metrics. */
  readonly answers?: ReadonlyMap<string, HealthAnswer>;
};

const logFlags = {
  'log-level': {
    choices: ['debug', 'info', 'warn', 'error', 'silent'] as const,
    default: 'info' as const,
    describe: 'How much is logged',
  },
  'log-format': {
    choices: ['text', 'json'] as const,
    default: 'text' as const,
    describe: 'How a line of the log looks',
  },
} as const satisfies Record<string, Options>;

const healthFlags = {
  'health-address': { type: 'string', default: '127.0.0.1', describe: 'Where health and metrics are served' },
  'health-port': { type: 'number', default: 0, describe: 'Port of health and metrics; 0: any' },
} as const satisfies Record<string, Options>;

type CommonFlags = InferredOptionTypes<typeof logFlags> & Partial<InferredOptionTypes<typeof healthFlags>>;

/** Runs until a signal or a failure ends it, then ends the process: 0 after SIGINT or SIGTERM, 1 otherwise. */
export async function runComponentProcess<Flags extends Readonly<Record<string, Options>>>(
  component: ComponentProcess<Flags>,
): Promise<void> {
  const ended = endOfProcess();
  const { flags, configurationFile } = await parseFlags(component);
  const logger = createLogger(component.name, { level: flags['log-level'], format: flags['log-format'] });
  const metrics = new Metrics({ processWide: component.healthPort !== undefined });
  try {
    const running = await Promise.race([component.start(flags, { logger, metrics, configurationFile }), ended]);
    if (running !== undefined) {
      const health = await showHealth(component, flags, { metrics, running });
      await Promise.race([ended, running.done]);
      logger.info('Stopping');
      await running.stop();
      await health?.stop();
    }
    process.exit(0);
  } catch (error) {
    logger.error('Ended by a failure', { error });
    process.exit(1);
  }
}

async function showHealth(
  { name, healthPort }: Pick<ComponentProcess<never>, 'name' | 'healthPort'>,
  flags: CommonFlags,
  { metrics, running }: { readonly metrics: Metrics; readonly running: ComponentRunning },
): Promise<Running | undefined> {
  if (healthPort === undefined) return undefined;
  return await startHealthServer({
    bindAddress: flags['health-address'] ?? healthFlags['health-address'].default,
    port: flags['health-port'] ?? healthPort,
    metrics,
    readyChecks: { [name]: () => running.whyNotReady?.() },
    ...(running.answers && { answers: running.answers }),
  });
}

async function parseFlags<Flags extends Readonly<Record<string, Options>>>({
  name,
  describe,
  healthPort,
  flags,
  configurationKind,
}: ComponentProcess<Flags>): Promise<ParsedFlags<Flags>> {
  let configurationFile: string | undefined;
  const health = { ...healthFlags, 'health-port': { ...healthFlags['health-port'], default: healthPort } };
  const parsed: unknown = await commandLine(process.argv.slice(2))
    .scriptName(name)
    .usage(`$0 [flags]\n\n${describe}`)
    .options({ ...logFlags, ...(healthPort !== undefined && health) })
    .options(flags)
    .config(
      'config',
      `A YAML file of flags${configurationKind === undefined ? '' : `, or a ${configurationKind}`}; the command line comes first`,
      (path: string) => {
        const content = load(readFileSync(path, 'utf8')) ?? {};
        if (!isObjectOf(configurationKind, content)) return content;
        configurationFile = path;
        return {};
      },
    )
    .strict()
    .parseAsync();
  // yargs' own type is lost between two sets of options of which one is generic.
  return { flags: parsed as CommonFlags & InferredOptionTypes<Flags>, configurationFile };
}

/** What has an apiVersion is no list of flags: its reader says what is wrong with it. */
const isObjectOf = (kind: string | undefined, content: object): boolean =>
  kind !== undefined && ('apiVersion' in content || 'kind' in content);

interface ParsedFlags<Flags extends Readonly<Record<string, Options>>> {
  readonly flags: CommonFlags & InferredOptionTypes<Flags>;
  readonly configurationFile: string | undefined;
}

function endOfProcess(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
