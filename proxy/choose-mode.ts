/** Who forwards: the kernel, or this process where the former cannot be had. */

import type { Logger } from '../base/logger.ts';
import { type RunProgram, runProgram } from './program.ts';

export interface ModeOptions {
  readonly mode: 'nftables' | 'userspace';
  readonly logger: Logger;
  readonly run?: RunProgram;
}

/** Without nft, or the right to use it, sockets are better than nothing. */
export async function chooseMode({ mode, logger, run = runProgram }: ModeOptions): Promise<ModeOptions['mode']> {
  if (mode === 'userspace') return mode;
  try {
    await run(['nft', 'list', 'tables', 'ip']);
    return 'nftables';
  } catch (error) {
    logger.warn('nftables cannot be used here; Services are forwarded by this process instead, more slowly', { error });
    return 'userspace';
  }
}
