/** Tells a person at a terminal that something goes on that takes long, beside the output; nobody else sees anything. */

import type { CommandContext } from './command-context.ts';
import { printableText } from './printable-text.ts';

/** Shows `title` while `work` goes on; `note` says how far it is. Nothing of it stays on the terminal. */
export async function withSpinner<T>(
  { errors }: CommandContext,
  title: string,
  work: (note: (text: string) => void) => Promise<T>,
): Promise<T> {
  // A terminal of no width is a serial line, which a spinner would fill.
  if (errors.isTTY !== true || !errors.columns) return await work(() => undefined);
  const { default: ora } = await import('ora');
  const spinner = ora({ discardStdin: false }).start(printableText(title));
  try {
    return await work((text) => {
      spinner.text = printableText(`${title} · ${text}`);
    });
  } finally {
    spinner.stop();
  }
}
