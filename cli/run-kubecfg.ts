/** kubecfg as a function: finds the command, runs it, and turns what goes wrong into one sentence and an exit code. */

import type { Readable } from 'node:stream';
import type { Argv } from 'yargs';
import { StatusError } from '../api/status-error.ts';
import { commandLine } from '../base/command-line.ts';
import { errorText } from '../base/error-text.ts';
import type { Output, Terminal } from '../base/terminal.ts';
import { UserError } from '../base/user-error.ts';
import type { Arguments } from './arguments.ts';
import { expandClassicFlags } from './classic-flags.ts';
import type { Command } from './command.ts';
import { CommandContext } from './command-context.ts';
import { parseUpOptions } from './commands/up/up-options.ts';
import { commands } from './commands.ts';
import { SeveralRefusals } from './each-target.ts';
import { expandFlags, verbIn } from './flag-words.ts';
import { globalOptions } from './options.ts';
import { printableText } from './printable-text.ts';
import { SilentExit } from './silent-exit.ts';

export interface KubecfgOptions extends Terminal {
  readonly input?: Readable;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Runs one command line (without `node` and the script); resolves with the exit code, never rejects. */
export async function runKubecfg(argv: readonly string[], options: KubecfgOptions): Promise<number> {
  let chosen: Chosen | undefined;
  try {
    chosen = await parse(expandClassicFlags(argv), options.out);
    if (chosen !== undefined) await runCommand(chosen, options);
    return 0;
  } catch (error) {
    if (error instanceof SilentExit) return error.exitCode;
    const verbose = argv.some((argument) => /^--?verbose$/.test(argument));
    options.errors.write(printableText(`${explain(error, verbose)}\n`));
    const failureCode = chosen?.command.failureCode ?? 1;
    return error instanceof UserError && error.exitCode !== 1 ? error.exitCode : failureCode;
  }
}

/** A sentence when `kubecfg up` with these flags cannot be, for `npm start`: it asks before it changes the machine. */
export async function whyUpIsRefused(flags: readonly string[]): Promise<string | undefined> {
  try {
    const chosen = await parse(expandClassicFlags(['up', ...flags]), { write: () => undefined });
    if (chosen !== undefined) parseUpOptions(chosen.args);
    return undefined;
  } catch (error) {
    return explain(error, false);
  }
}

interface Chosen {
  readonly command: Command;
  readonly args: Arguments;
}

async function runCommand(chosen: Chosen, options: KubecfgOptions): Promise<void> {
  const context = new CommandContext({ ...options, commands, args: chosen.args });
  try {
    await (await chosen.command.load()).run(context, chosen.args);
  } finally {
    await context.close();
  }
}

/** Undefined: help was shown. */
async function parse(argv: readonly string[], out: Output): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  const verb = verbIn(argv, globalOptions);
  const named = commandNamed(verb);
  const words = expandFlags(argv, { ...globalOptions, ...named?.options });
  const parser = createParser(named?.takesRest === true).fail((message, error) => {
    throw error ?? new UserError(withHint(message, verb));
  });
  for (const command of commands) {
    parser.command(command.usage, command.describe, { ...command.options }, (args) => {
      chosen = { command, args };
    });
  }
  await parser.parseAsync(words[0]?.startsWith('--version') ? ['version'] : words, {}, (error, _args, text) => {
    if (error) throw error;
    if (text !== '') out.write(`${text}\n`);
  });
  return chosen;
}

const commandNamed = (verb: string | undefined): Command | undefined =>
  commands.find(({ usage }) => usage.split(' ', 1)[0] === verb);

/** What stands behind `--` is apart for commands that take a command. */
function createParser(takesRest: boolean): Argv {
  return commandLine()
    .scriptName('kubecfg')
    .usage('$0 [OPTIONS] VERB …\n\nThe classic verbs and those of today in one command.')
    .options(globalOptions)
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'camel-case-expansion': false,
      'greedy-arrays': false,
      'populate--': takesRest,
    })
    .recommendCommands()
    .strict()
    .demandCommand(1, 'Say what to do: kubecfg --help lists the commands.')
    .version(false)
    .help()
    .exitProcess(false);
}

/** What yargs says of words that it does not know, or misses, with where to look for those that there are. Pure. */
function withHint(message: string, verb = ''): string {
  const command = commandNamed(verb);
  const missing = /^Missing required arguments?: (.+)$/.exec(message)?.[1];
  if (missing !== undefined)
    return `error: required flag(s) ${missing
      .split(', ')
      .map((name) => `"${name}"`)
      .join(', ')} not set`;
  const [, flag, given, choices = ''] =
    /^Invalid values:\n +Argument: (\S+), Given: (".*"), Choices: (.*)$/.exec(message) ?? [];
  if (flag !== undefined)
    return `error: --${flag} must be one of [${choices.replaceAll('"', '').replaceAll(',', '')}], not ${given}`;
  if (command !== undefined && message.startsWith('Not enough non-option arguments'))
    return `usage: kubecfg ${command.usage}\n${command.describe}; "kubecfg ${verb} --help" says more`;
  if (!message.startsWith('Unknown argument')) return message;
  if (command === undefined)
    return `error: unknown command "${verb}" for "kubecfg"; "kubecfg --help" lists the commands`;
  return `${message}; "kubecfg ${verb} --help" lists what there is`;
}

/** The sentence for the user. Stacks and causes are shown only when they are asked for. */
function explain(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return errorText(error);
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : '';
  return sentenceOf(error) + (verbose ? `\n${error.stack}${cause}` : '');
}

function sentenceOf(error: Error): string {
  if (error instanceof UserError || error.name === 'KubeconfigError') return error.message;
  if (error instanceof SeveralRefusals) return error.refusals.map(sentenceOf).join('\n');
  if (!(error instanceof StatusError)) return `Error: ${error.message}`;
  if (error.reason === 'ServiceUnavailable') {
    return `${error.message}\nIs the cluster running? "npm start" starts one; --kubeconfig or -h HOST names another.`;
  }
  return `Error from server${error.reason === '' ? '' : ` (${error.reason})`}: ${error.message}`;
}
