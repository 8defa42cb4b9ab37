/** Durations as Go writes and reads them: `8760h0m0s`, `90s`, `1.5h`, `-10ms`. */

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
/** Each digit can be read in one way only: what users send must not take long. */
const part = /(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/gy;

/** In milliseconds; undefined: no duration. */
export function parseDurationMs(text: string): number | undefined {
  const sign = /^[+-]/.test(text) ? 1 : 0;
  if (text.slice(sign) === '0') return 0;
  let total = 0;
  let end = sign;
  part.lastIndex = sign;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    total += Number(match[1]) * (units[match[2] ?? ''] ?? 0);
    end = part.lastIndex;
  }
  if (end === sign || end !== text.length) return undefined;
  return text.startsWith('-') ? -total : total;
}
