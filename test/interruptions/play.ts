/**
 * Plays worlds once, all at the same time, by all controllers and the scheduler, with the interruptions that are asked
 * for. Undisturbed it says what the end of each act has to look like.
 */

import { runControllerManager, runScheduler } from './components.ts';
import type { Interruption } from './interruption.ts';
import { type ObservedWorld, ObservedWorlds } from './observed-worlds.ts';
import { RestartedComponent } from './restarted-component.ts';
import type { SharedCluster } from './shared-cluster.ts';
import { Stage } from './stage.ts';
import { changeAll, cleanUp, createAll, deleteAll, evictAll, prepare, type World, worldOf } from './world.ts';

export interface Played {
  /** Of the first world, the end of each act, as comparable text. */
  readonly ends: readonly (readonly string[])[];
  /** Of the first world. */
  readonly created: Readonly<Record<string, number>>;
  /** Of each writer, how often it wrote about the first world. */
  readonly writes: Readonly<Record<string, number>>;
  /** Bounds that were broken, and ends that were not reached. */
  readonly faults: readonly string[];
  /** The interruptions that came. */
  readonly met: readonly Interruption[];
}

/** Where it is to come, by the number of the world. */
export type PlannedInterruption = Omit<Interruption, 'world'> & { readonly world: number };

export interface PlayOptions {
  /** How many worlds are played at the same time. Default 1. */
  readonly worlds?: number;
  readonly interruptions?: readonly PlannedInterruption[];
  /** An undisturbed play; absent: this is one. */
  readonly expected?: Pick<Played, 'ends' | 'created'>;
  /** How long an act may take. */
  readonly patienceMs?: number;
}

const acts = [
  { play: createAll, makes: { 'pods world/nightly-': 1, 'pods world/scaled-': 2 } },
  { play: changeAll, makes: {} },
  { play: evictAll, makes: {} },
  { play: deleteAll, makes: {} },
];

export async function play(cluster: SharedCluster, options: PlayOptions = {}): Promise<Played> {
  const { server, clock, client, nodeBound } = cluster;
  const { client: user, connection, store } = server;
  const round = cluster.nextRound();
  const worlds = Array.from({ length: options.worlds ?? 1 }, (_, index) => worldOf(`r${round}w${index}`));
  const observed = new ObservedWorlds({ store, worlds, nodeBound, after: await store.currentRevision() });
  for (const world of worlds) await prepare(user, world);
  clock.passHour();
  const interruptions = (options.interruptions ?? []).map((one) => ({ ...one, world: `r${round}w${one.world}` }));
  const components = [
    new RestartedComponent({ client, interruptions, run: (life) => runControllerManager(life, connection, clock) }),
    new RestartedComponent({ client, interruptions, run: (life) => runScheduler(life, connection, clock) }),
  ];
  const stages = observed.all().map((one) => new Stage({ observed: one, ...options }));
  try {
    await cluster.untilNodesTakePods();
    await playActs(cluster, { worlds, stages, observed: observed.all() });
  } finally {
    await Promise.all(components.map((component) => component.stop()));
    await observed.stop();
  }
  for (const world of worlds) await cleanUp(user, world);
  const [first] = observed.all();
  const created = options.expected?.created ?? first?.bounds.created ?? {};
  return {
    ends: stages[0]?.ends ?? [],
    created,
    writes: Object.fromEntries(components.flatMap((component) => component.countsOf(`r${round}w0`))),
    faults: [...worldFaults(stages, observed.all(), created), ...nodeBound.broken],
    met: components.flatMap(({ met }) => met),
  };
}

interface Playing {
  readonly worlds: readonly World[];
  readonly stages: readonly Stage[];
  readonly observed: readonly ObservedWorld[];
}

async function playActs({ server }: SharedCluster, { worlds, stages, observed }: Playing): Promise<void> {
  for (const [index, { play: playAct, makes }] of acts.entries()) {
    // Pods that the last act leaves at rest are not fewer than they should be while everything goes.
    if (index === acts.length - 1) for (const { bounds } of observed) bounds.release();
    await Promise.all(worlds.map((world) => playAct(server.client, world)));
    await Promise.all(stages.map((stage) => stage.untilOver(makes)));
    if (index === 0) for (const { bounds } of observed) bounds.hold();
    if (stages.some(({ faults }) => faults.length > 0)) break;
  }
}

function worldFaults(
  stages: readonly Stage[],
  observed: readonly ObservedWorld[],
  expected: Readonly<Record<string, number>>,
): string[] {
  return observed.flatMap(({ bounds }, index) => {
    const faults = [...(stages[index]?.faults ?? []), ...bounds.broken, ...countFaults(expected, bounds.created)];
    return faults.map((fault) => `world ${index}: ${fault}`);
  });
}

function countFaults(expected: Readonly<Record<string, number>>, found: Readonly<Record<string, number>>): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .filter((what) => expected[what] !== found[what])
    .map((what) => `${what} was created ${found[what] ?? 0} times, undisturbed ${expected[what] ?? 0} times`);
}
