/** Plays the world undisturbed, and then again and again with interruptions at boundaries that the seed chooses. */

import { Random } from '../soak/random.ts';
import { type Interruption, interruptionText, waysToInterrupt } from './interruption.ts';
import { type Played, play } from './play.ts';

export interface RoundsOptions {
  readonly seed: number;
  readonly count: number;
  /** Interruptions of one round. */
  readonly each: number;
  readonly onRound?: (text: string) => void;
}

/** Resources of which a component may see nothing new while it sees all else. */
const seenLate = ['pods', 'replicasets', 'deployments', 'statefulsets', 'jobs', 'persistentvolumeclaims', undefined];
const longestHoldMs = 1_500;

/** What was wrong, in words, of all rounds. */
export async function playRounds({ seed, count, each, onRound = () => {} }: RoundsOptions): Promise<string[]> {
  const undisturbed = await play();
  onRound(`undisturbed: ${Object.values(undisturbed.writes).reduce((sum, writes) => sum + writes, 0)} writes`);
  const plans = drawPlans(undisturbed.writes, { seed, count, each });
  const faults = [...undisturbed.faults];
  for (const [index, interruptions] of plans.entries()) {
    const played = await play({ interruptions, expected: undisturbed });
    const text = roundText(index + 1, interruptions, played);
    onRound(text);
    if (played.faults.length > 0) faults.push(text);
  }
  return faults;
}

/** Every boundary comes once, in every way, before any comes again. */
export function drawPlans(
  writes: Readonly<Record<string, number>>,
  { seed, count, each }: Pick<RoundsOptions, 'seed' | 'count' | 'each'>,
): Interruption[][] {
  const random = new Random(seed);
  const boundaries = Object.entries(writes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([writer, last]) => Array.from({ length: last }, (_, index) => ({ writer, at: index + 1 })))
    .flatMap((boundary) => waysToInterrupt.map((how) => ({ ...boundary, how })));
  let left: typeof boundaries = [];
  const draw = (): Interruption[] => {
    if (left.length === 0) left = random.shuffle(boundaries);
    const next = left.pop();
    if (next === undefined) return [];
    const of = next.how === 'sees nothing new' ? random.pick(seenLate) : undefined;
    return [{ ...next, ms: random.below(longestHoldMs), of }];
  };
  return Array.from({ length: count }, () => Array.from({ length: each }, draw).flat());
}

function roundText(number: number, interruptions: readonly Interruption[], { faults, met }: Played): string {
  const head = `round ${number}: ${met} of ${interruptions.length} interruptions came`;
  const planned = faults.length === 0 ? [] : interruptions.map((one) => `  ${interruptionText(one)}`);
  return [head, ...planned, ...faults.map((fault) => `  ✗ ${fault}`)].join('\n');
}
