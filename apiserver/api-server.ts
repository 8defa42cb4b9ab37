/** The API server: one running instance over a store. Reads like a table of contents of the folders beside it. */

import { setMaxListeners } from 'node:events';
import { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { resourceQuotas, services } from '../api/resources/core.ts';
import { isForeignAddress } from '../api/special-ip.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { createDeferred } from '../base/deferred.ts';
import { errorText } from '../base/error-text.ts';
import { type HttpsServer, startHttpsServer } from '../base/https-server.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import type { AuthoritySource } from '../base/renewed-authority.ts';
import type { KeyPairSource } from '../base/renewed-key-pair.ts';
import { KindRegistry } from '../kinds/kind-registry.ts';
import { kinds as builtInKinds } from '../kinds/kind-table.ts';
import { createAdmissionChain } from './admission/admission-chain.ts';
import { PluginConfigurations } from './admission/admission-configuration.ts';
import { createQuotaStatusWriter } from './admission/resource-quota/quota-status-writer.ts';
import { decide } from './authorization/authorization.ts';
import type { Action, Authorizer, Verdict } from './authorization/authorizer.ts';
import { NodeAuthorizer } from './authorization/node/node-authorizer.ts';
import { NodeRelations } from './authorization/node/node-relations.ts';
import { followPolicies, untilPoliciesConsistent } from './authorization/rbac/follow-policies.ts';
import { Policies } from './authorization/rbac/policies.ts';
import { keepAllocationsRepaired } from './bootstrap/allocation-repair.ts';
import { ensureDefaultRoles } from './bootstrap/default-roles/default-roles.ts';
import { ensureInitialObjects } from './bootstrap/initial-objects.ts';
import { keepOwnService } from './bootstrap/own-service.ts';
import { untilStoreAnswers } from './bootstrap/until-store-answers.ts';
import { Encryption, type EncryptionOptions } from './encryption/encryption.ts';
import { FlowControl } from './flow-control/flow-control.ts';
import { dumpsOf } from './flow-control/flow-dumps.ts';
import { describeFlowControl } from './flow-control/flow-metrics.ts';
import { followFlowObjects } from './flow-control/follow-flow-objects.ts';
import { ensureFlowObjects, keepFlowObjects } from './flow-control/keep-flow-objects.ts';
import { HealthChecks } from './handlers/health.ts';
import { createPlainPaths } from './handlers/plain-paths.ts';
import { handleResource } from './handlers/resource-handler.ts';
import { Kubelets } from './handlers/streaming/kubelets.ts';
import { createResourceServers } from './handlers/subresources/resource-servers.ts';
import { HeavyWork } from './heavy-work/heavy-work.ts';
import type { AdmissionPlugin } from './registry/admission.ts';
import type { Allocator } from './registry/allocator.ts';
import { AddressRange } from './registry/allocators/address-range.ts';
import { ServiceAllocator } from './registry/allocators/service-allocator.ts';
import type { ObjectReader } from './registry/object-reader.ts';
import { prefixOf, Registries, resourceId } from './registry/registries.ts';
import type { ApiRequest } from './request/api-request.ts';
import { BodyBudget } from './request/body-budget.ts';
import { sendPageNotFound } from './responses/responses.ts';
import { ArrivalLimit } from './server/request-limits.ts';
import { RequestMetrics } from './server/request-metrics.ts';
import { type PipelineParts, passRequest } from './server/request-pipeline.ts';
import { startCompactor } from './store/compactor.ts';
import { MeasuredStore } from './store/measured-store.ts';
import type { Store } from './store/store.ts';
import { WatchCaches } from './store/watch-caches.ts';
import { type Audit, type AuditOptions, wireAudit } from './wire-audit.ts';
import { type AuthenticationOptions, type WiredAuthentication, wireAuthentication } from './wire-authentication.ts';
import {
  type AuthorizationOptions,
  type OpenedAuthorization,
  openAuthorization,
  wireAuthorization,
} from './wire-authorization.ts';

export interface ApiServerOptions {
  /** Closed by its owner, after the server has stopped. */
  readonly store: Store;
  readonly bindAddress: string;
  /** 0: any free port. */
  readonly securePort: number;
  readonly serving: KeyPairSource;
  /** Signs the client certificates that are believed. */
  readonly clientCertificateAuthority: AuthoritySource;
  /** Signs the certificates of kubelets' servers. Default: `clientCertificateAuthority`. */
  readonly kubeletCertificateAuthority?: AuthoritySource | undefined;
  /** `10.96.0.0/16` */
  readonly serviceCidr: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
  /** Under which clients and pods reach this server. */
  readonly advertiseAddress: string;
  /** Who the server is when it talks to kubelets. */
  readonly kubeletClient?: KeyPairSource | undefined;
  /** Who is believed beside those with a client certificate. Default: the cluster's own service accounts and bootstrap tokens. */
  readonly authentication?: AuthenticationOptions | undefined;
  /** Who is asked what users may do. Default: the Node authorizer, then roles. */
  readonly authorization?: AuthorizationOptions | undefined;
  /** What is written down of requests, and where. Default: nothing. */
  readonly audit?: AuditOptions | undefined;
  /** Pods get their account's token mounted, where they do not say otherwise. Default true. */
  readonly mountServiceAccountTokens?: boolean | undefined;
  /** Admission plugins that are on although they are off by default, and such that are off. Default: none. */
  readonly enabledAdmissionPlugins?: readonly string[] | undefined;
  readonly disabledAdmissionPlugins?: readonly string[] | undefined;
  /** What admission plugins are told. Default: nothing. */
  readonly admissionConfigurations?: PluginConfigurations | undefined;
  /** How many requests are in work at once. Default: 600. */
  readonly maxRequestsInFlight?: number | undefined;
  /** Further admission plugins, asked after those that every server has. Default: none. */
  readonly admissionPlugins?: FurtherPlugins | undefined;
  /** Which kinds the server begins with; others may come and go. Default: those of the table. */
  readonly kinds?: KindRegistry | undefined;
  /** What lies encrypted in the store, and how. Default: nothing. */
  readonly encryption?: EncryptionOptions | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  readonly logger: Logger;
}

/** Makes plugins of what every plugin may look at and ask. */
export type FurtherPlugins = (parts: {
  readonly objects: ObjectReader;
  decide(action: Action): Promise<Verdict>;
}) => readonly AdmissionPlugin[];

export interface ApiServer extends Running {
  readonly url: string;
  readonly port: number;
}

/** Requests that are being answered get this long when the server stops. */
const drainMs = 5_000;

/** What is the same for all parts of one server. */
interface Wired extends ApiServerOptions {
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Aborts when the server stops: every watch listens. */
  readonly stopping: AbortSignal;
}

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock = systemClock, kinds = new KindRegistry(builtInKinds), logger } = options;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const wired: Wired = { ...options, kinds, clock, metrics: new Metrics(), stopping: stopping.signal };
  const waiting = { clock, logger };

  const authorization = await openAuthorization(options.authorization ?? {});
  const encryption = options.encryption && (await Encryption.open(options.encryption, wired));
  const storage = wireStorage(wired, await openStore(wired, encryption), authorization);
  const { store, caches, registries, addresses, serviceAllocator: allocator } = storage;
  const identities = await wireAuthentication({
    options: options.authentication ?? {},
    store,
    objects: registries,
    clock,
    logger,
    stopping: stopping.signal,
  });
  const kubelets = wireKubelets(wired, registries);
  const heavyWork = new HeavyWork();
  const audit = wireAudit(options.audit ?? {}, wired);
  const flows = wireFlows(wired, storage);
  const pipeline = wirePipeline(wired, { storage, identities, kubelets, heavyWork, encryption, audit, flows });

  // Whoever comes back after a restart may watch from a revision since then: every cache knows what came after it.
  const endOpening = registries.openAll();
  const relating = storage.relations.run(stopping.signal);
  await untilStoreAnswers(() => ensureInitialObjects({ registries, clock, serviceCidr: addresses.cidr }), waiting);
  const policyFeed = followPolicies(storage.policies, registries, stopping.signal);
  await untilStoreAnswers(() => ensureDefaultRoles(registries), waiting);
  await untilStoreAnswers(() => untilPoliciesConsistent(registries), waiting);
  await untilStoreAnswers(() => ensureFlowObjects({ registries, clock, logger }), waiting);
  const sharing = Promise.all([
    followFlowObjects({ flows, registries, logger }, stopping.signal),
    keepFlowObjects({ registries, clock, logger }, stopping.signal),
    flows.run(stopping.signal),
  ]);
  const server = await listen(options, pipeline);
  const { port } = server;
  encryption?.start();
  const compactor = startCompactor({ store, clock, logger });
  const ownService = keepOwnService(
    { store, registries, clock, logger, clusterIp: addresses.first, address: options.advertiseAddress, port },
    stopping.signal,
  );
  const allocationRepair = keepAllocationsRepaired({ allocator, clock, logger }, stopping.signal);

  const over = createDeferred<void>();
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    stopping.abort();
    await ownService;
    await identities.done;
    await storage.authorizing;
    await allocationRepair;
    await relating;
    await policyFeed;
    await sharing;
    await compactor.stop();
    await server.close(drainMs);
    await audit.stop();
    endOpening();
    await heavyWork.close();
    await caches.stop();
    await encryption?.stop();
    kubelets.close();
    over.resolve();
  }
  return {
    name: 'apiserver',
    port,
    url: `https://${reachableHost(options.bindAddress)}:${port}`,
    done: over.promise,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface Storage {
  readonly store: Store;
  readonly caches: WatchCaches;
  readonly registries: Registries;
  readonly relations: NodeRelations;
  /** Of the authorizers that judge by objects. */
  readonly policies: Policies;
  readonly authorizers: readonly Authorizer[];
  /** Settles after the server has been told to stop. */
  readonly authorizing: Promise<void>;
  /** Of Services. */
  readonly addresses: AddressRange;
  readonly serviceAllocator: ServiceAllocator;
}

/** The store as all parts of the server use it. Throws when it cannot be decrypted. */
async function openStore(options: Wired, encryption: Encryption | undefined): Promise<Store> {
  const { kinds, clock, metrics, logger } = options;
  const store = new MeasuredStore(options.store, { metrics, clock });
  if (encryption === undefined) return store;
  const prefixes = [...new Set(kinds.all().map(prefixOf))];
  return await untilStoreAnswers(() => encryption.over(store, prefixes), { clock, logger });
}

/** What of the store is kept in memory, how objects get in and out, and who judges by them. */
function wireStorage(options: Wired, store: Store, opened: OpenedAuthorization): Storage {
  const { kinds, clock, metrics, logger, nodePortRange: nodePorts } = options;
  const addresses = new AddressRange(options.serviceCidr);
  const serviceAllocator = new ServiceAllocator({ store, clock, addresses, nodePorts, logger });
  const allocators = new Map<string, Allocator>([[resourceId(services), serviceAllocator]]);
  const caches = new WatchCaches({ store, clock, logger });
  const policies = new Policies();
  // Nobody asks before there are registries, and with them authorizers.
  const decideAction = async (action: Action) => decide(action, authorizers);
  const admission = (objects: ObjectReader) =>
    createAdmissionChain(objects, {
      serviceAccounts: { mountTokens: options.mountServiceAccountTokens ?? true, clock },
      resourceQuota: {
        writer: createQuotaStatusWriter(() => registries.of(resourceQuotas)),
        clock,
        logger,
      },
      decide: decideAction,
      kinds,
      policies,
      enabled: options.enabledAdmissionPlugins ?? [],
      disabled: options.disabledAdmissionPlugins ?? [],
      configurations: options.admissionConfigurations ?? new PluginConfigurations(),
      clock,
      metrics,
      further: options.admissionPlugins?.({ objects, decide: decideAction }) ?? [],
    });
  const registries = new Registries({ kinds, store, caches, admission, clock, allocators });
  const relations = new NodeRelations((resource) => registries.of(resource).cache, logger);
  const { authorizers, done: authorizing } = wireAuthorization({
    ...{ opened, node: new NodeAuthorizer(relations), policies },
    ...{ clock, metrics, logger, stopping: options.stopping },
  });
  metrics.gauge(
    { name: 'apiserver_storage_objects', help: 'Objects stored, by resource.', labels: ['resource'] },
    (gauge) => {
      for (const [resource, { objects }] of caches.stats()) gauge.set({ resource }, objects);
    },
  );
  metrics.gauge(
    {
      name: 'apiserver_storage_unreadable_objects',
      help: 'Objects whose stored value cannot be decrypted or decoded, by resource.',
      labels: ['resource'],
    },
    (gauge) => {
      gauge.reset();
      for (const [resource, { unreadable }] of caches.stats()) if (unreadable > 0) gauge.set({ resource }, unreadable);
    },
  );
  return { store, caches, registries, relations, policies, authorizers, authorizing, addresses, serviceAllocator };
}

function wireKubelets(options: Wired, objects: ObjectReader): Kubelets {
  const { kubeletClient: client, logger } = options;
  const certificateAuthority = options.kubeletCertificateAuthority ?? options.clientCertificateAuthority;
  const allowOwnHost = !isForeignAddress(options.advertiseAddress);
  return new Kubelets({ objects, client, certificateAuthority, allowOwnHost, logger });
}

/** Who gets how much of the server. */
function wireFlows({ clock, kinds, metrics, maxRequestsInFlight }: Wired, { registries }: Storage): FlowControl {
  const flows = new FlowControl({
    clock,
    seats: maxRequestsInFlight,
    countObjects({ info, rawQuery, query }) {
      const kind = info.isResource ? kinds.find(info) : undefined;
      if (kind === undefined || !kind.verbs.includes('get')) return 0;
      const { objects } = registries.of(kind).cache.stats;
      const limit = rawQuery.includes('limit=') ? Number(query.get('limit')) : 0;
      return limit > 0 ? Math.min(limit, objects) : objects;
    },
  });
  describeFlowControl(metrics, flows);
  return flows;
}

interface Served {
  readonly storage: Storage;
  readonly identities: WiredAuthentication;
  readonly kubelets: Kubelets;
  readonly heavyWork: HeavyWork;
  readonly encryption: Encryption | undefined;
  readonly audit: Audit;
  readonly flows: FlowControl;
}

/** What a request passes, and what stands at its end. */
function wirePipeline(
  options: Wired,
  { storage, identities, kubelets, heavyWork, encryption, audit, flows }: Served,
): PipelineParts {
  const { kinds, clock, metrics, logger, stopping } = options;
  const { registries, authorizers } = storage;
  const { authentication, tokens, tokenIssuer, issuerDocuments } = identities;
  const resources = {
    kinds,
    servers: createResourceServers({ registries, kubelets, authorizers, tokenIssuer, tokens, stopping }),
  };
  const health = healthChecks(storage, encryption, stopping);
  const address = `${options.advertiseAddress}:${options.securePort}`;
  const plainPaths = createPlainPaths({ kinds, metrics, issuerDocuments, health, address, dumps: dumpsOf(flows) });
  return {
    clock,
    kinds,
    authentication,
    authorizers,
    arrivals: new ArrivalLimit(),
    flows,
    bodies: new BodyBudget(),
    otherThread: heavyWork,
    metrics: new RequestMetrics(metrics, flows),
    auditor: audit.auditor,
    logger,
    handle(request: ApiRequest) {
      const { info } = request;
      if (!info.isResource) return plainPaths(request);
      if (!kinds.hasGroup(info.group)) return sendPageNotFound(request);
      return handleResource(request, info, resources);
    },
  };
}

function healthChecks(
  { store, caches }: Storage,
  encryption: Encryption | undefined,
  stopping: AbortSignal,
): HealthChecks {
  const keyServices = encryption && {
    name: 'kms-providers',
    check: () => encryption.check(),
    onlyReadiness: true,
    namedEverywhere: true,
  };
  return new HealthChecks([
    { name: 'ping', check: async () => undefined },
    { name: 'log', check: async () => whyLogFails(process.stdout) },
    // Not a reason to restart this process: it would not mend the store.
    { name: 'etcd', check: () => whyStoreFails(store), onlyReadiness: true, namedEverywhere: true },
    // As upstream calls it. Until then reads wait: others can answer sooner.
    { name: 'informer-sync', check: async () => whyNotInStep(caches.behind), onlyReadiness: true },
    ...(keyServices === undefined ? [] : [keyServices]),
    { name: 'etcd-readiness', check: () => whyStoreFails(store), onlyReadiness: true },
    {
      name: 'shutdown',
      check: async () => (stopping.aborted ? 'process is shutting down' : undefined),
      onlyReadiness: true,
    },
  ]);
}

/** Requests come in from now on. */
function listen(options: ApiServerOptions, pipeline: PipelineParts): Promise<HttpsServer> {
  return startHttpsServer({
    bindAddress: options.bindAddress,
    port: options.securePort,
    serving: options.serving,
    clientCertificateAuthority: options.clientCertificateAuthority,
    logger: options.logger,
    onRequest: (request, response) => void passRequest(request, response, pipeline),
    onUpgrade: (request, socket, head) => {
      const response = new ServerResponse(request);
      if (socket instanceof Socket) response.assignSocket(socket);
      // Whoever does not get the upgrade gets an answer, and that is the end of the connection.
      response.shouldKeepAlive = false;
      response.on('finish', () => socket.end());
      void passRequest(request, response, pipeline, { socket, head });
    },
  });
}

const reachableHost = (bindAddress: string): string =>
  bindAddress === '0.0.0.0' || bindAddress === '::' ? '127.0.0.1' : bindAddress;

function whyNotInStep(behind: readonly string[]): string | undefined {
  return behind.length === 0 ? undefined : `not loaded yet: ${behind.join(', ')}`;
}

const maxUnwrittenBytes = 16 << 20;

/** Nobody takes what is written: what is waiting to be logged grows in memory. */
function whyLogFails({ writableLength }: { readonly writableLength: number }): string | undefined {
  return writableLength > maxUnwrittenBytes ? 'logging blocked' : undefined;
}

async function whyStoreFails(store: Store): Promise<string | undefined> {
  try {
    await store.currentRevision();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
