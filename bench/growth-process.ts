/** One world of `growth.ts`: made by the first message, it decides on so many pods by each that follows. */

import { scaled, schedulerCases } from './scheduler-cases.ts';
import { CycleWorld } from './scheduling-cycle.ts';

export interface GrowthQuestion {
  /** Of the case. */
  readonly name: string;
  readonly placed: number;
  readonly share: number;
}

export interface GrowthAnswer {
  /** Of CPU. */
  readonly seconds: number;
}

function worldOf({ name, placed, share }: GrowthQuestion): CycleWorld {
  const one = schedulerCases.find((each) => each.name === name);
  if (one === undefined) throw new RangeError(`There is no case ${name}`);
  return new CycleWorld(scaled({ ...one, placed }, share));
}

process.once('message', (question) => {
  const world = worldOf(question as GrowthQuestion); // sent by `growth.ts` alone
  process.on('message', (message) => {
    const { seconds } = world.place((message as { pods: number }).pods);
    world.takeBack();
    process.send?.({ seconds } satisfies GrowthAnswer);
  });
});
process.once('disconnect', () => process.exit(0));
