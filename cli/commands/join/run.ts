/** `join`: makes this host a worker of a cluster, or starts it again as the worker that it is. */

import { readFile } from 'node:fs/promises';
import { join } from '../../../cluster/joining/join.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { readError } from '../../read-error.ts';
import { nodeWords, parseNodeFlags } from '../up/up-options.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const token = textOf(args, 'token');
  // Other users of this host can read the arguments of a process; from here on they see this instead.
  if (token !== undefined) process.title = 'kubecfg join';
  const options = {
    ...parseNodeFlags(args),
    master: textOf(args, 'master'),
    token: token ?? (await readToken(textOf(args, 'token-file'))),
    foreground: isSet(args, 'foreground'),
    nodeWords: nodeWords(args),
  };
  await join(options, context);
}

async function readToken(file: string | undefined): Promise<string | undefined> {
  try {
    return file === undefined ? undefined : await readFile(file, 'utf8');
  } catch (cause) {
    throw readError('--token-file', file ?? '', cause);
  }
}
