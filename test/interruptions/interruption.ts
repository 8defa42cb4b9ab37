/** Where a component is interrupted, and how. */

export const waysToInterrupt = ['dies before', 'dies after', 'loses the answer', 'pauses', 'sees nothing new'] as const;

export interface Interruption {
  /** The world's id. */
  readonly world: string;
  /** A controller's name, or `scheduler`. */
  readonly writer: string;
  /** Its n-th write about that world, from 1. */
  readonly at: number;
  readonly how: (typeof waysToInterrupt)[number];
  /** How long it pauses, or sees nothing new. */
  readonly ms: number;
  /** What it sees nothing new of: a resource's plural; absent: of anything. */
  readonly of?: string | undefined;
}

export const interruptionText = ({ world, writer, at, how, ms, of }: Interruption): string =>
  `${writer} ${how} at its write ${at} of ${world}${how === 'pauses' || how === 'sees nothing new' ? ` for ${ms} ms` : ''}${of === undefined ? '' : ` (${of})`}`;
