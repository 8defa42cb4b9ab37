import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createDeferred, type Deferred } from '../../base/deferred.ts';
import type { Logger } from '../../base/logger.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { untilAborted } from '../../base/until-aborted.ts';
import { nodeSubject } from '../model/event-subject.ts';
import type { PodObject } from '../model/pod.ts';
import { HeardEvents } from '../testing/heard-events.ts';
import { makePod } from '../testing/make-pod.ts';
import { NodeShutdown } from './node-shutdown.ts';
import type { ShutdownPeriod } from './shutdown-periods.ts';
import { PlayedShutdowns } from './testing/played-shutdowns.ts';

const critical = 2_000_000_000;
const usual: readonly ShutdownPeriod[] = [
  { priority: 0, seconds: 20 },
  { priority: critical, seconds: 10 },
];

/** A node, its pods, and what happened in order. */
class World {
  readonly clock = new FakeClock(0);
  readonly machine = new PlayedShutdowns();
  readonly events = new HeardEvents();
  readonly log: string[] = [];
  readonly told: string[] = [];
  readonly pods = new Map<string, { readonly pod: PodObject; readonly over: Deferred<void> }>();
  readonly shutdown: NodeShutdown;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(periods = usual, trouble?: Error) {
    this.machine.trouble = trouble;
    const logger: Logger = Object.assign(Object.create(silentLogger), {
      warn: (message: string) => this.told.push(message),
    });
    this.shutdown = new NodeShutdown({
      ...{ source: this.machine, periods, clock: this.clock, logger, recorder: this.events },
      node: nodeSubject('n'),
      pods: () => [...this.pods.values()].map(({ pod }) => pod),
      endPod: (uid, { reason, graceSeconds }) => this.log.push(`${reason} ${uid} ${graceSeconds}`),
      podOver: async (uid, signal) => {
        await untilAborted(this.pods.get(uid)?.over.promise ?? Promise.resolve(), signal).catch(() => undefined);
      },
      onChange: () => this.log.push(`node: ${this.shutdown.whyNotReady ?? 'ready'}`),
    });
    this.#run = this.shutdown.run(this.#stop.signal);
  }

  add(uid: string, spec: { readonly priority?: number; readonly terminationGracePeriodSeconds?: number } = {}): void {
    const metadata = { ...makePod().metadata, uid };
    this.pods.set(uid, { pod: makePod(spec, { metadata }), over: createDeferred() });
  }

  async end(uid: string): Promise<void> {
    this.pods.get(uid)?.over.resolve();
    await settle();
  }

  async setShuttingDown(isShuttingDown: boolean): Promise<void> {
    this.machine.setShuttingDown(isShuttingDown);
    await settle();
  }

  /** Lets time pass until `check` holds. */
  async passUntil(check: () => boolean): Promise<void> {
    for (let seconds = 0; seconds < 300 && !check(); seconds += 1) {
      await this.clock.advance(1_000);
      await settle();
    }
    assert.ok(check());
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await turn();
}

async function started(periods?: readonly ShutdownPeriod[]): Promise<World> {
  const world = new World(periods);
  await world.passUntil(() => world.machine.followers === 1 && world.machine.holds === 1);
  return world;
}

describe('a shutdown of the node', () => {
  it('is held up as long as all pods may take, until they have ended, critical ones last', async () => {
    const world = await started();
    assert.equal(world.machine.longestMs, 30_000);
    world.add('web');
    world.add('quick', { terminationGracePeriodSeconds: 3 });
    world.add('proxy', { priority: critical + 1_000 });
    await world.setShuttingDown(true);
    assert.deepEqual(world.log, ['node: node is shutting down', 'Terminated web 20', 'Terminated quick 3']);
    await world.end('web');
    await world.end('quick');
    assert.deepEqual(world.log.slice(3), ['Terminated proxy 10']);
    assert.equal(world.machine.holds, 1);
    await world.end('proxy');
    assert.equal(world.machine.holds, 0);
    assert.equal(world.shutdown.whyNotReady, 'node is shutting down');
    await world.clock.advance(120_000);
    assert.equal(world.machine.holds, 0);
    await world.stop();
  });

  it('does not wait for a group longer than its period', async () => {
    const world = await started();
    world.add('stuck');
    world.add('proxy', { priority: critical });
    await world.setShuttingDown(true);
    await world.clock.advance(19_900);
    await settle();
    assert.equal(world.log.length, 2);
    await world.clock.advance(200);
    await settle();
    assert.deepEqual(world.log.slice(2), ['Terminated proxy 10']);
    await world.clock.advance(10_000);
    await settle();
    assert.equal(world.machine.holds, 0);
    await world.stop();
  });

  it('that is cancelled ends no further pod, and the next one is held up again', async () => {
    const world = await started();
    world.add('web');
    world.add('proxy', { priority: critical });
    await world.setShuttingDown(true);
    await world.setShuttingDown(false);
    assert.deepEqual(world.log, ['node: node is shutting down', 'Terminated web 20', 'node: ready']);
    assert.equal(world.machine.holds, 1);
    world.pods.clear();
    await world.setShuttingDown(true);
    assert.equal(world.machine.holds, 0);
    await world.setShuttingDown(false);
    assert.equal(world.machine.holds, 1);
    assert.deepEqual(world.events.texts.slice(0, 2), [
      'Normal NodeShutdown Shutdown manager detected shutdown event',
      'Normal NodeShutdown Shutdown manager detected shutdown cancellation',
    ]);
    await world.stop();
  });

  it('lets no new pods in, and none be refused that has begun', async () => {
    const world = await started();
    const begun = makePod({}, { status: { startTime: '2030-01-01T00:00:00Z' } });
    assert.equal(world.shutdown.refusalOf(makePod()), undefined);
    await world.setShuttingDown(true);
    assert.deepEqual(world.shutdown.refusalOf(makePod()), {
      reason: 'NodeShutdown',
      message: 'Pod was rejected as the node is shutting down.',
    });
    assert.equal(world.shutdown.refusalOf(begun), undefined);
    await world.setShuttingDown(false);
    assert.equal(world.shutdown.refusalOf(makePod()), undefined);
    await world.stop();
  });

  it('under way when the kubelet starts ends pods as well', async () => {
    const world = new World();
    world.machine.setShuttingDown(true);
    world.add('web');
    await world.passUntil(() => world.log.length === 2);
    assert.deepEqual(world.log, ['node: node is shutting down', 'Terminated web 20']);
    await world.stop();
  });

  it('is not waited for where nobody tells of it, which is told once; it is when somebody comes', async () => {
    const world = new World(usual, new Error('Failed to connect to bus'));
    await world.passUntil(() => world.clock.monotonic() > 250_000);
    assert.equal(world.told.length, 1);
    assert.deepEqual(world.log, []);
    world.machine.trouble = undefined;
    await world.passUntil(() => world.machine.holds === 1);
    world.machine.breakDown(new Error('the bus is gone'));
    await settle();
    assert.ok(world.told.length > 1);
    world.machine.trouble = undefined;
    await world.passUntil(() => world.machine.holds === 1 && world.machine.followers === 1);
    await world.stop();
  });

  it('ends no pod when only the kubelet is stopped, and is held up no more then', async () => {
    const world = await started();
    world.add('web');
    await world.stop();
    assert.deepEqual([world.log, world.machine.holds], [[], 0]);
  });

  it('is not held up at all when no period is set', async () => {
    const world = new World([]);
    await world.stop();
    assert.equal(world.machine.holds, 0);
  });
});
