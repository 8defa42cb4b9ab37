/**
 * `npm run soak -- kills [--count 300] [--seed N] [--shape single|split] [--only NAME…] [--logs FOLDER]`: long tests, in
 * the sandbox. The seed is printed, to run the same kills again.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../../base/command-line.ts';
import { type KillRunReport, runKills } from './kill-run.ts';
import { countFaulty, reportText, roundText } from './report.ts';

interface KillsArguments {
  readonly count: number;
  readonly seed: number;
  readonly shape: 'single' | 'split' | 'both';
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
  .demandCommand(1, 'Which one? kills')
  .version(false)
  .strict()
  .parseAsync();
