/**
 * The ingress of a node: watches Ingresses and what they name, computes a table of routes, and leads requests by it.
 *
 *   informers ─► changed ─► (short wait: changes come in groups) ─► computeRouting ─► table, certificates, events, status
 *   client ─► Listener ─► ClientConnections ─► Front ─► RequestHandler ─► forwarders ─► endpoint of a Service
 *
 * Invariants:
 * - The table is computed from all that is known, never from a change; requests read the present one.
 * - Nothing listens before all caches are complete: nobody is told 404 of what is there.
 * - A port that cannot be had stops nothing: it is told as an event and in the status of Ingresses, and tried again.
 * - A request that has begun goes on with the table and the endpoint that it began with.
 */

import { serviceNameLabel } from '../api/labels.ts';
import { secrets, services } from '../api/resources/core.ts';
import { endpointSlices } from '../api/resources/discovery.ts';
import { ingressClasses, ingresses } from '../api/resources/networking.ts';
import type { Secret, Service } from '../api/types/core/v1.ts';
import type { EndpointSlice } from '../api/types/discovery/v1.ts';
import type { Ingress, IngressClass } from '../api/types/networking/v1.ts';
import { computeBackoffMs } from '../base/backoff.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { HealthAnswer } from '../base/health-server.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import { userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { createInformer } from '../client/informer.ts';
import type { Cached, Informer } from '../client/object-cache.ts';
import { createRestClient } from '../client/rest-client.ts';
import { CertificateStore } from './certificates/certificate-store.ts';
import { readCertificate } from './certificates/read-certificate.ts';
import type { IngressOptions } from './ingress-options.ts';
import { IngressServer, type ListenerTrouble } from './ingress-server.ts';
import type { Problem } from './problem.ts';
import { ProblemEvents } from './publishing/problem-events.ts';
import { StatusWriter } from './publishing/status-writer.ts';
import { computeRouting } from './routing/compute-routing.ts';
import { isOurs } from './routing/ingress-class.ts';

export interface RunningIngress extends Running {
  /** What it still waits for; undefined once it serves on both ports. */
  whyNotReady(): string | undefined;
  /** At which it listens; undefined: it does not yet. */
  readonly httpPort: number | undefined;
  readonly httpsPort: number | undefined;
  /** `/history`. */
  readonly answers: ReadonlyMap<string, HealthAnswer>;
}

const groupingMs = 20;
const backoff = { baseMs: 200, maxMs: 10_000 };
/** Certificates run out by themselves. */
const lookAgainMs = 3_600_000;

export async function startIngress(options: IngressOptions): Promise<RunningIngress> {
  const { createAuthority } = await import('../base/certificates.ts');
  const over = new AbortController();
  const certificates = new CertificateStore(await createAuthority('Longshore ingress: no certificate for this name'));
  const loop = new IngressLoop(options, certificates);
  const done = loop.run(over.signal);
  done.catch((error: unknown) => options.logger.error('The ingress ended', { error }));
  return {
    name: 'ingress',
    done,
    answers: new Map([['/history', (query: URLSearchParams) => loop.server.history.answer(query)]]),
    get httpPort() {
      return loop.server.httpPort;
    },
    get httpsPort() {
      return loop.server.httpsPort;
    },
    whyNotReady: () => loop.whyNotReady(),
    async stop() {
      over.abort();
      await done.catch(() => undefined); // told by `done`
    },
  };
}

class IngressLoop {
  readonly server: IngressServer;
  readonly #options: IngressOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #client: Client;
  readonly #ingresses: Informer<Ingress>;
  readonly #classes: Informer<IngressClass>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #secrets: Informer<Secret>;
  readonly #recorder: EventRecorder;
  readonly #events: ProblemEvents;
  readonly #status: StatusWriter;
  readonly #certificates: CertificateStore;
  #wake: () => void = () => {};
  #isDue = true;
  #isSynced = false;
  #trouble: string | undefined;

  constructor(options: IngressOptions, certificates: CertificateStore) {
    const { connection, logger, clock = systemClock, nodeName, nodeIp } = options;
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
    this.#certificates = certificates;
    this.#client = createRestClient(connection, { userAgent: userAgentOf('longshore-ingress'), logger });
    const informed = { logger, clock };
    this.#ingresses = createInformer(this.#client, ingresses, informed);
    this.#classes = createInformer(this.#client, ingressClasses, informed);
    this.#services = createInformer(this.#client, services, informed);
    this.#slices = createInformer(this.#client, endpointSlices, { ...informed, indexers: { service: serviceOf } });
    // Others are none of its business.
    this.#secrets = createInformer(this.#client, secrets, { ...informed, fieldSelector: 'type=kubernetes.io/tls' });
    for (const informer of this.#informers()) informer.onChange(() => this.#changed());
    this.#recorder = new EventRecorder({ client: this.#client, logger, clock });
    this.#events = new ProblemEvents(this.#recorder.from('longshore-ingress', nodeName));
    this.server = new IngressServer({
      ...options,
      ...{ certificates, clock, metrics: options.metrics ?? new Metrics() },
      onListenerChange: (trouble) => this.#onListenerChange(trouble),
    });
    this.#status = new StatusWriter({
      ...{ client: this.#client, clock, logger, address: nodeIp },
      ours: () => this.#ours(),
      ports: () => this.server.ports(),
    });
  }

  whyNotReady(): string | undefined {
    return this.#isSynced ? (this.#trouble ?? this.server.whyNotListening()) : 'Ingresses are not listed yet';
  }

  async run(signal: AbortSignal): Promise<void> {
    // The last events and statuses are written while the client is there.
    const writing = new AbortController();
    const background = [...this.#informers().map((one) => one.run(signal)), this.#recorder.run(writing.signal)];
    await Promise.all(this.#informers().map((one) => one.synced(signal)));
    const serving = signal.aborted ? [] : [this.#serve(signal)];
    await Promise.all(serving);
    writing.abort();
    await Promise.all(background);
    await this.#client.close();
  }

  async #serve(signal: AbortSignal): Promise<void> {
    this.#compute();
    this.#isSynced = true;
    await Promise.all([this.#keepComputing(signal), this.server.run(signal), this.#status.run(signal)]);
  }

  #informers(): readonly Pick<Informer<Ingress>, 'run' | 'synced' | 'size'>[] & readonly Changing[] {
    return [this.#ingresses, this.#classes, this.#services, this.#slices, this.#secrets];
  }

  async #keepComputing(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#isDue) this.#compute();
        failures = 0;
        this.#trouble = undefined;
      } catch (error) {
        this.#trouble = 'The table of routes could not be computed';
        this.#isDue = true;
        this.#logger.error(`${this.#trouble}; trying again`, { error });
        await this.#clock.sleep(computeBackoffMs(++failures, backoff), signal);
        continue;
      }
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      if (!this.#isDue) await this.#clock.sleep(lookAgainMs, AbortSignal.any([signal, woken.signal]));
      this.#isDue = true;
      await this.#clock.sleep(groupingMs, signal);
    }
  }

  #compute(): void {
    this.#isDue = false;
    const { table, tlsHosts, problems } = computeRouting(this.#ours(), {
      service: (key) => this.#services.get(key),
      slicesOf: (key) => this.#slices.byIndex('service', key),
    });
    const all = new Map([...problems].map(([key, some]): [string, Problem[]] => [key, [...some]]));
    const bad = this.#certificates.update(tlsHosts, (key) => this.#secrets.get(key), this.#clock.now());
    for (const { ingress, problem } of bad) all.get(ingress)?.push(problem);
    this.#useDefaultCertificate();
    this.server.use(table);
    this.#events.update(all, (key) => this.#ingresses.get(key));
    this.#status.changed();
  }

  #useDefaultCertificate(): void {
    const { defaultCertificate: name } = this.#options;
    if (name === undefined) return;
    const { pair, problem } = readCertificate(this.#secrets.get(name));
    if (pair !== undefined) this.#certificates.setDefault(pair);
    else this.#logger.warn('The default certificate cannot be used', { secret: name, problem });
  }

  *#ours(): Generator<Cached<Ingress>> {
    const classes = [...this.#classes.list()];
    for (const ingress of this.#ingresses.list()) if (isOurs(ingress, classes)) yield ingress;
  }

  #onListenerChange({ port, why }: ListenerTrouble): void {
    const { nodeName } = this.#options;
    if (why === undefined) this.#logger.info('Listening', { port });
    else {
      const message = `The ingress cannot listen at port ${port}: ${why}; it tries again`;
      this.#logger.warn('A port cannot be had; trying again', { port, why });
      const subject = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } };
      this.#recorder
        .from('longshore-ingress', nodeName)
        .record(subject, { type: 'Warning', reason: 'IngressPortUnavailable', message });
    }
    this.#status.changed();
  }

  #changed(): void {
    this.#isDue = true;
    this.#wake();
  }
}

interface Changing {
  onChange(listener: () => void): void;
}

function serviceOf({ metadata }: Cached<EndpointSlice>): string[] {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? [] : [`${metadata.namespace}/${name}`];
}
