/** Flags of a shutdown that waits for pods, under the names of upstream's configuration. */

const text = { type: 'string' } as const;

export const shutdownFlags = {
  'shutdown-grace-period': {
    ...text,
    describe: 'How long a shutdown of the machine waits for pods to end; default: 0s, not at all',
  },
  'shutdown-grace-period-critical-pods': {
    ...text,
    describe: 'How much of that is for critical pods, which end after all others; default: 0s',
  },
  'shutdown-grace-period-by-pod-priority': {
    ...text,
    array: true,
    describe: 'In place of both: how long pods from a priority on get, the lowest first, like 0=60s,100000=10s',
  },
} as const;

export type ShutdownFlag = keyof typeof shutdownFlags;
