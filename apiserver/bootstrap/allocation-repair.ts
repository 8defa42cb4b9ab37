/**
 * Keeps the allocations of Services true: what a server left over that died, or whose store did not answer, is free
 * again, and what a Service uses is held. At the start and once an hour, on every server.
 */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { ServiceAllocator } from '../registry/allocators/service-allocator.ts';

export interface AllocationRepairOptions {
  readonly allocator: Pick<ServiceAllocator, 'repair'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const repairEveryMs = 60 * 60_000;
const retryAfterMs = 60_000;

/** Ends when `signal` aborts. Never rejects. */
export async function keepAllocationsRepaired(options: AllocationRepairOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await options.clock.sleep((await repair(options)) ? repairEveryMs : retryAfterMs, signal);
}

/** Whether it was done. */
async function repair({ allocator, logger }: AllocationRepairOptions): Promise<boolean> {
  try {
    for (const { dropped, added, disputed } of await allocator.repair()) {
      if (dropped.length > 0) logger.info('Freed what no Service uses', { values: dropped });
      if (added.length > 0) logger.warn('Services used what was not allocated: it is now', { values: added });
      if (disputed.length > 0) logger.error('Services use what is allocated to others', { values: disputed });
    }
    return true;
  } catch (error) {
    logger.warn('The allocations of Services could not be repaired; trying again', { error });
    return false;
  }
}
