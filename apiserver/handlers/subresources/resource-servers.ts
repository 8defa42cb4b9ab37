/** The table of servers: who serves each name of `kinds/served-by.ts`. One that is missing does not compile. */

import type { Clock } from '../../../base/clock.ts';
import type { TokenIssuer } from '../../authentication/service-accounts/token-issuer.ts';
import type { VerifiedTokens } from '../../authentication/verified-tokens.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { ImageCredentials } from '../../registry/image-credentials.ts';
import type { Registries } from '../../registry/registries.ts';
import { NodeSamples } from '../../resource-metrics/node-samples.ts';
import type { ResourceServers } from '../resource-server.ts';
import { createStoredResource } from '../stored-resource.ts';
import type { Kubelets } from '../streaming/kubelets.ts';
import { createPodStreams } from '../streaming/pod-streams.ts';
import { createProxies } from '../streaming/proxies.ts';
import { readFromKubelet } from '../streaming/read-from-kubelet.ts';
import { createBindingServer } from './binding.ts';
import { createEvictionServer } from './eviction.ts';
import { createRegistryCredentialsServer } from './registry-credentials.ts';
import { createMetricsServers } from './resource-metrics.ts';
import { createRetryServer } from './retry.ts';
import { createReviewServers } from './reviews.ts';
import { createScaleServer } from './scale.ts';
import { createTokenServer } from './token.ts';
import { createWhyServer } from './why.ts';

export interface ResourceServersParts {
  readonly registries: Registries;
  readonly kubelets: Kubelets;
  readonly imageCredentials: ImageCredentials;
  readonly authorizers: readonly Authorizer[];
  readonly tokenIssuer: TokenIssuer;
  readonly tokens: VerifiedTokens;
  readonly clock: Clock;
  /** Ends the watches. */
  readonly stopping: AbortSignal;
}

export function createResourceServers(parts: ResourceServersParts): ResourceServers {
  const { registries, kubelets, imageCredentials, authorizers, tokenIssuer, tokens, clock, stopping } = parts;
  const stored = createStoredResource(registries, stopping);
  const samples = new NodeSamples({
    clock,
    read: (nodeName) =>
      readFromKubelet(kubelets, { nodeName, path: '/metrics/resource', timeoutMs: 3_000, maxBytes: 16 << 20 }),
  });
  const streams = { objects: registries, admission: registries.admission, kubelets };
  const { get, list, update, patch } = stored;
  const { deleteCollection: _, ...storedOneByOne } = stored;
  return {
    stored,
    storedOneByOne,
    readOnly: { get, list },
    storedPart: { get, patch, update },
    finalize: { update },
    scale: createScaleServer(registries),
    binding: createBindingServer(registries),
    podWhy: createWhyServer(registries),
    podRetry: createRetryServer(streams),
    registryCredentials: createRegistryCredentialsServer(registries, imageCredentials),
    eviction: createEvictionServer(registries),
    token: createTokenServer(registries, tokenIssuer),
    ...createReviewServers({ admission: registries.admission, authorizers, tokens }),
    ...createMetricsServers({ objects: registries, samples }),
    ...createPodStreams(streams),
    ...createProxies(streams),
  };
}
