/**
 * Times as the API writes them, RFC 3339 in UTC: a `Time` in whole seconds, a `MicroTime` with six digits. Pure. How a
 * time that a client sent is judged is a matter of `machinery/schema/time.ts`.
 */

/** Milliseconds since 1970 as a `Time`: `2026-01-02T03:04:05Z`. What is less than a second is cut off. */
export const formatTime = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 19)}Z`;

/** Milliseconds since 1970 as a `MicroTime`: `2026-01-02T03:04:05.678000Z`. */
export const formatMicroTime = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, -1)}000Z`;

/** Go's zero time: `null` in JSON, where upstream shows that a time was never set. The types know text only, hence the cast. */
export const nilTime = null as never;

/** Milliseconds since 1970; undefined for what is not there, or is no time. */
export function parseTime(text: string | null | undefined): number | undefined {
  const wallMs = rfc3339.test(text ?? '') ? Date.parse(text ?? '') : Number.NaN;
  return Number.isNaN(wallMs) ? undefined : wallMs;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
