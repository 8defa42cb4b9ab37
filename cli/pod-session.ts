/** A command in a pod, or its main process, with the user's input, output and terminal: `exec`, `attach`, `run`, `debug`. */

import type { ObjectKey, Stored } from '../api/object.ts';
import { pods } from '../api/resources/core.ts';
import { StatusError } from '../api/status-error.ts';
import type { Pod } from '../api/types/core/v1.ts';
import { objectPath } from '../client/resource-path.ts';
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
  /** Called with each piece of its output. */
  readonly onSaid?: () => void;
}

/** Resolves with the exit code. */
export async function runInPod(context: CommandContext, session: PodSession): Promise<number> {
  const { stdin, container, command, onSaid } = session;
  const tty = session.tty && askForTerminal(context, stdin);
  const { namespace, name } = session.pod.metadata;
  const write = (to: CommandContext['out']) => (chunk: Buffer) => {
    onSaid?.();
    to.write(chunk);
  };
  const common = {
    pod: { namespace, name },
    container,
    command,
    tty,
    onOutput: write(context.out),
    ...(!tty && { onError: write(context.errors) }),
  };
  if (!tty) return await runRemote(context, { ...common, input: stdin ? context.input : undefined });
  return await withTerminal(context, async ({ isTerminal, input, sizes }) =>
    runRemote(context, { ...common, input: stdin ? input : undefined, sizes: isTerminal ? sizes : undefined }),
  );
}

/** To a process that was just started: it may have ended already, and what it said then is in its log alone. */
export async function goOnInPod(context: CommandContext, session: Omit<PodSession, 'command'>): Promise<void> {
  const { namespace, name } = session.pod.metadata;
  let hasSaid = false;
  const onSaid = () => {
    hasSaid = true;
  };
  try {
    await runInPod(context, { ...session, onSaid });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    context.errors.write(`warning: couldn't attach to pod/${name}, falling back to streaming logs: ${error.message}\n`);
  }
  if (!hasSaid) await writeLog(context, { namespace, name }, session.container);
}

/** What is in it now. */
export async function writeLog(context: CommandContext, pod: ObjectKey, container: string): Promise<void> {
  const client = await context.client();
  const path = `${objectPath(pods, pod, 'log')}?container=${encodeURIComponent(container)}`;
  for await (const chunk of await client.stream(path, context.signal)) context.out.write(chunk);
}

/** A terminal there without one here would only garble what passes. */
function askForTerminal(context: CommandContext, stdin: boolean): boolean {
  if (!stdin || hasTerminal(context)) return true;
  context.errors.write('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  return false;
}
