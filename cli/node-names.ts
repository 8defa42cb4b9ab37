/** Which nodes a command is about: `web-1`, `node/web-1`, or those whose labels match. */

import { nodes } from '../api/resources/core.ts';
import { UserError } from '../base/user-error.ts';
import { type Arguments, textOf, textsOf } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import { listAll } from './requests.ts';

export async function nodeNames(context: CommandContext, args: Arguments, usage: string): Promise<string[]> {
  const names = textsOf(args, 'names').map((name) => name.replace(/^nodes?\//, ''));
  const labelSelector = textOf(args, 'selector');
  if (labelSelector === undefined) {
    if (names.length === 0) throw new UserError(`error: USAGE: ${usage} [flags]`);
    return names;
  }
  if (names.length > 0) throw new UserError('error: cannot specify both a node name and a --selector option');
  const found = await listAll(await context.client(), nodes, { namespace: undefined, labelSelector });
  if (found.length === 0) context.errors.write('No resources found\n');
  return found.map(({ metadata }) => metadata.name);
}
