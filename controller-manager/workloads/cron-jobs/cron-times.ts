/**
 * When a cron schedule fires. `croner` knows which times on the wall match; what this adds is how wall time and real time
 * go together, as upstream has it: a time that the clocks skip does not fire, one that they show twice fires twice.
 */

import { Cron } from 'croner';
import { type CronField, type CronSchedule, parseCronSchedule } from '../../../api/cron-schedule.ts';
import { zoneOffsetMs } from './time-zone.ts';

export interface CronTimes {
  /** The first time after `after`, both in milliseconds since 1970; undefined: never (31 February). */
  next(after: number): number | undefined;
}

/** Throws an Error that says what is wrong with a schedule that cannot be read. */
export function cronTimesOf(text: string, zone: string): CronTimes {
  const schedule = parseCronSchedule(text);
  if (typeof schedule === 'string') throw new Error(schedule);
  if (schedule.type === 'every') {
    return { next: (after) => Math.floor(after / 1000) * 1000 + schedule.ms };
  }
  return new WallTimes(schedule, schedule.timeZone ?? zone);
}

class WallTimes implements CronTimes {
  readonly #zone: string;
  /** Undefined: a field has no value at all. */
  readonly #cron: Cron | undefined;

  constructor({ fields }: Extract<CronSchedule, { type: 'fields' }>, zone: string) {
    this.#zone = zone;
    const texts = fields.map(textOf);
    if (!texts.includes('')) this.#cron = new Cron(texts.join(' '), { timezone: 'UTC', paused: true, mode: '5-part' });
  }

  next(after: number): number | undefined {
    let from = after;
    for (;;) {
      const offset = zoneOffsetMs(this.#zone, from);
      // The moment at which clocks were changed may fire itself.
      const beginning = from === after ? from : from - 1000;
      const wall = this.#cron?.nextRun(new Date(beginning + offset))?.getTime();
      if (wall === undefined) return undefined;
      const change = this.#firstChange(from, wall - offset, offset);
      if (change === undefined) return wall - offset;
      // From then on clocks show other times.
      from = change;
    }
  }

  /** The first moment in `(from, to]` at which the zone is not `offset` ahead. To the second. */
  #firstChange(from: number, to: number, offset: number): number | undefined {
    // Two changes that undo each other lie weeks apart.
    const weekMs = 7 * 86_400_000;
    for (let start = from; start < to; start += weekMs) {
      const end = Math.min(to, start + weekMs);
      if (zoneOffsetMs(this.#zone, end) !== offset) return this.#changeIn(start, end, offset);
    }
    return undefined;
  }

  #changeIn(start: number, end: number, offset: number): number {
    let [before, after] = [Math.floor(start / 1000), Math.ceil(end / 1000)];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (zoneOffsetMs(this.#zone, middle * 1000) === offset) before = middle;
      else after = middle;
    }
    return after * 1000;
  }
}

const textOf = ({ values, isAny }: CronField): string => (isAny ? '*' : values.join(','));
