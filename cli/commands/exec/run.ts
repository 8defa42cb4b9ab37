/** `exec POD -- COMMAND`: ends with the command's own code. */

import { isPodFinished } from '../../../api/pods.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { runInPod } from '../../pod-session.ts';
import { chooseContainer, findPod } from '../../pods-of.ts';
import { titleOf } from '../../requests.ts';
import { SilentExit } from '../../silent-exit.ts';
import { findTargets } from '../../target-objects.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const command = textsOf(args, '--');
  const words = await wordsOf(context, args);
  if (words.length === 0) throw new UserError('error: pod, type/name or --filename must be specified');
  if (command.length === 0) throw new UserError(whyNoCommand(words));
  const timeoutMs = durationMs(textOf(args, 'pod-running-timeout') ?? '1m', '--pod-running-timeout');
  const pod = await findPod(context, words, { timeoutMs });
  if (isPodFinished(pod))
    throw new UserError(
      `error: cannot exec into a container in a completed pod; current phase is ${pod.status?.phase}`,
    );
  const { name: container } = chooseContainer(context, pod, {
    named: textOf(args, 'container'),
    quiet: isSet(args, 'quiet'),
  });
  const [stdin, tty] = [isSet(args, 'stdin'), isSet(args, 'tty')];
  const code = await runInPod(context, { pod, container, command, stdin, tty });
  if (code === 0) return;
  if (!isSet(args, 'quiet')) context.errors.write(`command terminated with exit code ${code}\n`);
  throw new SilentExit(code);
}

const whyNoCommand = (words: readonly string[]): string =>
  words.length > 1
    ? 'error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead'
    : 'error: you must specify at least one command for the container';

/** What is named, or the one object of a file. */
async function wordsOf(context: CommandContext, args: Arguments): Promise<string[]> {
  if (textsOf(args, 'filename').length === 0) return textsOf(args, 'words');
  const targets = await findTargets(context, args, []);
  return targets.map(({ kind, key }) => titleOf(kind, key.name));
}
