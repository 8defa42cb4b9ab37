/** The scheduler put together: informers → snapshot and queue → decisions, as the leader of all that run. */

import { setMaxListeners } from 'node:events';
import { nodes, pods } from '../api/resources/core.ts';
import type { Node, Pod } from '../api/types/core/v1.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import { userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { createInformer } from '../client/informer.ts';
import { LeaderElection } from '../client/leader-election.ts';
import type { Informer } from '../client/object-cache.ts';
import { createRestClient } from '../client/rest-client.ts';
import { ClusterFeed } from './cluster-feed.ts';
import { createDefaultPlugins } from './default-plugins.ts';
import { Nominations } from './nominations.ts';
import { SchedulingQueue } from './queue.ts';
import { SchedulerMetrics } from './scheduler-metrics.ts';
import { SchedulingLoop } from './scheduling-loop.ts';
import { Snapshot } from './snapshot.ts';
import { TemplateMemory } from './template-results.ts';
import { Verdicts } from './verdicts.ts';
import { World } from './world.ts';

export interface SchedulerOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  /** Whether several schedulers may run, of which one works. */
  readonly leaderElect: boolean;
  /** Unique among the schedulers that run at the same time. */
  readonly identity: string;
  /** Places the pods whose `spec.schedulerName` is this. Default `default-scheduler`. */
  readonly schedulerName?: string;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
}

export interface Scheduler extends Running {
  /** What it still waits for; undefined once it sees the cluster. */
  whyNotReady(): string | undefined;
}

const leaseKey = { namespace: 'kube-system', name: 'kube-scheduler' };

export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { connection, logger, clock = systemClock } = options;
  const over = new AbortController();
  setMaxListeners(0, over.signal); // many parts end by it
  const client = createRestClient(connection, { userAgent: userAgentOf('longshore-scheduler'), logger });
  const parts = assemble(client, options, clock);
  let synced = false;
  const done = runAll([
    parts.run(over.signal),
    parts.synced(over.signal).then(async () => {
      synced = !over.signal.aborted;
      await lead(parts.loop, client, options, clock, over.signal);
    }),
  ]).finally(() => client.close());
  // `done` says how it ended to whoever asks; nobody has to.
  done.catch((error: unknown) => logger.error('The scheduler ended', { error }));
  return {
    name: 'scheduler',
    done,
    whyNotReady: () => (synced ? undefined : 'pods and nodes are not listed yet'),
    async stop() {
      over.abort();
      await done.catch(() => undefined); // told by `done`
    },
  };

  /** One part that ends by an error ends all. */
  async function runAll(running: readonly Promise<void>[]): Promise<void> {
    const settled = await Promise.allSettled(
      running.map((part) =>
        part.catch((error: unknown) => {
          over.abort();
          throw error;
        }),
      ),
    );
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

interface Parts {
  readonly loop: SchedulingLoop;
  synced(signal: AbortSignal): Promise<void>;
  /** Everything but the loop: informers, queue, events, verdicts. */
  run(signal: AbortSignal): Promise<void>;
}

function assemble(client: Client, options: SchedulerOptions, clock: Clock): Parts {
  const { logger, schedulerName = 'default-scheduler', metrics = new Metrics() } = options;
  const podInformer: Informer<Pod> = createInformer(client, pods, { logger });
  const nodeInformer: Informer<Node> = createInformer(client, nodes, { logger });
  const world = new World(client, logger);
  const snapshot = new Snapshot();
  const queue = new SchedulingQueue({ clock });
  const nominations = new Nominations();
  const events = new EventRecorder({ client, logger });
  const verdicts = new Verdicts({ client, pods: podInformer, logger, clock });
  const feed = new ClusterFeed({ snapshot, queue, nominations, schedulerName });
  feed.follow(podInformer, nodeInformer);
  world.onNamespaces(() => {
    snapshot.namespacesChanged();
    queue.wake('namespace labels');
  });
  const loop = new SchedulingLoop({
    snapshot,
    queue,
    nominations,
    verdicts,
    client,
    logger,
    clock,
    plugins: createDefaultPlugins(world),
    templates: new TemplateMemory(),
    recorder: events.from(schedulerName),
    metrics: new SchedulerMetrics(metrics, queue),
    random: Math.random,
    budgets: () => world.budgets(),
  });
  const running = [podInformer, nodeInformer, world, queue, events, verdicts];
  return {
    loop,
    async synced(signal) {
      await Promise.all([podInformer.synced(signal), nodeInformer.synced(signal), world.synced(signal)]);
    },
    async run(signal) {
      await Promise.all(running.map((part) => part.run(signal)));
    },
  };
}

async function lead(
  loop: SchedulingLoop,
  client: Client,
  { leaderElect, identity, logger }: SchedulerOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  if (!leaderElect) return await loop.run(signal);
  const election = new LeaderElection({ client, lease: leaseKey, identity, logger, clock });
  await election.run((leading) => loop.run(leading), signal);
}
