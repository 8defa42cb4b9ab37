/**
 * Plays the world once: the real API server on the in-memory store, all controllers, the scheduler and hollow nodes,
 * with the interruptions that are asked for. Undisturbed it says what the end of each act has to look like.
 */

import { nodes } from '../../api/resources/core.ts';
import { silentLogger } from '../../base/logger.ts';
import { HollowNodes } from '../../bench/hollow/hollow-nodes.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { ensureNamespace } from '../support/test-kubelet.ts';
import { Bounds } from './bounds.ts';
import { runControllerManager, runScheduler } from './components.ts';
import type { Interruption } from './interruption.ts';
import { ObservedWorld } from './observed-world.ts';
import { QuickClock } from './quick-clock.ts';
import { RestartedComponent } from './restarted-component.ts';
import { Stage } from './stage.ts';
import { changeAll, createAll, evictAll, podGroups, prepare } from './world.ts';

export interface Played {
  /** The end of each act, as comparable text. */
  readonly ends: readonly (readonly string[])[];
  readonly created: Readonly<Record<string, number>>;
  /** Of each writer, how often. */
  readonly writes: Readonly<Record<string, number>>;
  /** Bounds that were broken, and ends that were not reached. */
  readonly faults: readonly string[];
  /** How many of the interruptions came. */
  readonly met: number;
}

export interface PlayOptions {
  readonly interruptions?: readonly Interruption[];
  /** An undisturbed play; absent: this is one. */
  readonly expected?: Pick<Played, 'ends' | 'created'>;
  /** How long an act may take. Default 120 s. */
  readonly patienceMs?: number;
}

const nodeCount = 3;
const nodePods = 12;

export async function play(options: PlayOptions = {}): Promise<Played> {
  const clock = new QuickClock();
  const server = await startTestApiServer({ clock: clock.steady });
  try {
    for (const name of ['default', 'kube-node-lease']) await ensureNamespace(server, name);
    const { connection } = server;
    const capacity = { cpu: '8', memory: '32Gi', pods: String(nodePods) };
    const hollow = await HollowNodes.start({
      ...{ connection, logger: silentLogger, count: nodeCount, prefix: 'hollow', capacity },
    });
    try {
      return await playOn(server, clock, options);
    } finally {
      await hollow.stop();
    }
  } finally {
    await server.stop();
  }
}

async function playOn(server: TestApiServer, clock: QuickClock, options: PlayOptions): Promise<Played> {
  const { connection, client: user, store } = server;
  const { interruptions = [] } = options;
  const bounds = new Bounds({ nodePods, groups: podGroups });
  const observed = new ObservedWorld(store, bounds);
  await prepare(user);
  clock.passHour();
  const client = createRestClient(connection, { userAgent: 'interrupted', logger: silentLogger });
  const components = [
    new RestartedComponent({ client, interruptions, run: (life) => runControllerManager(life, connection, clock) }),
    new RestartedComponent({ client, interruptions, run: (life) => runScheduler(life, connection, clock) }),
  ];
  const stage = new Stage({ observed, bounds, ...options });
  try {
    await untilNodesTakePods(user);
    const acts = [
      {
        play: () => createAll(user),
        makes: { 'pods world/nightly-': 1, 'pods world/scaled-': 2 },
      },
      { play: () => changeAll(user), makes: {} },
      { play: () => evictAll(user), makes: {} },
    ];
    for (const { play: playAct, makes } of acts) {
      await playAct();
      await stage.untilOver(makes);
      bounds.hold();
      if (stage.faults.length > 0) break;
    }
  } finally {
    await Promise.all(components.map((component) => component.stop()));
    await client.close();
    await observed.stop();
  }
  const created = bounds.created;
  return {
    ends: stage.ends,
    created,
    writes: Object.fromEntries(components.flatMap(({ counts }) => [...counts])),
    faults: [...stage.faults, ...bounds.broken, ...countFaults(options.expected?.created ?? created, created)],
    met: components.reduce((sum, { met }) => sum + met, 0),
  };
}

async function untilNodesTakePods(user: Client): Promise<void> {
  await eventually('all nodes are ready', async () => {
    const { items } = await user.list(nodes);
    return items.length === nodeCount && items.every(({ spec }) => (spec?.taints ?? []).length === 0);
  });
}

function countFaults(expected: Readonly<Record<string, number>>, found: Readonly<Record<string, number>>): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .filter((what) => expected[what] !== found[what])
    .map((what) => `${what} was created ${found[what] ?? 0} times, undisturbed ${expected[what] ?? 0} times`);
}
