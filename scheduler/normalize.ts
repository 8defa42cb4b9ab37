/** Brings raw scores into 0 to 100 as integers, the best feasible node at 100. Pure but for the array handed in. */

/** 100 · score / highest; with `reverse` what is left of 100, for scores that count what is bad. All 0 stays equal. */
export function normalizeToHundred(scores: Float64Array, { reverse }: { readonly reverse: boolean }): void {
  let highest = 0;
  for (const score of scores) if (score > highest) highest = score;
  if (highest === 0) {
    if (reverse) scores.fill(100);
    return;
  }
  for (let i = 0; i < scores.length; i++) {
    const share = Math.trunc((100 * (scores[i] ?? 0)) / highest);
    scores[i] = reverse ? 100 - share : share;
  }
}

/** Stretches the scores so that the lowest becomes 0 and the highest 100. All equal: all 0. */
export function stretchToHundred(scores: Float64Array): void {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const score of scores) {
    if (score < lowest) lowest = score;
    if (score > highest) highest = score;
  }
  const span = highest - lowest;
  for (let i = 0; i < scores.length; i++)
    scores[i] = span > 0 ? Math.trunc((100 * ((scores[i] ?? 0) - lowest)) / span) : 0;
}
