/** A clock on which time passes by sleeping only, and sleeping takes none: for loops that wait long before they give up. */

import type { Clock } from '../../base/clock.ts';

export function hastyClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    async sleep(ms) {
      now += ms;
    },
  };
}
