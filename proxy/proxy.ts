/**
 * The proxy of a node: watches Services and EndpointSlices, computes rules, makes them so.
 *
 *   informers ─► changed ─► (short wait: changes come in groups) ─► computeRules ─► apply ─► …
 *                                                                      └─ failed ─► again after a growing wait
 *
 * Invariants:
 * - Rules are computed from all that is known, never from a change: a lost or doubled event changes nothing.
 * - Nothing is applied before both caches are complete: a start never takes away what works.
 * - One `apply` at a time.
 * - What others take away is noticed: at once in the table (`TableMonitor`), within seconds elsewhere.
 */

import { setMaxListeners } from 'node:events';
import { namespaces, nodes, services } from '../api/resources/core.ts';
import { endpointSlices } from '../api/resources/discovery.ts';
import type { Namespace, Node, Service } from '../api/types/core/v1.ts';
import type { EndpointSlice } from '../api/types/discovery/v1.ts';
import { computeBackoffMs } from '../base/backoff.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import { userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import { readClusterId } from '../client/cluster-id.ts';
import type { Connection } from '../client/connection.ts';
import type { EventSubject } from '../client/event-correlator.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { createInformer } from '../client/informer.ts';
import type { Informer } from '../client/object-cache.ts';
import { createRestClient } from '../client/rest-client.ts';
import { chooseMode } from './choose-mode.ts';
import { addressesOfNodeDns, dnsServiceKey } from './dns/dns-service.ts';
import { type DnsOptions, NodeDns } from './dns/node-dns.ts';
import { HostSettings } from './host/host-settings.ts';
import { defaultTable } from './nftables/nft-program.ts';
import { TableMonitor } from './nftables/table-monitor.ts';
import { PolicyKeeper } from './policies/policy-keeper.ts';
import { tellUnenforcedPolicies } from './policies/unenforced-policies.ts';
import { type RunProgram, runProgram } from './program.ts';
import { ProxyMetrics } from './proxy-metrics.ts';
import { ProgrammedRevision, writeRevision } from './revision/programmed-revision.ts';
import { RouteKeeper } from './routes/route-keeper.ts';
import { Nftables } from './services/nftables.ts';
import type { RuleApplier } from './services/rule-applier.ts';
import { computeRules } from './services/rules.ts';
import { changesRules, serviceOf } from './services/slice-changes.ts';
import { StaleFlows } from './services/stale-flows.ts';
import { LoopbackPorts } from './userspace/loopback-ports.ts';
import { Userspace } from './userspace/userspace.ts';

export interface ProxyOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly nodeName: string;
  /** As the node, which may say on its Lease what is programmed; undefined: nobody waits for this proxy. */
  readonly nodeConnection?: Connection | undefined;
  readonly clusterCidr: string;
  /** `nftables` falls back to `userspace` where it cannot be used. */
  readonly mode: 'nftables' | 'userspace';
  /** Of the nftables table; default `longshore`. */
  readonly table?: string | undefined;
  /** The DNS of the node; undefined: there is none. */
  readonly dns?: DnsOptions | undefined;
  readonly metrics?: Metrics;
  /** How commands of the system are run. */
  readonly run?: RunProgram;
  readonly clock?: Clock;
}

export interface RunningProxy extends Running {
  /** What it still waits for; undefined once the rules of this node are in force. */
  whyNotReady(): string | undefined;
}

const userAgent = userAgentOf('longshore-proxy');
const groupingMs = 20;
const verifyEveryMs = 4_000;
const backoff = { baseMs: 200, maxMs: 10_000 };

export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const over = new AbortController();
  setMaxListeners(0, over.signal); // many parts end by it
  const loop = new ProxyLoop({ ...options, mode: await chooseMode(options) });
  const done = loop.run(over.signal);
  done.catch((error: unknown) => options.logger.error('The proxy ended', { error }));
  return {
    name: 'proxy',
    done,
    whyNotReady: () => loop.whyNotReady(),
    async stop() {
      over.abort();
      await done.catch(() => undefined); // told by `done`
    },
  };
}

class ProxyLoop {
  readonly #options: ProxyOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #client;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #nodes: Informer<Node>;
  readonly #namespaces: Informer<Namespace>;
  readonly #monitor: TableMonitor | undefined;
  readonly #recorder: EventRecorder;
  readonly #staleFlows: StaleFlows | undefined;
  readonly #routes: RouteKeeper;
  readonly #dns: NodeDns | undefined;
  /** Undefined where policies cannot be enforced. */
  readonly #policies: PolicyKeeper | undefined;
  readonly #nodeClient: Client | undefined;
  readonly #revision: ProgrammedRevision | undefined;
  /** Made when it is known whose rules they are. */
  #appliers: readonly RuleApplier[] = [];
  #host: HostSettings | undefined;
  readonly #metrics: ProxyMetrics;
  /** When the oldest change came that is not in force yet; monotonic. */
  #changedAt: number | undefined;
  #applied = false;
  #verifiedAt = 0;
  #trouble: string | undefined = 'Services and EndpointSlices are not listed yet';
  #wake: () => void = () => {};

  constructor(options: ProxyOptions) {
    const { logger, connection, mode, run = runProgram, clock = systemClock, table = defaultTable } = options;
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
    const metrics = options.metrics ?? new Metrics();
    this.#metrics = new ProxyMetrics(metrics);
    this.#client = createRestClient(connection, { userAgent, logger });
    this.#services = createInformer(this.#client, services, { logger });
    this.#slices = createInformer(this.#client, endpointSlices, { logger, indexers: { service: serviceOf } });
    this.#nodes = createInformer(this.#client, nodes, { logger, clock });
    this.#namespaces = createInformer(this.#client, namespaces, { logger, clock, metadataOnly: true });
    this.#services.onChange(() => this.#changed());
    this.#slices.onChange((change) => {
      if (change.next !== undefined) this.#revision?.seen(change.next);
      // Others renew or relabel slices; only what rules are made of is programmed.
      if (changesRules(change)) this.#changed();
      else this.#wake();
    });
    this.#recorder = new EventRecorder({ client: this.#client, logger, clock });
    const kernel = mode === 'nftables';
    this.#monitor = kernel ? new TableMonitor({ table, logger, clock, onDisturbance: () => this.#wake() }) : undefined;
    this.#staleFlows = kernel ? new StaleFlows({ logger, run }) : undefined;
    const onTrouble = (why: string) => this.#tell('RouteFailed', why);
    this.#routes = new RouteKeeper({ ...options, nodes: this.#nodes, clock, run, onTrouble });
    const { dns, clusterCidr, nodeConnection, nodeName } = options;
    const shared = { client: this.#client, namespaces: this.#namespaces, run, clock, logger, metrics };
    const nodeClient = nodeConnection && createRestClient(nodeConnection, { userAgent, logger });
    this.#nodeClient = nodeClient;
    this.#revision =
      nodeClient &&
      new ProgrammedRevision({
        ...{ clock, logger, nodeCount: () => this.#nodes.size },
        write: (revision) => writeRevision(nodeClient, nodeName, revision),
      });
    this.#dns =
      dns &&
      new NodeDns({
        ...dns,
        ...shared,
        ...{ services: this.#services, slices: this.#slices, clusterCidr },
        onTrouble: (reason, why) => this.#tell(reason, why),
      });
    const tell = (reason: string, why: string, policy?: EventSubject) => this.#tell(reason, why, policy);
    this.#policies = kernel ? new PolicyKeeper({ ...shared, nodes: this.#nodes, nodeName, table, tell }) : undefined;
  }

  whyNotReady(): string | undefined {
    return this.#trouble;
  }

  async run(signal: AbortSignal): Promise<void> {
    const background = Promise.all([
      this.#services.run(signal),
      this.#slices.run(signal),
      this.#nodes.run(signal),
      this.#namespaces.run(signal),
      this.#recorder.run(signal),
      this.#monitor?.run(signal),
      this.#routes.run(signal),
      this.#dns?.run(signal),
      this.#revision?.run(signal),
    ]);
    await Promise.all([this.#services.synced(signal), this.#slices.synced(signal)]);
    const clusterId = await this.#meetCluster(signal);
    const enforcing = clusterId === undefined ? undefined : this.#enforcePolicies(clusterId, signal);
    await this.#keepApplying(signal);
    await Promise.all([background, enforcing]);
    await Promise.all(this.#appliers.map((applier) => applier.stop()));
    await this.#client.close();
    await this.#nodeClient?.close();
  }

  async #enforcePolicies(clusterId: string, signal: AbortSignal): Promise<void> {
    if (this.#policies !== undefined) return await this.#policies.run(clusterId, signal);
    const { nodeName } = this.#options;
    const tell = (reason: string, why: string, policy: EventSubject) => this.#tell(reason, why, policy);
    await tellUnenforcedPolicies(
      { client: this.#client, nodeName, clock: this.#clock, logger: this.#logger, tell },
      signal,
    );
  }

  /** Rules carry the id of their cluster, so that none takes another's away. Undefined when `signal` aborts. */
  async #meetCluster(signal: AbortSignal): Promise<string | undefined> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const clusterId = await readClusterId(this.#client);
        this.#makeAppliers(clusterId);
        this.#dns?.meetCluster(clusterId);
        return clusterId;
      } catch (error) {
        this.#trouble = 'The API server does not say which cluster this is';
        this.#logger.warn(`${this.#trouble}; trying again`, { error });
        await this.#clock.sleep(computeBackoffMs(++failures, backoff), signal);
      }
    }
    return undefined;
  }

  #makeAppliers(clusterId: string): void {
    const { logger, clusterCidr, table, mode, run = runProgram } = this.#options;
    if (mode === 'userspace') {
      this.#appliers = [new Userspace({ logger, run })];
      return;
    }
    const monitor = this.#monitor;
    this.#appliers = [new Nftables({ clusterCidr, clusterId, table, monitor, logger, run }), new LoopbackPorts(logger)];
    const onTrouble = (why: string) => this.#tell('HostSettingFailed', why);
    this.#host = new HostSettings({ clusterCidr, clusterId, run, logger, onTrouble });
  }

  /** As an event of the node, or of another object. */
  #tell(reason: string, message: string, about?: EventSubject): void {
    const { nodeName } = this.#options;
    const subject = about ?? { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } };
    this.#recorder.from('kube-proxy', nodeName).record(subject, { type: 'Warning', reason, message });
  }

  async #keepApplying(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#verify();
        if (!this.#applied || this.#changedAt !== undefined) await this.#apply();
        else this.#revision?.programmed(this.#slices.resourceVersion);
        failures = 0;
        this.#trouble = undefined;
        await this.#nextChange(signal);
        await this.#clock.sleep(groupingMs, signal);
      } catch (error) {
        this.#trouble = errorText(error);
        this.#applied = false;
        this.#logger.error('Programming the rules failed; trying again', { error });
        await this.#clock.sleep(computeBackoffMs(++failures, backoff), signal);
      }
    }
  }

  async #apply(): Promise<void> {
    const startedAt = this.#clock.monotonic();
    const changedAt = this.#changedAt;
    this.#changedAt = undefined;
    const programmed = this.#slices.resourceVersion;
    const slicesOf = (service: string) => this.#slices.byIndex('service', service);
    const ownAddresses =
      this.#dns === undefined ? [] : addressesOfNodeDns(this.#services.get(dnsServiceKey), slicesOf(dnsServiceKey));
    const rules = computeRules({
      services: this.#services.list(),
      slicesOf,
      nodeName: this.#options.nodeName,
      ownAddresses,
    });
    this.#policies?.useDns(ownAddresses);
    await this.#dns?.release(ownAddresses);
    for (const applier of this.#appliers) await applier.apply(rules);
    await this.#dns?.serve(ownAddresses);
    await this.#staleFlows?.forget(rules);
    this.#revision?.programmed(programmed);
    const now = this.#clock.monotonic();
    const sinceChangeMs = this.#applied && changedAt !== undefined ? now - changedAt : undefined;
    this.#metrics.observe(now - startedAt, sinceChangeMs);
    this.#applied = true;
    this.#logger.debug('Rules are in force', { services: rules.services.length, ms: Math.round(now - startedAt) });
  }

  async #verify(): Promise<void> {
    const now = this.#clock.monotonic();
    const first = this.#verifiedAt === 0;
    const isDue = first || now - this.#verifiedAt >= verifyEveryMs;
    if (!isDue && !this.#monitor?.isDisturbed) return;
    if (isDue) {
      this.#verifiedAt = now;
      await this.#host?.ensure();
    }
    if (first || !this.#applied) return;
    for (const applier of this.#appliers) {
      if (await applier.verify()) continue;
      this.#logger.warn('Rules were changed by another program; programming them again');
      this.#tell('RulesRestored', 'The rules of Services were changed by another program, and were made again');
      this.#changed();
    }
  }

  #changed(): void {
    this.#changedAt ??= this.#clock.monotonic();
    this.#wake();
  }

  /** Until something changes, or it is time to verify. */
  async #nextChange(signal: AbortSignal): Promise<void> {
    if (this.#changedAt !== undefined || this.#monitor?.isDisturbed) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    // Not the whole period: what woke it before, such as rules of which nft told, would put off the look at the host.
    const leftMs = Math.max(0, this.#verifiedAt + verifyEveryMs - this.#clock.monotonic());
    await this.#clock.sleep(leftMs, AbortSignal.any([signal, woken.signal]));
  }
}
