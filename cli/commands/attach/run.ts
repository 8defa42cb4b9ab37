/** `attach POD`: the output of a container's main process, and with `-i` its input. */

import { isPodFinished } from '../../../api/pods.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { runInPod } from '../../pod-session.ts';
import { chooseContainer, findPod } from '../../pods-of.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const timeoutMs = durationMs(textOf(args, 'pod-running-timeout') ?? '1m', '--pod-running-timeout');
  const pod = await findPod(context, textsOf(args, 'words'), { timeoutMs });
  if (isPodFinished(pod))
    throw new UserError(`error: cannot attach a container in a completed pod; current phase is ${pod.status?.phase}`);
  const quiet = isSet(args, 'quiet');
  const container = chooseContainer(context, pod, { named: textOf(args, 'container'), quiet });
  const wantsTty = isSet(args, 'tty');
  if (wantsTty && container.tty !== true)
    context.errors.write(`error: Unable to use a TTY - container ${container.name} did not allocate one\n`);
  if (!quiet) context.errors.write("If you don't see a command prompt, try pressing enter.\n");
  await runInPod(context, {
    pod,
    container: container.name,
    stdin: isSet(args, 'stdin'),
    tty: (wantsTty || isSet(args, 'stdin')) && container.tty === true,
  });
}
