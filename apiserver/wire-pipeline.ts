/** What a request passes, what stands at its end, and how healthy all of it is. */

import { isForeignAddress } from '../api/special-ip.ts';
import { errorText } from '../base/error-text.ts';
import { isStored } from '../kinds/served-by.ts';
import type { Wired } from './api-server-options.ts';
import type { CustomResources } from './custom-resources/custom-resources.ts';
import { RemoteDescriptions } from './discovery/remote-descriptions.ts';
import { ServedApis } from './discovery/served-apis.ts';
import type { Encryption } from './encryption/encryption.ts';
import { FlowControl } from './flow-control/flow-control.ts';
import { dumpsOf } from './flow-control/flow-dumps.ts';
import { describeFlowControl } from './flow-control/flow-metrics.ts';
import { HealthChecks } from './handlers/health.ts';
import { createPlainPaths } from './handlers/plain-paths.ts';
import { handleResource } from './handlers/resource-handler.ts';
import { Kubelets } from './handlers/streaming/kubelets.ts';
import { passToRemoteApi } from './handlers/streaming/remote-requests.ts';
import { createResourceServers } from './handlers/subresources/resource-servers.ts';
import type { HeavyWork } from './heavy-work/heavy-work.ts';
import type { ObjectReader } from './registry/object-reader.ts';
import type { ApiRequest } from './request/api-request.ts';
import { BodyBudget } from './request/body-budget.ts';
import type { OpenStreams } from './server/open-streams.ts';
import { ArrivalLimit } from './server/request-limits.ts';
import { RequestMetrics } from './server/request-metrics.ts';
import type { PipelineParts } from './server/request-pipeline.ts';
import type { Store } from './store/store.ts';
import type { Aggregation } from './wire-aggregation.ts';
import type { Audit } from './wire-audit.ts';
import type { WiredAuthentication } from './wire-authentication.ts';
import type { Storage } from './wire-storage.ts';

export function wireKubelets(options: Wired, objects: ObjectReader): Kubelets {
  const { kubeletClient: client, logger } = options;
  const certificateAuthority = options.kubeletCertificateAuthority ?? options.clientCertificateAuthority;
  const allowOwnHost = !isForeignAddress(options.advertiseAddress);
  return new Kubelets({ objects, client, certificateAuthority, allowOwnHost, logger });
}

/** Who gets how much of the server. */
export function wireFlows({ clock, kinds, metrics, maxRequestsInFlight }: Wired, { registries }: Storage): FlowControl {
  const flows = new FlowControl({
    clock,
    seats: maxRequestsInFlight,
    countObjects({ info, rawQuery, query }) {
      const kind = info.isResource ? kinds.find(info) : undefined;
      if (kind === undefined || !isStored(kind)) return 0;
      const { objects } = registries.of(kind).cache.stats;
      const limit = rawQuery.includes('limit=') ? Number(query.get('limit')) : 0;
      return limit > 0 ? Math.min(limit, objects) : objects;
    },
  });
  describeFlowControl(metrics, flows);
  return flows;
}

export interface Served {
  readonly aggregation: Aggregation;
  readonly storage: Storage;
  readonly identities: WiredAuthentication;
  readonly kubelets: Kubelets;
  readonly heavyWork: HeavyWork;
  readonly encryption: Encryption | undefined;
  readonly audit: Audit;
  readonly flows: FlowControl;
  readonly streams: OpenStreams;
  readonly customResources: Pick<CustomResources, 'catchUp'>;
}

/** A resource that is not known is looked for so long. */
const kindsTimeoutMs = 3_000;

/** What a request passes, and what stands at its end. */
export function wirePipeline(
  options: Wired,
  { aggregation, storage, identities, kubelets, heavyWork, encryption, audit, flows, streams, customResources }: Served,
): PipelineParts {
  const { kinds, clock, metrics, logger, stopping } = options;
  const { registries, imageCredentials, authorizers } = storage;
  const { apis, caller } = aggregation;
  const { authentication, tokens, tokenIssuer, issuerDocuments, storedKeys } = identities;
  const resources = {
    kinds,
    servers: createResourceServers({
      registries,
      kubelets,
      imageCredentials,
      authorizers,
      tokenIssuer,
      tokens,
      clock,
      stopping,
    }),
    untilKindsAreKnown: () => customResources.catchUp(kindsTimeoutMs).catch(() => {}),
  };
  const health = healthChecks(storage, encryption, stopping);
  const address = `${options.advertiseAddress}:${options.securePort}`;
  const plainPaths = createPlainPaths({
    apis: new ServedApis(kinds, apis),
    descriptions: new RemoteDescriptions({ apis, caller, clock }),
    metrics,
    issuerDocuments,
    storedKeys,
    health,
    address,
    dumps: dumpsOf(flows),
  });
  return {
    clock,
    kinds,
    authentication,
    authorizers,
    arrivals: new ArrivalLimit(),
    flows,
    bodies: new BodyBudget(),
    streams,
    otherThread: heavyWork,
    metrics: new RequestMetrics(metrics, flows),
    auditor: audit.auditor,
    logger,
    isElsewhere: (info) => apis.of(info) !== undefined,
    handle(request: ApiRequest) {
      const { info } = request;
      const remote = apis.of(info);
      if (remote !== undefined) return passToRemoteApi(request, remote, caller);
      if (!info.isResource) return plainPaths(request);
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
