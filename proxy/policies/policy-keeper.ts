/**
 * Enforces NetworkPolicies on a node: keeps the table `ip longshore-policies` as the policies, pods, nodes and
 * namespaces say. Where there is no policy there is no table, and pods are not watched.
 *
 * Invariants:
 * - Rules are computed from all that is known, never from a change.
 * - Nothing is applied, and nothing removed, before all is known: what a proxy before this one has programmed stays.
 * - Nothing is removed at stop: pods stay isolated without the proxy.
 * - What others take away is made again: at once when the table's monitor tells, within seconds otherwise.
 * - What fails is tried again, for ever, and Services never wait for it.
 */

import type { NetworkPolicy } from '../../api/types/networking/v1.ts';
import { computeBackoffMs } from '../../base/backoff.ts';
import { errorText } from '../../base/error-text.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { EventSubject } from '../../client/event-correlator.ts';
import type { Informer } from '../../client/object-cache.ts';
import { NftTable } from '../nftables/nft-table.ts';
import { TableMonitor } from '../nftables/table-monitor.ts';
import type { RunProgram } from '../program.ts';
import { policiesOf } from './pod-isolation.ts';
import { PolicyFacts } from './policy-facts.ts';
import { PolicyMetrics } from './policy-metrics.ts';
import { computePolicyProgram, type PolicyWorld, policyBaseChains } from './policy-program.ts';
import { createPolicyInformer, type SourceOptions, startPodInformer } from './policy-sources.ts';
import { policyTableOf } from './policy-table.ts';

export interface PolicyKeeperOptions extends Omit<SourceOptions, 'onChange'> {
  readonly nodeName: string;
  /** Of the table of Services: that of policies is named after it. */
  readonly table: string;
  readonly run: RunProgram;
  readonly metrics: Metrics;
  /** Tells of trouble: of the node when no policy is named. */
  readonly tell: (reason: string, message: string, policy?: EventSubject) => void;
}

/** What runs only while there are policies. */
interface Enforcement {
  readonly table: NftTable;
  readonly monitor: TableMonitor;
  readonly pods: ReturnType<typeof startPodInformer>;
  stop(): Promise<void>;
}

const groupingMs = 10;
const verifyEveryMs = 4_000;
const backoff = { baseMs: 200, maxMs: 10_000 };

export class PolicyKeeper {
  readonly #options: PolicyKeeperOptions;
  readonly #sources: SourceOptions;
  readonly #policies: Informer<NetworkPolicy>;
  readonly #facts: PolicyFacts;
  readonly #metrics: PolicyMetrics;
  readonly #told = new Set<string>();
  /** Undefined: not known yet. */
  #dnsAddresses: readonly string[] | undefined;
  #enforcement: Enforcement | undefined;
  #isChanged = true;
  #verifiedAt = 0;
  #wake: () => void = () => {};

  constructor(options: PolicyKeeperOptions) {
    this.#options = options;
    this.#sources = { ...options, onChange: () => this.#changed() };
    this.#policies = createPolicyInformer(this.#sources);
    this.#facts = new PolicyFacts(options.nodeName);
    this.#metrics = new PolicyMetrics(options.metrics);
  }

  /** At which this node answers itself: policies judge who may ask there. */
  useDns(addresses: readonly string[]): void {
    if (addresses.join() === this.#dnsAddresses?.join()) return;
    this.#dnsAddresses = addresses;
    this.#changed();
  }

  /** Until `signal` aborts. Never rejects. */
  async run(clusterId: string, signal: AbortSignal): Promise<void> {
    const { nodes, namespaces, clock, logger, tell } = this.#options;
    const informing = this.#policies.run(signal);
    await Promise.all([this.#policies, nodes, namespaces].map((informer) => informer.synced(signal)));
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#ensure(clusterId, signal);
        failures = 0;
        this.#told.clear();
        await this.#nextChange(signal);
        await clock.sleep(groupingMs, signal);
      } catch (error) {
        this.#isChanged = true;
        const why = errorText(error);
        logger.error('Programming NetworkPolicies failed; trying again', { error });
        if (!this.#told.has(why))
          tell('NetworkPolicyFailed', `NetworkPolicies are not up to date on this node: ${why}`);
        this.#told.add(why);
        await clock.sleep(computeBackoffMs(++failures, backoff), signal);
      }
    }
    await this.#enforcement?.stop();
    await informing;
  }

  async #ensure(clusterId: string, signal: AbortSignal): Promise<void> {
    if (this.#policies.size === 0) return await this.#standDown(clusterId);
    this.#enforcement ??= this.#start(clusterId);
    const { table, pods } = this.#enforcement;
    await pods.informer.synced(signal);
    if (signal.aborted) return;
    await this.#verify(this.#enforcement);
    const dnsAddresses = this.#dnsAddresses;
    if (!this.#isChanged || dnsAddresses === undefined) return;
    this.#isChanged = false;
    await this.#apply(table, pods.informer, dnsAddresses);
  }

  async #apply(table: NftTable, pods: Enforcement['pods']['informer'], dnsAddresses: readonly string[]): Promise<void> {
    const { nodes, namespaces, clock, logger, table: base } = this.#options;
    const began = clock.monotonic();
    const sources = { policies: this.#policies, pods, nodes, namespaces };
    const world = this.#facts.read(sources, dnsAddresses);
    const program = computePolicyProgram(world, { table: policyTableOf(base), clusterId: table.clusterId });
    await table.apply(program);
    const tookMs = clock.monotonic() - began;
    this.#metrics.observe(world.policies.length, program, tookMs);
    logger.debug('NetworkPolicies are in force', { policies: world.policies.length, ms: Math.round(tookMs) });
    this.#tellProblems(world);
  }

  #start(clusterId: string): Enforcement {
    const { logger, clock, run, table: base } = this.#options;
    const over = new AbortController();
    const name = policyTableOf(base);
    const monitor = new TableMonitor({ table: name, logger, clock, onDisturbance: () => this.#wake() });
    const table = new NftTable({ table: name, clusterId, baseChains: policyBaseChains, monitor, logger, run });
    const listening = monitor.run(over.signal);
    const pods = startPodInformer(this.#sources);
    this.#isChanged = true;
    return {
      ...{ table, monitor, pods },
      async stop() {
        over.abort();
        await Promise.all([listening, pods.stop()]);
      },
    };
  }

  async #standDown(clusterId: string): Promise<void> {
    if (this.#enforcement === undefined && !this.#isChanged) return;
    const { logger, run, table: base } = this.#options;
    await this.#enforcement?.stop();
    this.#enforcement = undefined;
    const table = new NftTable({ table: policyTableOf(base), clusterId, baseChains: [], logger, run });
    await table.remove();
    this.#isChanged = false;
    this.#metrics.observe(0, undefined);
  }

  async #verify({ table, monitor }: Enforcement): Promise<void> {
    const now = this.#options.clock.monotonic();
    if (!table.isApplied || (now - this.#verifiedAt < verifyEveryMs && !monitor.isDisturbed)) return;
    this.#verifiedAt = now;
    if (await table.verify()) return;
    this.#isChanged = true;
    this.#options.logger.warn('Rules of NetworkPolicies were changed by another program; programming them again');
    this.#options.tell(
      'RulesRestored',
      'The rules of NetworkPolicies were changed by another program, and were made again',
    );
  }

  /** On the nodes that it matters to: those with a pod that the policy selects. */
  #tellProblems({ policies, pods, nodeName }: PolicyWorld): void {
    for (const policy of policies) {
      if (policy.problems.length === 0) continue;
      const own = new Map([[policy.namespace, [policy]]]);
      if (![...pods.all()].some((pod) => pod.nodeName === nodeName && policiesOf(pod, own).length > 0)) continue;
      const object = this.#policies.get(policy.key);
      const message = `Allows nothing where it cannot be served: ${policy.problems.join('; ')}`;
      if (object !== undefined) this.#options.tell('NetworkPolicyInvalid', message, object);
    }
  }

  #changed(): void {
    this.#isChanged = true;
    this.#wake();
  }

  /** Until something changes, or it is time to verify. */
  async #nextChange(signal: AbortSignal): Promise<void> {
    const isWaiting = this.#dnsAddresses === undefined;
    if ((this.#isChanged && !isWaiting) || this.#enforcement?.monitor.isDisturbed) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#options.clock.sleep(verifyEveryMs, AbortSignal.any([signal, woken.signal]));
  }
}
