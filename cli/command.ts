/** CONTRACT: a command of kubecfg. `commands.ts` lists them; `main.ts` finds and runs the one that was asked for. */

import type { Arguments } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import type { CommandOptions } from './flag-words.ts';

export interface Command {
  /** In the notation of yargs: `get [resources..]`. */
  readonly usage: string;
  readonly describe: string;
  readonly options?: CommandOptions;
  /** What it ends with when it fails. Default 1. */
  readonly failureCode?: number;
  /** What stands behind `--` is for somebody else, a command to run: it is in the arguments as `--`. Default false. */
  readonly takesRest?: boolean;
  /** The module that does it is only read when it is needed. */
  load(): Promise<CommandModule>;
}

export interface CommandModule {
  /**
   * What it throws is shown to the user and ends in exit code 1 (`UserError` may say another; `SilentExit` shows nothing). Returns early,
   * without an error, when `context.signal` aborts.
   */
  run(context: CommandContext, args: Arguments): Promise<void>;
}
