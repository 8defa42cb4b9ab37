/** A DNS of the sample cluster on loopback, on a port of its own. */

import { parseCidr } from '../../api/net.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { type RunningDnsServer, startDnsServer } from '../../proxy/dns/dns-server.ts';
import { Resolver } from '../../proxy/dns/resolver.ts';
import { type Cluster, sampleCluster, viewOf } from '../../proxy/dns/testing/questions.ts';
import { createExchange, type ServerAddress } from '../../proxy/dns/upstream/exchange.ts';
import { Forwarder } from '../../proxy/dns/upstream/forwarder.ts';
import { LoopProbe } from '../../proxy/dns/upstream/loop-probe.ts';
import type { DnsPlace } from './dns-client.ts';

export interface SampleDns extends DnsPlace {
  readonly resolver: Resolver;
  readonly probe: LoopProbe;
  stop(): Promise<void>;
}

export async function startSampleDns(
  options: {
    readonly upstreams?: readonly ServerAddress[];
    readonly isClient?: (address: string) => boolean;
    readonly cluster?: Cluster;
  } = {},
): Promise<SampleDns> {
  const clock = systemClock;
  const exchange = createExchange(clock);
  const forwarder = new Forwarder({ exchange, clock, logger: silentLogger });
  forwarder.use({ servers: options.upstreams ?? [], stubDomains: new Map() });
  const probe = new LoopProbe(exchange);
  const resolver = new Resolver({
    ...{ view: viewOf(options.cluster ?? sampleCluster), forwarder, probe, clock },
    ...{ domain: 'cluster.local', dnsService: 'kube-system/kube-dns', podNetwork: parseCidr('10.244.0.0/16') },
  });
  const server: RunningDnsServer = await startDnsServer({
    ...{ address: '127.0.0.1', port: 0, logger: silentLogger },
    answer: (message, asked) => resolver.answer(message, asked),
    isClient: options.isClient ?? (() => true),
    onLost: (error) => {
      throw error;
    },
  });
  return { address: '127.0.0.1', port: server.port, resolver, probe, stop: () => server.stop() };
}
