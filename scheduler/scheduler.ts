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
import { InformedListers } from './cluster-listers.ts';
import { createPlugins } from './default-plugins.ts';
import type { Plugins, Profile } from './framework.ts';
import { Nominations } from './nominations.ts';
import type { ActingParts, PluginParts } from './plugin-rows.ts';
import { defaultPlugins } from './plugin-sets.ts';
import { AssumedVolumes } from './plugins/assumed-volumes.ts';
import { Devices } from './plugins/devices.ts';
import { PodConditionUpdater } from './pod-condition-updater.ts';
import { defaultSchedulerName } from './pod-info.ts';
import { SchedulingQueue } from './queue.ts';
import {
  type LeaderElectionConfiguration,
  plainProfile,
  type SchedulerConfiguration,
} from './scheduler-configuration.ts';
import { SchedulerMetrics } from './scheduler-metrics.ts';
import { SchedulingLoop } from './scheduling-loop.ts';
import { Snapshot } from './snapshot.ts';
import { InformedVolumeListers } from './volume-listers.ts';

export interface SchedulerOptions {
  readonly connection: Connection;
  /** Closed when the scheduler ends. Default: one of the connection. */
  readonly client?: Client;
  readonly logger: Logger;
  /** Whether several schedulers may run, of which one works. */
  readonly leaderElect: boolean;
  /** Unique among the schedulers that run at the same time. */
  readonly identity: string;
  /** How pods are placed, by their `spec.schedulerName`. Default: `default-scheduler` alone, with the default plugins. */
  readonly profiles?: (defaults: Plugins) => readonly Profile[];
  /** The same from a file, with more that can be set; `profiles` comes first. */
  readonly configuration?: SchedulerConfiguration;
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
  const client =
    options.client ?? createRestClient(connection, { userAgent: userAgentOf('longshore-scheduler'), logger });
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

function makeProfiles({ profiles, configuration }: SchedulerOptions, parts: PluginParts): readonly Profile[] {
  if (profiles !== undefined) return profiles(createPlugins(defaultPlugins, new Map(), parts));
  return (configuration?.profiles ?? [plainProfile(defaultSchedulerName)]).map((profile) => ({
    ...profile,
    plugins: createPlugins(profile.plugins, profile.makers, parts),
  }));
}

interface Parts {
  readonly loop: SchedulingLoop;
  synced(signal: AbortSignal): Promise<void>;
  /** Everything but the loop: informers, queue, events, verdicts. */
  run(signal: AbortSignal): Promise<void>;
}

function assemble(client: Client, options: SchedulerOptions, clock: Clock): Parts {
  const { logger, configuration, metrics = new Metrics() } = options;
  const podInformer: Informer<Pod> = createInformer(client, pods, { logger });
  const nodeInformer: Informer<Node> = createInformer(client, nodes, { logger });
  const listers = new InformedListers(client, logger);
  const volumeListers = new InformedVolumeListers(client, logger);
  const assumed = new AssumedVolumes();
  const devices = { devices: new Devices(volumeListers), client, clock, logger };
  volumeListers.resourceClaims.onChange((change) => devices.devices.ledger.claimChanged(change));
  volumeListers.resourceSlices.onChange(() => devices.devices.slicesChanged());
  const snapshot = new Snapshot();
  const queue = new SchedulingQueue({
    clock,
    ...(configuration?.podInitialBackoffMs !== undefined && { baseBackoffMs: configuration.podInitialBackoffMs }),
    ...(configuration?.podMaxBackoffMs !== undefined && { maxBackoffMs: configuration.podMaxBackoffMs }),
  });
  const nominations = new Nominations();
  const events = new EventRecorder({ client, logger });
  const recorderOf = (name: string) => events.from(name);
  const conditions = new PodConditionUpdater({ client, pods: podInformer, logger, clock });
  listers.onNamespaces(() => {
    snapshot.namespacesChanged();
    queue.moveToActiveOrBackoff('namespace labels');
  });
  volumeListers.onChange((event) => {
    assumed.changed();
    queue.moveToActiveOrBackoff(event);
  });
  const shared = { client, snapshot, nominations, conditions, recorderOf, logger, clock };
  const acting: ActingParts = { ...shared, budgets: listers.budgets };
  const profiles = makeProfiles(options, {
    ...{ listers, acting, devices },
    volumes: { listers: volumeListers, client, clock, assumed },
  });
  const schedulerNames = new Set(profiles.map(({ schedulerName }) => schedulerName));
  new ClusterFeed({ snapshot, queue, nominations, schedulerNames }).follow(podInformer, nodeInformer);
  const loop = new SchedulingLoop({
    ...shared,
    queue,
    profiles,
    metrics: new SchedulerMetrics(metrics, queue),
    random: Math.random,
  });
  const running = [podInformer, nodeInformer, listers, volumeListers, queue, events, conditions];
  return {
    loop,
    async synced(signal) {
      const seen = [podInformer, nodeInformer, listers, volumeListers];
      await Promise.all(seen.map((part) => part.synced(signal)));
    },
    async run(signal) {
      await Promise.all(running.map((part) => part.run(signal)));
    },
  };
}

async function lead(
  loop: SchedulingLoop,
  client: Client,
  { leaderElect, identity, logger, configuration }: SchedulerOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  if (!leaderElect) return await loop.run(signal);
  const { resourceNamespace, resourceName, ...durations } = configuration?.leaderElection ?? {};
  const lease = { namespace: resourceNamespace ?? leaseKey.namespace, name: resourceName ?? leaseKey.name };
  const election = new LeaderElection({ client, lease, identity, logger, clock, ...given(durations) });
  await election.run((leading) => loop.run(leading, () => election.holdsLease), signal);
}

/** Without what is undefined. */
function given({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: LeaderElectionConfiguration) {
  return {
    ...(leaseDurationMs !== undefined && { leaseDurationMs }),
    ...(renewDeadlineMs !== undefined && { renewDeadlineMs }),
    ...(retryPeriodMs !== undefined && { retryPeriodMs }),
  };
}
