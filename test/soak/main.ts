/**
 * `npm run soak -- kills [--count 300] [--seed N] [--shape single|split] [--only NAME…] [--logs FOLDER]`: long tests, in
 * the sandbox. The seed is printed, to run the same kills again.
 *
 * `npm run soak -- kubelet [--count 200] [--seed N] [--logs FOLDER]`: the kubelet is killed at any point, while it starts,
 * with all that it kept, and together with its engine, while pods and manifests come and go.
 *
 * `npm run soak -- controllers [--count 100] [--seed N] [--each 3] [--worlds 4]`: controllers and scheduler,
 * interrupted at their writes, on the in-memory store (`test/interruptions/`).
 *
 * `npm run soak -- certs [--duration 10m] [--life 1m] [--no-rotate]`: certificates that live for a minute, under load.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../../base/command-line.ts';
import { parseDurationMs } from '../../base/duration.ts';
import { playRounds } from '../interruptions/rounds.ts';
import { runCertificates } from './certificate-run.ts';
import { type KillRunReport, runKills } from './kill-run.ts';
import { countFaulty, reportText, roundText } from './report.ts';

interface KillsArguments {
  readonly count: number;
  readonly seed: number;
  readonly shape: 'single' | 'split' | 'kubelet' | 'both';
  readonly only: string[] | undefined;
  readonly logs: string | undefined;
}

/** The exit code. */
async function kills({ count, seed, shape, only, logs }: KillsArguments): Promise<number> {
  process.stdout.write(`${count} kills from seed ${seed}\n`);
  const wanted = shape === 'both' ? (['single', 'split'] as const) : [shape];
  const reports: KillRunReport[] = [];
  for (const [index, one] of wanted.entries()) {
    const share = Math.floor(count / wanted.length) + (index < count % wanted.length ? 1 : 0);
    const report = await runKills({
      ...{ shape: one, count: share, seed },
      ...(only !== undefined && { only }),
      ...(logs !== undefined && { logFolder: `${logs}/${one}` }),
      onRound: (round) => process.stdout.write(`${roundText(round)}\n`),
    });
    reports.push(report);
  }
  process.stdout.write(`\n${reportText(reports)}\n`);
  return countFaulty(reports) === 0 ? 0 : 1;
}

interface CertsArguments {
  readonly duration: string;
  readonly life: string;
  readonly rotate: boolean;
}

async function certs({ duration, life, rotate }: CertsArguments): Promise<number> {
  const [durationMs, lifeMs] = [parseDurationMs(duration), parseDurationMs(life)];
  if (durationMs === undefined || lifeMs === undefined) throw new Error('--duration and --life are like 10m and 1m');
  const onEvent = (text: string) => process.stdout.write(`${text}\n`);
  const { requests, failures, seen, missed } = await runCertificates({ durationMs, life, rotate, onEvent });
  onEvent(`${requests} requests, ${failures.length} failed; the watch missed ${missed} objects`);
  for (const [what, count] of Object.entries(seen)) onEvent(`${count} certificates: ${what}`);
  // Each is renewed at two thirds of its life, so at least once in each life.
  const tooFew = Object.values(seen).some((count) => count < Math.floor(durationMs / lifeMs));
  if (tooFew) onEvent('Certificates were not renewed as often as they should have been');
  return failures.length === 0 && missed === 0 && !tooFew ? 0 : 1;
}

interface ControllersArguments {
  readonly count: number;
  readonly seed: number;
  readonly each: number;
  readonly worlds: number;
}

async function controllers({ count, seed, each, worlds }: ControllersArguments): Promise<number> {
  const onRound = (text: string) => process.stdout.write(`${text}\n`);
  onRound(`${count} rounds from seed ${seed}`);
  const faults = await playRounds({ count, seed, each, worlds, onRound });
  onRound(faults.length === 0 ? 'Nothing was wrong' : `${faults.length} rounds went wrong`);
  return faults.length === 0 ? 0 : 1;
}

async function runInSandbox(): Promise<number> {
  const sandbox = fileURLToPath(new URL('../support/sandbox.sh', import.meta.url));
  const words = [process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(sandbox, words, { stdio: 'inherit' });
  // The sandbox ends when this process does; a terminal's Ctrl-C reaches both.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

await commandLine(process.argv.slice(2))
  .scriptName('npm run soak --')
  .command(
    'kills',
    'kills random components, and looks what became of everything else',
    (command) =>
      command
        .option('count', { type: 'number', default: 300, describe: 'how many kills' })
        .option('seed', { type: 'number', default: Date.now() % 2 ** 31, describe: 'where the random choices start' })
        .option('shape', {
          choices: ['single', 'split', 'both'] as const,
          default: 'both' as const,
          describe: 'one process, a process for each component, or one after the other',
        })
        .option('only', {
          type: 'string',
          array: true,
          describe: 'which are killed, by the names that the table shows',
        })
        .option('logs', { type: 'string', describe: 'folder for the logs, when something was wrong' })
        .check(({ count, seed }) => {
          if (!Number.isSafeInteger(count) || count < 1) throw new Error('--count takes a whole number above 0');
          if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number');
          return true;
        }),
    async ({ count, seed, shape, only, logs }) => {
      const isInside = process.env.LONGSHORE_SANDBOX !== undefined;
      process.exitCode = isInside ? await kills({ count, seed, shape, only, logs }) : await runInSandbox();
    },
  )
  .command(
    'kubelet',
    'kills the kubelet at any point, and looks what became of its pods',
    (command) =>
      command
        .option('count', { type: 'number', default: 200, describe: 'how many kills' })
        .option('seed', { type: 'number', default: Date.now() % 2 ** 31, describe: 'where the random choices start' })
        .option('only', { type: 'string', array: true, describe: 'in which ways, by the names that the table shows' })
        .option('logs', { type: 'string', describe: 'folder for the logs, when something was wrong' }),
    async ({ count, seed, only, logs }) => {
      const isInside = process.env.LONGSHORE_SANDBOX !== undefined;
      process.exitCode = isInside ? await kills({ count, seed, shape: 'kubelet', only, logs }) : await runInSandbox();
    },
  )
  .command(
    'certs',
    'renews certificates that live for a minute, under load, and replaces their authority',
    (command) =>
      command
        .option('duration', { type: 'string', default: '10m', describe: 'how long' })
        .option('life', { type: 'string', default: '1m', describe: 'how long certificates live' })
        .option('rotate', { type: 'boolean', default: true, describe: 'replace the authority, too' }),
    async ({ duration, life, rotate }) => {
      const isInside = process.env.LONGSHORE_SANDBOX !== undefined;
      process.exitCode = isInside ? await certs({ duration, life, rotate }) : await runInSandbox();
    },
  )
  .command(
    'controllers',
    'interrupts controllers and scheduler at their writes, and compares the end with an undisturbed run',
    (command) =>
      command
        .option('count', { type: 'number', default: 100, describe: 'how many rounds' })
        .option('seed', { type: 'number', default: Date.now() % 2 ** 31, describe: 'where the random choices start' })
        .option('each', { type: 'number', default: 3, describe: 'interruptions of a world in a round' })
        .option('worlds', { type: 'number', default: 4, describe: 'worlds that are played at the same time' }),
    async ({ count, seed, each, worlds }) => {
      process.exitCode = await controllers({ count, seed, each, worlds });
    },
  )
  .demandCommand(1, 'Which one? kills, kubelet, certs or controllers')
  .version(false)
  .strict()
  .parseAsync();
