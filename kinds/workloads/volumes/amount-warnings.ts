/** Amounts of bytes that are no whole bytes. */

import { own } from '../../../api/json-record.ts';
import { readQuantity } from '../../../api/quantity.ts';

/** `path` is where the amounts stand, e.g. `spec.resources.limits`. */
export function fractionWarnings(
  amounts: Readonly<Record<string, unknown>> | undefined,
  names: readonly string[],
  path: string,
): string[] {
  return names.flatMap((name) => {
    const amount = own(amounts ?? {}, name);
    if (amount === undefined || !isFractional(String(amount))) return [];
    return [`${path}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
  });
}

const isFractional = (amount: string): boolean => readQuantity(amount).nanos % 1_000_000_000n !== 0n;

/** For a claim's spec at `path`. */
export function claimWarnings(
  resources: { readonly requests?: object | undefined; readonly limits?: object | undefined } | undefined,
  path: string,
): string[] {
  return (['requests', 'limits'] as const).flatMap((part) =>
    fractionWarnings({ ...resources?.[part] }, ['storage'], `${path}.resources.${part}`),
  );
}
