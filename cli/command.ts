/** CONTRACT: a command of kubecfg. `commands.ts` lists them; `main.ts` finds and runs the one that was asked for. */

import type { Options } from 'yargs';
import type { Arguments } from './arguments.ts';
import type { CommandContext } from './command-context.ts';

export interface Command {
  /** In the notation of yargs: `get [resources..]`. */
  readonly usage: string;
  readonly describe: string;
  readonly options?: Readonly<Record<string, Options>>;
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
