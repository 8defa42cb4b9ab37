/** `stop NAME`: resizes a replication controller to 0. */

import { type Arguments, textOf } from '../../arguments.ts';
import type { Session } from '../../session.ts';
import { resize } from '../resize/run.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  await resize(session, textOf(args, 'controller') ?? '', 0);
}
