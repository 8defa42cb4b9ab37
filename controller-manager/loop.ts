/** CONTRACT: what a loop is made from, and what it is. One file per loop; `controller-manager.ts` has their table. */

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Client } from '../client/client.ts';
import type { Controller, ControllerOptions } from '../client/controller.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Informers } from './informers.ts';

export interface LoopSettings {
  /** The pod network; each node gets a part of it. */
  readonly clusterCidr: string;
  /** Prefix length of a node's part. */
  readonly nodeCidrPrefix: number;
  /** A node is Unknown when its Lease was not renewed for so long. */
  readonly nodeGraceMs: number;
  /** Terminated pods beyond this number are deleted, oldest first. */
  readonly terminatedPodThreshold: number;
  /** PEM of the authority that signs API servers' certificates. */
  readonly rootCertificate: string | undefined;
}

export interface LoopContext {
  readonly client: Client;
  readonly informers: Informers;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: LoopSettings;
  /** A controller with the component's logger, clock and metrics. */
  controller(options: Pick<ControllerOptions, 'name' | 'reconciler' | 'workers'>): Controller;
}

/** Called once, before the informers run: it says which changes it wants to hear of. */
export type CreateLoop = (context: LoopContext) => Pick<Controller, 'name' | 'run'>;
