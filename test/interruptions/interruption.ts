/** Where a component is interrupted, and how. */

export const waysToInterrupt = ['dies before', 'dies after', 'loses the answer', 'pauses', 'sees nothing new'] as const;

export interface Interruption {
  /** A controller's name, or `scheduler`. */
  readonly writer: string;
  /** Its n-th write in the whole run, from 1. */
  readonly at: number;
  readonly how: (typeof waysToInterrupt)[number];
  /** How long it pauses, or sees nothing new. */
  readonly ms: number;
  /** What it sees nothing new of: a resource's plural; absent: of anything. */
  readonly of?: string | undefined;
}

export const interruptionText = ({ writer, at, how, ms, of }: Interruption): string =>
  `${writer} ${how} at its write ${at}${how === 'pauses' || how === 'sees nothing new' ? ` for ${ms} ms` : ''}${of === undefined ? '' : ` (${of})`}`;
