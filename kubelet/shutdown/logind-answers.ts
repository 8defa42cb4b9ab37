/** What `busctl --json=short` says of logind's properties. Pure. */

import { isRecord } from '../../api/json-record.ts';

/** `{"type":"b","data":true}`. Throws for anything else. */
export function readBoolean(answer: string): boolean {
  const value = readProperty(answer, 'b');
  if (typeof value === 'boolean') return value;
  throw unreadable(answer);
}

/** `{"type":"t","data":5000000}`: microseconds, which may be all of 64 bits for no limit. Throws for anything else. */
export function readMicroseconds(answer: string): number {
  const value = readProperty(answer, 't');
  if (typeof value === 'number' && value >= 0) return value;
  throw unreadable(answer);
}

function readProperty(answer: string, type: string): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer);
  } catch {
    throw unreadable(answer);
  }
  if (isRecord(parsed) && parsed.type === type) return parsed.data;
  throw unreadable(answer);
}

const unreadable = (answer: string): Error => new Error(`logind gave an unexpected answer: ${answer.slice(0, 200)}`);

/** A configuration of logind that lets shutdowns be held up so long. */
export const inhibitDelayFile = (ms: number): string =>
  `# Written by the kubelet for --shutdown-grace-period: pods get this long to end.\n[Login]\nInhibitDelayMaxSec=${Math.ceil(ms / 1_000)}\n`;
