/** Plays a world undisturbed, and then again and again with interruptions at boundaries that the seed chooses. */

import { Random } from '../soak/random.ts';
import { interruptionText, waysToInterrupt } from './interruption.ts';
import { type PlannedInterruption, type Played, play } from './play.ts';
import { SharedCluster } from './shared-cluster.ts';

export interface RoundsOptions {
  readonly seed: number;
  readonly count: number;
  /** Interruptions of one world in a round. */
  readonly each: number;
  /** Played at the same time, in each round. */
  readonly worlds: number;
  readonly onRound?: (text: string) => void;
}

/** Resources of which a component may see nothing new while it sees all else. */
const seenLate = ['pods', 'replicasets', 'deployments', 'statefulsets', 'jobs', 'persistentvolumeclaims', undefined];
const longestHoldMs = 1_500;

/** What was wrong, in words, of all rounds. */
export async function playRounds({ onRound = () => {}, ...options }: RoundsOptions): Promise<string[]> {
  const cluster = await SharedCluster.start(options.worlds);
  try {
    const undisturbed = await play(cluster);
    const all = countBoundaries(undisturbed.writes);
    onRound(`undisturbed: ${all} boundaries at ${Object.keys(undisturbed.writes).length} controllers`);
    const faults = [...undisturbed.faults];
    let met = 0;
    for (const [index, interruptions] of drawPlans(undisturbed.writes, options).entries()) {
      const played = await play(cluster, { worlds: options.worlds, interruptions, expected: undisturbed });
      met += played.met.length;
      const text = roundText(index + 1, interruptions, played);
      onRound(`${text}; ${Math.round((100 * met) / all)} % of all boundaries so far`);
      if (played.faults.length > 0) faults.push(text);
    }
    return faults;
  } finally {
    await cluster.stop();
  }
}

type Writes = Readonly<Record<string, number>>;

/** Every write, in every way. */
const countBoundaries = (writes: Writes): number =>
  waysToInterrupt.length * Object.values(writes).reduce((sum, count) => sum + count, 0);

/** Every boundary comes once, in every way, before any comes again. */
export function drawPlans(
  writes: Writes,
  { seed, count, each, worlds }: Pick<RoundsOptions, 'seed' | 'count' | 'each' | 'worlds'>,
): PlannedInterruption[][] {
  const random = new Random(seed);
  const boundaries = Object.entries(writes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([writer, last]) => Array.from({ length: last }, (_, index) => ({ writer, at: index + 1 })))
    .flatMap((boundary) => waysToInterrupt.map((how) => ({ ...boundary, how })));
  let left: typeof boundaries = [];
  const draw = (world: number): PlannedInterruption[] => {
    if (left.length === 0) left = random.shuffle(boundaries);
    const next = left.pop();
    if (next === undefined) return [];
    const of = next.how === 'sees nothing new' ? random.pick(seenLate) : undefined;
    return [{ ...next, world, ms: random.below(longestHoldMs), of }];
  };
  const drawRound = () => Array.from({ length: each * worlds }, (_, index) => draw(index % worlds)).flat();
  return Array.from({ length: count }, drawRound);
}

function roundText(number: number, interruptions: readonly PlannedInterruption[], { faults, met }: Played): string {
  const head = `round ${number}: ${met.length} of ${interruptions.length} interruptions came`;
  const planned =
    faults.length === 0
      ? []
      : interruptions.map((one) => `  ${interruptionText({ ...one, world: `world ${one.world}` })}`);
  return [head, ...planned, ...faults.map((fault) => `  ✗ ${fault}`)].join('\n');
}
