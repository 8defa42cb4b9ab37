/**
 * The controller manager: every loop, over shared informers, in one process that leads.
 * A new loop is a file and a line in the table below.
 */

import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import { userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { Controller } from '../client/controller.ts';
import { ControllerMetrics } from '../client/controller-metrics.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { LeaderElection } from '../client/leader-election.ts';
import { createRestClient } from '../client/rest-client.ts';
import { createEndpointSliceLoop } from './endpoints/endpoint-slices-loop.ts';
import { createEndpointsLoop } from './endpoints/endpoints-loop.ts';
import { createEndpointsMirroringLoop } from './endpoints/endpoints-mirroring-loop.ts';
import { createGarbageLoop } from './garbage/garbage-loop.ts';
import { createInformers } from './informers.ts';
import type { CreateLoop, LoopContext, LoopSettings } from './loop.ts';
import { createNamespaceDeletionLoop } from './namespace-deletion.ts';
import { createNodeIpamLoop } from './nodes/node-ipam-loop.ts';
import { createNodeLifecycleLoop } from './nodes/node-lifecycle-loop.ts';
import { createNodeTtlLoop } from './nodes/node-ttl-loop.ts';
import { createTaintEvictionLoop } from './nodes/taint-eviction-loop.ts';
import { createPodGarbageLoop } from './pod-garbage.ts';
import { createReplicaSetLoop, createReplicationLoop } from './replicas/replica-loops.ts';
import { createRootCertificateLoop } from './root-certificate.ts';
import { createServiceAccountLoop } from './service-accounts.ts';
import {
  createAttributesClassProtectionLoop,
  createClaimProtectionLoop,
  createVolumeProtectionLoop,
} from './storage-protection.ts';

const loops: readonly CreateLoop[] = [
  createReplicationLoop,
  createReplicaSetLoop,
  createEndpointsLoop,
  createEndpointSliceLoop,
  createEndpointsMirroringLoop,
  createNamespaceDeletionLoop,
  createServiceAccountLoop,
  createRootCertificateLoop,
  createGarbageLoop,
  createNodeLifecycleLoop,
  createTaintEvictionLoop,
  createNodeIpamLoop,
  createNodeTtlLoop,
  createPodGarbageLoop,
  createClaimProtectionLoop,
  createVolumeProtectionLoop,
  createAttributesClassProtectionLoop,
];

export interface ControllerManagerOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  /** False: work at once, for a cluster that runs only one controller manager. */
  readonly leaderElect: boolean;
  /** Unique among the controller managers that run at the same time. */
  readonly identity: string;
  /** Default 10.244.0.0/16. */
  readonly clusterCidr?: string;
  /** Default 24. */
  readonly nodeCidrPrefix?: number;
  /** Default 40 s. */
  readonly nodeGraceMs?: number;
  /** Default 12500. */
  readonly terminatedPodThreshold?: number;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
}

const lease = { namespace: 'kube-system', name: 'kube-controller-manager' };
/** Requests that are under way when it stops get so long to end. */
const stopPatienceMs = 5_000;

export async function startControllerManager(options: ControllerManagerOptions): Promise<Running> {
  const { connection, logger, leaderElect, identity, clock = systemClock } = options;
  const client = createRestClient(connection, { userAgent: userAgentOf('longshore-controller-manager'), logger });
  const metrics = new ControllerMetrics(options.metrics ?? new Metrics());
  const stopping = new AbortController();
  const lead = (signal: AbortSignal) => runLoops({ ...options, client, clock, controllerMetrics: metrics }, signal);
  const election = new LeaderElection({ client, lease, identity, logger, clock });
  const done = leaderElect ? election.run(lead, stopping.signal) : lead(stopping.signal);
  return {
    name: 'controller-manager',
    done,
    async stop() {
      stopping.abort();
      const ended = done.catch(() => undefined); // `done` tells whoever wants to know
      const inTime = new AbortController();
      await Promise.race([ended, clock.sleep(stopPatienceMs, inTime.signal)]);
      inTime.abort();
      await client.close();
      await ended;
    },
  };
}

interface RunOptions extends ControllerManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly controllerMetrics: ControllerMetrics;
}

/** Runs all loops over fresh informers until `signal` aborts. */
async function runLoops(options: RunOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, logger, controllerMetrics: metrics } = options;
  // Everything that runs listens to it.
  setMaxListeners(0, signal);
  const informers = createInformers(client, { logger, clock });
  const events = new EventRecorder({ client, logger, clock });
  const context: LoopContext = {
    client,
    informers,
    events,
    clock,
    logger,
    settings: settingsOf(options),
    controller: (controllerOptions) => new Controller({ ...controllerOptions, logger, clock, metrics }),
  };
  const controllers = loops.map((create) => create(context));
  await Promise.all([informers.run(signal), events.run(signal), ...controllers.map((loop) => loop.run(signal))]);
}

function settingsOf(options: ControllerManagerOptions): LoopSettings {
  return {
    clusterCidr: options.clusterCidr ?? '10.244.0.0/16',
    nodeCidrPrefix: options.nodeCidrPrefix ?? 24,
    nodeGraceMs: options.nodeGraceMs ?? 40_000,
    terminatedPodThreshold: options.terminatedPodThreshold ?? 12_500,
    rootCertificate: options.connection.certificateAuthority,
  };
}
