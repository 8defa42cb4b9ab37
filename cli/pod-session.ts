/** A command in a pod, or its main process, with the user's input, output and terminal: `exec`, `attach`, `run`, `debug`. */

import type { Stored } from '../api/object.ts';
import type { Pod } from '../api/types/core/v1.ts';
import type { CommandContext } from './command-context.ts';
import { runRemote } from './remote-command.ts';
import { hasTerminal, withTerminal } from './user-terminal.ts';

export interface PodSession {
  readonly pod: Stored<Pod>;
  readonly container: string;
  /** Absent: what runs already. */
  readonly command?: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Resolves with the exit code. */
export async function runInPod(context: CommandContext, session: PodSession): Promise<number> {
  const { stdin, container, command } = session;
  const tty = session.tty && askForTerminal(context, stdin);
  const { namespace, name } = session.pod.metadata;
  const common = {
    pod: { namespace, name },
    container,
    command,
    tty,
    onOutput: (chunk: Buffer) => context.out.write(chunk),
    ...(!tty && { onError: (chunk: Buffer) => context.errors.write(chunk) }),
  };
  if (!tty) return await runRemote(context, { ...common, input: stdin ? context.input : undefined });
  return await withTerminal(context, async ({ isTerminal, input, sizes }) =>
    runRemote(context, { ...common, input: stdin ? input : undefined, sizes: isTerminal ? sizes : undefined }),
  );
}

/** A terminal there without one here would only garble what passes. */
function askForTerminal(context: CommandContext, stdin: boolean): boolean {
  if (!stdin || hasTerminal(context)) return true;
  context.errors.write('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  return false;
}
