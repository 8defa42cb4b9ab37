/** The data path of a node, wired: listeners, connections, requests, forwarders, figures. It knows no object. */

import type { IngressPortStatus } from '../api/types/networking/v1.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import type { CertificateStore } from './certificates/certificate-store.ts';
import { AccessLog } from './figures/access-log.ts';
import { RuleFigures } from './figures/rule-figures.ts';
import { RuleHistory } from './figures/rule-history.ts';
import { EndpointTurns } from './forwarding/endpoint-turns.ts';
import { GrpcForwarder } from './forwarding/grpc-forwarder.ts';
import { HttpForwarder } from './forwarding/http-forwarder.ts';
import { WebSocketForwarder } from './forwarding/web-socket-forwarder.ts';
import type { IngressSettings } from './ingress-options.ts';
import { ClientConnections } from './listening/client-connections.ts';
import { Front } from './listening/front.ts';
import { Listener } from './listening/listener.ts';
import { RequestHandler } from './requests/request-handler.ts';
import type { RouteTable } from './routing/route.ts';
import { routesOf } from './routing/routes-of.ts';

export interface ListenerTrouble {
  readonly port: number;
  /** Undefined: it listens. */
  readonly why: string | undefined;
}

export interface IngressServerOptions extends Omit<IngressSettings, 'defaultCertificate'> {
  readonly certificates: Pick<CertificateStore, 'contextFor' | 'unnamedPair'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  onListenerChange(trouble: ListenerTrouble): void;
}

/** So long answers that have begun may take at the end. */
const graceMs = 5_000;
const empty = { exact: new Map(), prefixes: new Map(), patterns: [] };

export class IngressServer {
  readonly history: RuleHistory;
  readonly #options: IngressServerOptions;
  readonly #turns = new EndpointTurns();
  readonly #figures: RuleFigures;
  readonly #http: HttpForwarder;
  readonly #grpc: GrpcForwarder;
  readonly #accessLog: AccessLog | undefined;
  readonly #handler: RequestHandler;
  readonly #connections: ClientConnections;
  readonly #front: Front;
  readonly #plain: Listener;
  readonly #secure: Listener;
  #table: RouteTable = { hosts: new Map(), wildcards: new Map(), anyHost: empty, fallback: undefined };

  constructor(options: IngressServerOptions) {
    const { logger, clock, metrics, certificates, trustedProxies, accessLog } = options;
    this.#options = options;
    this.#figures = new RuleFigures(metrics);
    this.history = new RuleHistory(this.#figures, clock);
    const forwarding = { turns: this.#turns, logger };
    this.#http = new HttpForwarder(forwarding);
    this.#grpc = new GrpcForwarder(forwarding);
    this.#accessLog = accessLog === undefined ? undefined : new AccessLog({ path: accessLog, clock, logger });
    this.#handler = new RequestHandler({
      ...{ http: this.#http, grpc: this.#grpc, webSockets: new WebSocketForwarder(forwarding) },
      ...{ figures: this.#figures, accessLog: this.#accessLog, clock, trustedProxies },
      table: () => this.#table,
      httpsPort: () => this.#secure.port,
    });
    this.#connections = new ClientConnections({ limits: options.connections, proxyProtocol: options.proxyProtocol });
    metrics.gauge({ name: 'longshore_ingress_connections', help: 'Open connections of clients.' }, (gauge) =>
      gauge.set(this.#connections.size),
    );
    metrics.gauge(
      { name: 'longshore_ingress_refused_connections', help: 'Connections that were closed as there were too many.' },
      (gauge) => gauge.set(this.#connections.refused),
    );
    this.#front = new Front({
      logger,
      contextFor: (name) => certificates.contextFor(name),
      onRequest: (request, response, arrival) => this.#handler.onRequest(request, response, arrival),
      onUpgrade: (request, socket, head, arrival) => this.#handler.onUpgrade(request, socket, head, arrival),
      isWaiting: (socket) => this.#handler.isWaiting(socket),
      isEnding: (socket) => this.#handler.isEnding(socket),
    });
    this.#plain = this.#listener(options.httpPort, false);
    this.#secure = this.#listener(options.httpsPort, true);
  }

  get httpPort(): number | undefined {
    return this.#plain.port;
  }

  get httpsPort(): number | undefined {
    return this.#secure.port;
  }

  /** Undefined: it listens at both ports. */
  whyNotListening(): string | undefined {
    const silent = [this.#plain, this.#secure].find(({ trouble }) => trouble !== undefined);
    return silent && `port ${silent.wantedPort}: ${silent.trouble ?? ''}`;
  }

  /** As the status of Ingresses tells of them. */
  ports(): readonly IngressPortStatus[] {
    return [this.#plain, this.#secure].map(({ wantedPort, trouble }) => ({
      port: wantedPort,
      protocol: 'TCP',
      ...(trouble !== undefined && { error: 'longshore.dev/PortUnavailable' }),
    }));
  }

  /** From the next request on. */
  use(table: RouteTable): void {
    this.#table = table;
    this.#front.setUnnamedCertificate(this.#options.certificates.unnamedPair);
    const routes = [...routesOf(table)];
    this.#figures.keepOnly(new Set(routes.map(({ id }) => id)));
    this.#turns.keepOnly(new Set(routes.flatMap(({ backend }) => backend?.key ?? [])));
  }

  /** Until `signal` aborts; what has begun then is ended, at most for a while. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const ending = new AbortController();
    const background = [this.#accessLog?.run(ending.signal), this.history.run(ending.signal)];
    await Promise.all([this.#plain.run(signal), this.#secure.run(signal)]);
    this.#front.endIdle();
    await Promise.race([this.#handler.idle(), clock.sleep(graceMs, ending.signal)]);
    this.#connections.closeAll();
    this.#http.close();
    this.#grpc.close();
    await this.#handler.idle();
    ending.abort();
    await Promise.all(background);
  }

  #listener(port: number, isSecure: boolean): Listener {
    const { bindAddress, clock, onListenerChange } = this.#options;
    return new Listener({
      ...{ address: bindAddress, port, clock },
      onConnection: (socket) =>
        this.#connections.accept(socket, isSecure, (arrival) => this.#front.take(socket, arrival)),
      onChange: (why) => onListenerChange({ port, why }),
    });
  }
}
