/** `up`: a cluster on this machine, in the foreground. */

import { up } from '../cluster/up.ts';
import { parseUpOptions } from '../cluster/up-options.ts';
import type { Arguments } from '../command.ts';
import type { Session } from '../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  await up(parseUpOptions(args), session);
}
