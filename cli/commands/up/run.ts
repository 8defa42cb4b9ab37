/** `up`: a cluster on this machine, in the foreground. */

import { up } from '../../../cluster/up.ts';
import type { Arguments } from '../../arguments.ts';
import type { Session } from '../../session.ts';
import { parseUpOptions } from './up-options.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  await up(parseUpOptions(args), session);
}
