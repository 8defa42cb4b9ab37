/**
 * The DNS of a node: answers at the cluster IP of the Service `kube-system/kube-dns`, on the node itself, for as long as
 * nobody put other servers behind that Service.
 *
 * Invariants:
 * - It answers only once it knows all Services, slices and namespaces: what it does not know would be NXDOMAIN.
 * - An address is let go before rules lead it elsewhere, and taken when no rule leads elsewhere any more (`release`,
 *   `serve`: the proxy calls them around its rules).
 * - What fails is tried again, for ever; rules of other Services never wait for the DNS.
 */

import { parseCidr } from '../../api/net.ts';
import { configMaps } from '../../api/resources/core.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { Limiter } from '../../base/limiter.ts';
import type { Logger } from '../../base/logger.ts';
import type { Metrics } from '../../base/metrics.ts';
import { readResolvConf } from '../../base/resolv-conf.ts';
import type { Reader, Watcher } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import type { Informer } from '../../client/object-cache.ts';
import type { RunProgram } from '../program.ts';
import { DnsClients } from './dns-clients.ts';
import { DnsMetrics } from './dns-metrics.ts';
import { type RunningDnsServer, startDnsServer } from './dns-server.ts';
import { dnsServiceKey } from './dns-service.ts';
import { type ConfiguredServers, chooseServers, noServers, readDnsConfigMap } from './dns-settings.ts';
import { createInformedView, type ViewedInformers } from './informed-view.ts';
import { LocalAddresses } from './local-addresses.ts';
import { type Asked, Resolver, type Said } from './resolver.ts';
import { createExchange } from './upstream/exchange.ts';
import { Forwarder } from './upstream/forwarder.ts';
import { isOnThisMachine, LoopProbe } from './upstream/loop-probe.ts';
import { serversOfResolvConf } from './upstream/server-addresses.ts';

export interface DnsOptions {
  /** Of the cluster, without a dot at its end; default `cluster.local`. */
  readonly domain?: string | undefined;
  /** Who is asked for other names, in place of the node's resolver; and for some domains alone. */
  readonly configured?: ConfiguredServers | undefined;
  /** The node's resolver; default: the machine's own. */
  readonly resolvConf?: string | undefined;
}

export interface NodeDnsOptions extends DnsOptions, ViewedInformers {
  readonly client: Reader & Watcher;
  readonly clusterCidr: string;
  readonly run: RunProgram;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Told once for each thing that does not work, until it does. */
  readonly onTrouble: (reason: string, why: string) => void;
}

const lookEveryMs = 5_000;
const retryMs = 1_000;

export class NodeDns {
  readonly #options: NodeDnsOptions;
  readonly #configMap: Informer<ConfigMap>;
  readonly #clients: DnsClients;
  readonly #forwarder: Forwarder;
  readonly #probe: LoopProbe;
  readonly #resolver: Resolver;
  readonly #metrics: DnsMetrics;
  readonly #open = new Map<string, RunningDnsServer>();
  readonly #told = new Set<string>();
  /** Addresses are taken and let go one after the other. */
  readonly #turns = new Limiter(1);
  #addresses: LocalAddresses | undefined;
  #wanted: readonly string[] = [];
  #isSynced = false;
  #probed = '';
  #wake: () => void = () => {};

  constructor(options: NodeDnsOptions) {
    const { client, logger, clock, metrics, clusterCidr, domain = 'cluster.local' } = options;
    this.#options = options;
    const [namespace = '', name = ''] = dnsServiceKey.split('/');
    const one = { namespace, fieldSelector: `metadata.name=${name}` };
    this.#configMap = createInformer(client, configMaps, { logger, clock, ...one });
    this.#configMap.onChange(() => this.#wake());
    const podNetwork = parseCidr(clusterCidr);
    const exchange = createExchange(clock);
    this.#clients = new DnsClients(podNetwork);
    this.#forwarder = new Forwarder({ exchange, clock, logger });
    this.#probe = new LoopProbe(exchange);
    const view = createInformedView(options);
    const zone = { domain: domain.toLowerCase(), dnsService: dnsServiceKey, podNetwork };
    this.#resolver = new Resolver({ view, forwarder: this.#forwarder, probe: this.#probe, clock, ...zone });
    this.#metrics = new DnsMetrics(metrics, () => this.#forwarder.cached);
  }

  /** Addresses at which it answers. */
  get served(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Never rejects. The addresses that it gave the host stay when it ends: the next one takes them over. */
  async run(signal: AbortSignal): Promise<void> {
    const background = this.#configMap.run(signal);
    await this.#options.namespaces.synced(signal);
    this.#isSynced = true;
    while (!signal.aborted) {
      this.#clients.refresh();
      await this.#attempt('DNSUpstreamFailed', () => this.#chooseServers());
      const isOpen = await this.#turns.run(() => this.#ensure());
      await this.#sleep(isOpen ? lookEveryMs : retryMs, signal);
    }
    await Promise.all([...this.#open.keys()].map((address) => this.#close(address)));
    await background;
  }

  /** Which cluster this is: its addresses bear its name. To be told before anything else. */
  meetCluster(clusterId: string): void {
    this.#addresses = new LocalAddresses(this.#options.run, clusterId);
  }

  /** Lets go of all addresses but these, also those of a process before. Never rejects. */
  async release(wanted: readonly string[]): Promise<void> {
    this.#wanted = this.#wanted.filter((address) => wanted.includes(address));
    await this.#turns.run(async () => {
      for (const address of this.#open.keys()) if (!wanted.includes(address)) await this.#close(address);
      await this.#attempt('DNSAddressFailed', async () => this.#addresses?.keepOnly(wanted));
    });
  }

  /** Answers at these addresses, as soon as it can. Never rejects. */
  async serve(wanted: readonly string[]): Promise<void> {
    this.#wanted = wanted;
    await this.#turns.run(() => this.#ensure());
  }

  /** Whether all that is wanted is there. */
  async #ensure(): Promise<boolean> {
    if (!this.#isSynced || this.#addresses === undefined) return false;
    let isAllOpen = true;
    for (const address of this.#wanted) {
      const isOpen = await this.#attempt('DNSAddressFailed', async () => {
        await this.#addresses?.add(address);
        if (!this.#open.has(address)) await this.#listen(address);
      });
      isAllOpen &&= isOpen;
    }
    return isAllOpen;
  }

  async #listen(address: string): Promise<void> {
    const { logger, clock } = this.#options;
    const answer = (message: Buffer, asked: Asked): Said | Promise<Said> => {
      const began = clock.monotonic();
      const note = (said: Said): Said => {
        this.#metrics.note(asked, said, clock.monotonic() - began);
        return said;
      };
      const said = this.#resolver.answer(message, asked);
      return said instanceof Promise ? said.then(note) : note(said);
    };
    const onLost = (error: unknown): void => {
      logger.warn('A socket of the DNS broke; opening it again', { address, error });
      void this.#close(address).then(() => this.#wake());
    };
    const isClient = (sender: string): boolean => this.#clients.includes(sender);
    this.#open.set(address, await startDnsServer({ address, answer, isClient, onLost, logger }));
    this.#clients.refresh();
    logger.info('The DNS answers', { address });
  }

  async #close(address: string): Promise<void> {
    const server = this.#open.get(address);
    this.#open.delete(address);
    await server?.stop();
  }

  async #chooseServers(): Promise<void> {
    const { configured = noServers, resolvConf, logger } = this.#options;
    const data = this.#configMap.get(dnsServiceKey)?.data;
    const { configured: byConfigMap, problems } = readDnsConfigMap(data ?? {});
    for (const problem of problems) this.#tell('DNSConfigInvalid', `ConfigMap ${dnsServiceKey}: ${problem}`);
    // Without the file there are no servers, which is told by the forwarder.
    const text = await readResolvConf(resolvConf).catch((error: unknown) => {
      logger.debug('The resolver of this node cannot be read', { error });
      return '';
    });
    const ofNode = serversOfResolvConf(text, new Set([...this.#wanted, ...this.#open.keys()]));
    const chosen = chooseServers(configured, byConfigMap, ofNode);
    this.#forwarder.use(chosen);
    if (this.#open.size > 0) await this.#findLoops();
  }

  /** Once for each set of servers, and after each is asked again. */
  async #findLoops(): Promise<void> {
    const { servers, stubDomains } = this.#forwarder.upstreams;
    const local = [...servers, ...[...stubDomains.values()].flat()].filter((server) =>
      isOnThisMachine(server, this.#clients.own),
    );
    const shown = JSON.stringify([servers, [...stubDomains]]);
    if (shown === this.#probed) return;
    this.#probed = shown;
    for (const server of local) {
      if (!(await this.#probe.leadsBack(server))) continue;
      this.#forwarder.exclude(server);
      this.#tell(
        'DNSLoop',
        `The DNS server ${server.address} of this node asks the DNS of the cluster, which asks it: it is left out`,
      );
    }
  }

  /** Whether it worked. What fails is told once, until it works. */
  async #attempt(reason: string, action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      for (const told of [...this.#told]) if (told.startsWith(`${reason} `)) this.#told.delete(told);
      return true;
    } catch (error) {
      this.#tell(reason, errorText(error));
      return false;
    }
  }

  #tell(reason: string, why: string): void {
    const key = `${reason} ${why}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#options.logger.warn('The DNS of this node is in trouble', { reason, why });
    this.#options.onTrouble(reason, why);
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#options.clock.sleep(ms, AbortSignal.any([signal, woken.signal]));
  }
}
