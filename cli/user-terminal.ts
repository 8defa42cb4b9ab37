/** The user's own terminal while a remote command has it: keys go to it as they are, and it follows the size. */

import { ReadStream } from 'node:tty';
import type { CommandContext } from './command-context.ts';
import type { TerminalSize } from './remote-command.ts';

export interface UserTerminal {
  readonly isTerminal: boolean;
  readonly input: AsyncIterable<Uint8Array>;
  readonly sizes: AsyncIterable<TerminalSize>;
}

/** Whether keys can be sent as they are: both ends are at a terminal. */
export const hasTerminal = ({ input }: CommandContext): boolean =>
  input instanceof ReadStream && process.stdout.isTTY === true;

/** Runs `action` with the terminal, and gives it back as it was. */
export async function withTerminal<T>(
  context: CommandContext,
  action: (terminal: UserTerminal) => Promise<T>,
): Promise<T> {
  const { input } = context;
  if (!(input instanceof ReadStream) || !hasTerminal(context))
    return await action({ isTerminal: false, input, sizes: none() });
  const sizes = new SizeFeed();
  input.setRawMode(true);
  try {
    return await action({ isTerminal: true, input, sizes: sizes.read() });
  } finally {
    input.setRawMode(false);
    input.pause();
    sizes.close();
  }
}

async function* none(): AsyncGenerator<TerminalSize> {}

/** The size now, and after each change. */
class SizeFeed {
  readonly #stop = new AbortController();

  async *read(): AsyncGenerator<TerminalSize> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const { columns = 80, rows = 24 } = process.stdout;
      yield { columns, rows };
      await new Promise<void>((resolve) => {
        process.stdout.once('resize', resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  close(): void {
    this.#stop.abort();
  }
}
