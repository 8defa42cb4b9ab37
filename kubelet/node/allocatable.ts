/** What of a machine pods can have: what it has, without what is reserved and what eviction keeps free. Pure. */

import { type Amounts, lessAmounts, readAmounts, writeAmounts } from '../../api/amounts.ts';
import { type Quantity, readQuantity } from '../../api/quantity.ts';
import { errorText } from '../../base/error-text.ts';
import { UserError } from '../../base/user-error.ts';

const reservable = ['cpu', 'memory', 'ephemeral-storage', 'pid'];

/** `cpu=200m,memory=500Mi,ephemeral-storage=1Gi,pid=1000`, as `flag` says it. Throws `UserError`, in upstream's words. */
export function parseReserved(flag: string, text: string | undefined): Amounts {
  const parts = (text ?? '').split(',').filter((part) => part.trim() !== '');
  return new Map(
    parts.map((part) => {
      const [name = '', amount] = part.split('=').map((word) => word.trim());
      if (amount === undefined) throw new UserError(`${flag}: malformed pair, expect string=string: ${part}`);
      if (!reservable.includes(name)) throw new UserError(`${flag}: cannot reserve "${name}" resource`);
      return [name, quantityOf(flag, name, amount)];
    }),
  );
}

function quantityOf(flag: string, name: string, text: string): Quantity {
  try {
    const quantity = readQuantity(text);
    if (quantity.nanos >= 0n) return quantity;
  } catch (error) {
    throw new UserError(`${flag}: failed to parse quantity "${text}" for "${name}" resource: ${errorText(error)}`);
  }
  throw new UserError(`${flag}: resource quantity for "${name}" cannot be negative: ${text}`);
}

export interface Reservations {
  /** For the system and for what belongs to the cluster. */
  readonly reserved: readonly Amounts[];
  /** What is to stay free before pods are evicted: whole bytes. */
  readonly keptFree: { readonly memoryBytes: number; readonly storageBytes: number };
}

/** Never less than nothing. */
export function computeAllocatable(
  capacity: Readonly<Record<string, string>>,
  { reserved, keptFree }: Reservations,
): Record<string, string> {
  const free: Amounts = new Map([
    ['memory', bytes(keptFree.memoryBytes)],
    ['ephemeral-storage', bytes(keptFree.storageBytes)],
  ]);
  return writeAmounts([...reserved, free].reduce(lessAmounts, readAmounts(capacity)));
}

const bytes = (count: number): Quantity => ({ nanos: BigInt(Math.ceil(count)) * 1_000_000_000n, format: 'BinarySI' });
