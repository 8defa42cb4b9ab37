/** kubecfg: finds the command that was asked for, runs it, and turns what goes wrong into one sentence and an exit code. */

import yargs from 'yargs';
import { StatusError } from '../api/status-error.ts';
import { expandClassicFlags } from './classic-flags.ts';
import { type Arguments, type Command, CommandError } from './command.ts';
import { commands, globalOptions } from './commands.ts';
import { Session } from './session.ts';

async function main(argv: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // the reader of our output has seen enough: `kubecfg … | head`
    throw error;
  });
  try {
    await runCommand(argv, stop.signal);
  } catch (error) {
    process.stderr.write(`${explain(error, argv.includes('-verbose') || argv.includes('--verbose'))}\n`);
    process.exitCode = error instanceof CommandError ? error.exitCode : 1;
  }
}

async function runCommand(argv: readonly string[], signal: AbortSignal): Promise<void> {
  let chosen: { command: Command; args: Arguments } | undefined;
  const parser = yargs(expandClassicFlags(argv))
    .scriptName('kubecfg')
    .usage('$0 [OPTIONS] VERB …\n\nClassic verbs and today’s: one command for both.')
    .options(globalOptions)
    .parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false, 'camel-case-expansion': false })
    .recommendCommands()
    .strict()
    .demandCommand(1, 'Say what to do: kubecfg --help lists the commands.')
    .version(false)
    .option('version', { type: 'boolean', describe: 'Show versions (classic: -V)', hidden: true })
    .help()
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new CommandError(message);
    });
  for (const command of commands) {
    parser.command(command.usage, command.describe, { ...command.options }, (args) => {
      chosen = { command, args };
    });
  }
  await parser.parseAsync(
    argv.includes('--version') || argv.includes('-V') || argv.includes('-version')
      ? ['version']
      : expandClassicFlags(argv),
  );
  if (chosen === undefined) return;
  const session = new Session({ args: chosen.args, out: process.stdout, errors: process.stderr, signal });
  try {
    await (await chosen.command.load()).run(session, chosen.args);
  } finally {
    await session.close();
  }
}

/** The sentence for the user. Causes are only shown when asked for. */
function explain(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return String(error);
  const details = verbose
    ? `\n${error.stack ?? ''}${error.cause instanceof Error ? `\n${error.cause.stack}` : ''}`
    : '';
  if (!(error instanceof StatusError))
    return `${error instanceof CommandError ? '' : 'Error: '}${error.message}${details}`;
  if (error.reason === 'ServiceUnavailable') {
    return `${error.message}\nIs the cluster running? "npm start" starts one; --kubeconfig or -h HOST names another.${details}`;
  }
  return `Error from server${error.reason === '' ? '' : ` (${error.reason})`}: ${error.message}${details}`;
}

await main(process.argv.slice(2));
