/** How many seats each priority level has, and how they lend each other what is not used. Pure. */

export interface LevelShares {
  readonly name: string;
  readonly shares: number;
  readonly lendablePercent: number;
  /** Undefined: as much as others lend. */
  readonly borrowingLimitPercent?: number | undefined;
}

export interface SeatLimits {
  /** Without lending. */
  readonly nominal: number;
  /** What it keeps whatever others want. */
  readonly min: number;
  readonly max: number;
}

/** `total` seats by shares, rounded up: none of them that has a share goes without. */
export function computeSeatLimits(total: number, levels: readonly LevelShares[]): ReadonlyMap<string, SeatLimits> {
  const sum = levels.reduce((all, { shares }) => all + shares, 0);
  return new Map(
    levels.map(({ name, shares, lendablePercent, borrowingLimitPercent }) => {
      const nominal = sum === 0 ? 0 : Math.ceil((total * shares) / sum);
      const min = nominal - Math.round((nominal * lendablePercent) / 100);
      const max =
        borrowingLimitPercent === undefined ? total : nominal + Math.round((nominal * borrowingLimitPercent) / 100);
      return [name, { nominal, min, max }];
    }),
  );
}

/** What a level wanted lately, in seats. */
export interface SeatDemand {
  /** Its most. */
  readonly high: number;
  readonly smooth: number;
}

/**
 * The seats of each level until the next time: as many as it wants, in the same proportion for all where all want more
 * than there is. What nobody wants stays with whom it belongs to.
 */
export function computeCurrentLimits(
  levels: readonly (SeatLimits & SeatDemand & { readonly name: string })[],
): ReadonlyMap<string, number> {
  const total = levels.reduce((all, { nominal }) => all + nominal, 0);
  const wants = levels.map(({ name, nominal, min, max, high, smooth }) => {
    const floor = Math.max(min, Math.min(nominal, Math.ceil(high)));
    return { name, floor, max: Math.max(max, floor), target: Math.max(floor, smooth, 1e-9) };
  });
  const seatsAt = (fraction: number) =>
    wants.map(({ floor, max, target }) => Math.min(max, Math.max(floor, fraction * target)));
  const sumAt = (fraction: number) => seatsAt(fraction).reduce((all, seats) => all + seats, 0);
  let [low, high] = [0, 1];
  while (sumAt(high) < total && high < 1e12) high *= 2;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (sumAt(middle) < total) low = middle;
    else high = middle;
  }
  const seats = seatsAt(high);
  return new Map(wants.map(({ name }, index) => [name, Math.round(seats[index] ?? 0)]));
}
