/** The controller manager: every controller of the table, over shared informers, in one process that leads. */

import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import type { AuthoritySource } from '../base/renewed-authority.ts';
import type { KeyPairFiles } from '../base/renewed-key-pair.ts';
import { userAgentOf } from '../base/version.ts';
import { AccountClients } from '../client/account-clients.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { Controller } from '../client/controller.ts';
import { ControllerMetrics } from '../client/controller-metrics.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { LeaderElection } from '../client/leader-election.ts';
import { createRestClient } from '../client/rest-client.ts';
import { ServedResources } from '../client/served-resources.ts';
import { SharedInformers } from '../client/shared-informers.ts';
import { chooseControllers } from './choose-controllers.ts';
import { accountOf } from './controller-accounts.ts';
import type { ControllerContext, ControllerRow } from './controller-context.ts';
import { type ControllerSettings, controllersOf } from './controllers.ts';

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
  /** Trusted by pods, published as `kube-root-ca.crt`. Default: what the connection trusts. */
  readonly rootAuthority?: AuthoritySource | undefined;
  /** Signs certificates that are asked for. Default: nothing is signed. */
  readonly signing?: SigningOptions | undefined;
  /** Which controllers run, as `--controllers` has it (`chooseControllers`). Default: all. */
  readonly controllers?: readonly string[];
  /** Each controller works as a service account of its own (`accountOf`). Default true; else all as the connection's user. */
  readonly useServiceAccountCredentials?: boolean;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
}

export interface SigningOptions {
  /** The bundle of authorities, and the key of the one that signs. */
  readonly authority: KeyPairFiles;
  /** Of kubelets' servers alone. Absent: they are signed by `authority`, and each has to be approved by a person. */
  readonly kubeletServing?: KeyPairFiles | undefined;
  /** Default one year. */
  readonly durationMs?: number | undefined;
}

const yearMs = 365 * 86_400_000;
const lease = { namespace: 'kube-system', name: 'kube-controller-manager' };
/** Requests that are under way when it stops get so long to end. */
const stopPatienceMs = 5_000;

/** Throws a UserError when `controllers` has a name that no controller has. */
export async function startControllerManager(options: ControllerManagerOptions): Promise<Running> {
  chooseControllers(controllerNames(options), options.controllers ?? ['*']);
  const { connection, logger, leaderElect, identity, clock = systemClock } = options;
  const userAgent = userAgentOf('longshore-controller-manager');
  const client = createRestClient(connection, { userAgent, logger });
  const accounts =
    options.useServiceAccountCredentials === false
      ? undefined
      : new AccountClients({ owner: client, connection, userAgent, logger, clock });
  const clientOf = (controller: string): Client => {
    const account = accountOf(controller);
    return account === undefined || accounts === undefined ? client : accounts.of(account);
  };
  const metrics = new ControllerMetrics(options.metrics ?? new Metrics());
  const stopping = new AbortController();
  const lead = (signal: AbortSignal) =>
    runControllers({ ...options, client, clientOf, clock, controllerMetrics: metrics }, signal);
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
      accounts?.close();
      await ended;
    },
  };
}

export interface ControllerRun extends ControllerManagerOptions {
  /** The manager's own: its lease, what all controllers see, and events. */
  readonly client: Client;
  /** By the row's name. */
  readonly clientOf: (controller: string) => Client;
  readonly clock: Clock;
  readonly controllerMetrics: ControllerMetrics;
}

/** Runs all controllers over fresh informers until `signal` aborts. */
export async function runControllers(options: ControllerRun, signal: AbortSignal): Promise<void> {
  const { client, clientOf, clock, logger, controllerMetrics: metrics } = options;
  // Everything that runs listens to it.
  setMaxListeners(0, signal);
  const informers = new SharedInformers(client, { logger, clock });
  const resources = new ServedResources({ client, logger, clock });
  const events = new EventRecorder({ client, logger, clock });
  const contextOf = (name: string): ControllerContext => ({
    client: clientOf(name),
    informers,
    resources,
    events,
    clock,
    logger,
    controller: (controllerOptions) => new Controller({ ...controllerOptions, name, logger, clock, metrics }),
  });
  const rows = controllersOf(settingsOf(options));
  const chosen = chooseControllers(namesOf(rows), options.controllers ?? ['*']);
  const controllers = createControllers(
    rows.filter(({ name }) => chosen.includes(name)),
    contextOf,
  );
  const parts = [informers, resources, events, ...controllers];
  await Promise.all(parts.map((part) => part.run(signal)));
}

/** One that cannot be created does not keep the others from running. */
function createControllers(
  rows: readonly ControllerRow[],
  contextOf: (name: string) => ControllerContext,
): Pick<Controller, 'run'>[] {
  return rows.flatMap(({ name, create }) => {
    const context = contextOf(name);
    try {
      return [create(context)];
    } catch (error) {
      context.logger.error('A controller cannot be created and does not run', { controller: name, error });
      return [];
    }
  });
}

/** Of all that there are, in the order of the table. */
export const controllerNames = (options: ControllerManagerOptions): string[] =>
  namesOf(controllersOf(settingsOf(options)));

const namesOf = (rows: readonly ControllerRow[]): string[] => rows.map(({ name }) => name);

function settingsOf(options: ControllerManagerOptions): ControllerSettings {
  const { clusterCidr = '10.244.0.0/16', nodeCidrPrefix = 24, nodeGraceMs = 40_000, signing } = options;
  const durationMs = signing?.durationMs ?? yearMs;
  return {
    nodeIpam: { clusterCidr, nodeCidrPrefix },
    nodeLifecycle: { nodeGraceMs },
    podGarbage: { terminatedPodThreshold: options.terminatedPodThreshold ?? 12_500 },
    rootCertificate: { rootAuthority: options.rootAuthority ?? authorityOf(options.connection) },
    approval: { approvesServing: signing?.kubeletServing !== undefined, durationMs },
    signing: {
      authority: signing?.authority,
      kubeletServingAuthority: signing?.kubeletServing,
      durationMs,
    },
    reachability: { clusterCidr },
  };
}

function authorityOf({ authorityFile, certificateAuthority }: Connection): AuthoritySource | undefined {
  return authorityFile === undefined ? certificateAuthority : { authorityFile };
}
