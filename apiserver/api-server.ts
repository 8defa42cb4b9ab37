/** The API server: one running instance over a store. Reads like a table of contents of the folders beside it. */

import { setMaxListeners } from 'node:events';
import { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { systemClock } from '../base/clock.ts';
import { createDeferred } from '../base/deferred.ts';
import { type HttpsServer, startHttpsServer } from '../base/https-server.ts';
import type { Running } from '../base/lifecycle.ts';
import { Metrics } from '../base/metrics.ts';
import { KindRegistry } from '../kinds/kind-registry.ts';
import { kinds as builtInKinds, switchableKinds } from '../kinds/kind-table.ts';
import { metricsKinds } from '../kinds/metrics/metrics-kinds.ts';
import { keepTypesChecked } from './admission/policies/keep-types-checked.ts';
import type { ApiServerOptions, Wired } from './api-server-options.ts';
import { PolicyFeed } from './authorization/rbac/policy-feed.ts';
import { keepAllocationsRepaired } from './bootstrap/allocation-repair.ts';
import { keepAuthenticationInfo } from './bootstrap/authentication-info.ts';
import { ensureDefaultRoles } from './bootstrap/default-roles/default-roles.ts';
import { ensureInitialObjects } from './bootstrap/initial-objects.ts';
import { keepOwnService } from './bootstrap/own-service.ts';
import { untilStoreAnswers } from './bootstrap/until-store-answers.ts';
import { CustomResources } from './custom-resources/custom-resources.ts';
import { Encryption } from './encryption/encryption.ts';
import { followFlowObjects } from './flow-control/follow-flow-objects.ts';
import { ensureFlowObjects, keepFlowObjects } from './flow-control/keep-flow-objects.ts';
import { HeavyWork } from './heavy-work/heavy-work.ts';
import { chooseKinds } from './runtime-config.ts';
import { OpenStreams } from './server/open-streams.ts';
import { type PipelineParts, passRequest } from './server/request-pipeline.ts';
import { startCompactor } from './store/compactor.ts';
import { wireAggregation } from './wire-aggregation.ts';
import { wireAudit } from './wire-audit.ts';
import { wireAuthentication } from './wire-authentication.ts';
import { openAuthorization } from './wire-authorization.ts';
import { wireFlows, wireKubelets, wirePipeline } from './wire-pipeline.ts';
import { openStore, wireStorage } from './wire-storage.ts';

export interface ApiServer extends Running {
  readonly url: string;
  readonly port: number;
}

/** Requests that are being answered get this long when the server stops. */
const drainMs = 5_000;
/** What cannot be read in this time (roles, APIServices) is tried again. */
const loadTimeoutMs = 10_000;

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock = systemClock, kinds = new KindRegistry(builtInKinds), logger } = options;
  for (const kind of chooseKinds(switchableKinds, options.runtimeConfig ?? [])) kinds.add(kind);
  const initialKinds = kinds.all();
  if (options.resourceMetrics) for (const kind of metricsKinds) kinds.add(kind);
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const wired: Wired = { ...options, kinds, clock, metrics: new Metrics(), stopping: stopping.signal };
  const waiting = { clock, logger };

  const authorization = await openAuthorization(options.authorization ?? {});
  const encryption = options.encryption && (await Encryption.open(options.encryption, wired));
  const heavyWork = new HeavyWork({ clock });
  const storage = wireStorage(wired, await openStore(wired, encryption), { opened: authorization, heavyWork });
  const { store, caches, registries, addresses, serviceAllocator: allocator } = storage;
  const identities = await wireAuthentication({
    options: options.authentication ?? {},
    clientAuthority: options.clientCertificateAuthority,
    store,
    objects: registries,
    clock,
    logger,
    stopping: stopping.signal,
  });
  const kubelets = wireKubelets(wired, registries);
  const audit = wireAudit(options.audit ?? {}, wired);
  const flows = wireFlows(wired, storage);
  const streams = new OpenStreams({
    authentication: identities.authentication,
    authorizers: storage.authorizers,
    ...waiting,
  });
  storage.policies.onChange = () => streams.rightsChanged();
  const aggregation = wireAggregation(wired, registries);
  const customResources = new CustomResources({
    ...{ kinds, registries, webhooks: storage.webhookCaller },
    ...waiting,
  });
  const pipeline = wirePipeline(wired, {
    aggregation,
    customResources,
    storage,
    identities,
    kubelets,
    heavyWork,
    encryption,
    audit,
    flows,
    streams,
  });

  // Whoever comes back after a restart may watch from a revision since then: every cache knows what came after it.
  const endOpening = registries.openAll();
  const customizing = customResources.run(stopping.signal);
  const relating = storage.relations.run(stopping.signal);
  const aggregating = aggregation.run(initialKinds, stopping.signal);
  await untilStoreAnswers(() => ensureInitialObjects({ registries, clock, serviceCidr: addresses.cidr }), waiting);
  const policyFeed = new PolicyFeed(storage.policies, (resource) => registries.of(resource).cache, logger);
  const judging = Promise.all([policyFeed.run(stopping.signal), streams.run(stopping.signal)]);
  await untilStoreAnswers(() => ensureDefaultRoles(registries), waiting);
  await untilStoreAnswers(() => policyFeed.catchUp(loadTimeoutMs), waiting);
  await untilStoreAnswers(() => aggregation.catchUp(loadTimeoutMs), waiting);
  await untilStoreAnswers(() => customResources.catchUp(loadTimeoutMs), waiting);
  await untilStoreAnswers(() => ensureFlowObjects({ registries, clock, logger }), waiting);
  const sharing = Promise.all([
    followFlowObjects({ flows, registries, logger }, stopping.signal),
    keepFlowObjects({ registries, clock, logger }, stopping.signal),
    keepTypesChecked({ kinds, registries, clock, logger }, stopping.signal),
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
  const telling = keepAuthenticationInfo({ ...identities.info, registries, clock, logger }, stopping.signal);
  const allocationRepair = keepAllocationsRepaired({ allocator, clock, logger }, stopping.signal);

  const over = createDeferred<void>();
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    stopping.abort();
    await ownService;
    await identities.done;
    await storage.authorizing;
    await allocationRepair;
    await telling;
    await customizing;
    await relating;
    await aggregating;
    await judging;
    await sharing;
    await compactor.stop();
    await server.close(drainMs);
    await audit.stop();
    endOpening();
    await heavyWork.close();
    await caches.stop();
    await encryption?.stop();
    kubelets.close();
    storage.webhookCaller.close();
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

/** Requests come in from now on. */
function listen(options: ApiServerOptions, pipeline: PipelineParts): Promise<HttpsServer> {
  return startHttpsServer({
    bindAddress: options.bindAddress,
    port: options.securePort,
    serving: options.serving,
    clientCertificateAuthority: options.clientCertificateAuthority,
    furtherCertificateAuthority: options.authentication?.frontProxy?.authority,
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
