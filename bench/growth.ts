/**
 * How much more a decision costs where many pods are placed than where few are. Two schedulers' worlds, each with a heap
 * of its own, decide in turn: what else the machine does meets both alike, and the collection of garbage is paid by the
 * world whose heap it is. What V8 makes of the code differs from process to process by a tenth: of several pairs the one
 * in the middle counts.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GrowthAnswer, GrowthQuestion } from './growth-process.ts';

export interface Growth {
  /** Microseconds of CPU for a pod. */
  readonly few: number;
  readonly many: number;
}

const slicePods = 500;
/** Until everything is compiled. */
const warmUpRounds = 10;
const rounds = 30;
const pairs = 3;

/** `few` and `many` pods placed before, in the case of that name. */
export async function measureGrowth(name: string, placed: Growth, share: number): Promise<Growth> {
  const measured: Growth[] = [];
  for (let pair = 0; pair < pairs; pair += 1) measured.push(await measurePair(name, placed, share));
  const byRatio = measured.sort((a, b) => a.many / a.few - b.many / b.few);
  return byRatio[pairs >> 1] ?? { few: Number.NaN, many: Number.NaN };
}

async function measurePair(name: string, { few, many }: Growth, share: number): Promise<Growth> {
  const worlds = [few, many].map((placed) => new World({ name, placed, share }));
  const seconds = worlds.map(() => 0);
  try {
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      for (const [index, world] of worlds.entries()) {
        const took = await world.place(slicePods);
        if (round >= 0) seconds[index] = (seconds[index] ?? 0) + took;
      }
    }
  } finally {
    for (const world of worlds) world.close();
  }
  const [ofFew = 0, ofMany = 0] = seconds.map((sum) => (1e6 * sum) / (rounds * slicePods));
  return { few: ofFew, many: ofMany };
}

class World {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(question: GrowthQuestion) {
    this.#child = fork(fileURLToPath(new URL('./growth-process.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
    });
    this.#child.send(question);
    this.#ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`A world ended with ${String(code)}`);
    });
    this.#ended.catch(() => undefined); // it ends when it is told to
  }

  /** Seconds of CPU. */
  async place(pods: number): Promise<number> {
    this.#child.send({ pods });
    // What this process answers with.
    const [{ seconds }] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [GrowthAnswer];
    return seconds;
  }

  close(): void {
    this.#child.disconnect();
  }
}
