/** Numbers that may also be written as a share of a total: `3` or `"25%"`. Pure. Validation is the API server's. */

/** As a plain number: a share of `total` is rounded up or down. 0 for what is neither a number nor a share. */
export function scaleIntOrPercent(value: number | string, total: number, rounding: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) return 0;
  const exact = (Number(percent) * total) / 100;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
