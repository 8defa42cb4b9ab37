/** Which subresources, and resources that are not stored, have a handler of their own. All others are read and written. */

import { kinds } from '../../../kinds/kind-table.ts';
import type { ServiceAccountTokens } from '../../authentication/service-account-tokens.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Registries } from '../../registry/registries.ts';
import type { SpecialHandler } from '../resource-handler.ts';
import type { Kubelets } from '../streaming/kubelets.ts';
import { createPodStreams } from '../streaming/pod-streams.ts';
import { createProxies } from '../streaming/proxies.ts';
import { createBinding } from './binding.ts';
import { createEviction } from './eviction.ts';
import { createReviews } from './reviews.ts';
import { createScaleHandler } from './scale.ts';
import { createTokenHandler } from './token.ts';

export interface SpecialHandlersParts {
  readonly registries: Registries;
  readonly kubelets: Kubelets;
  readonly authorizers: readonly Authorizer[];
  readonly tokens: ServiceAccountTokens;
}

export function createSpecialHandlers({
  registries,
  kubelets,
  authorizers,
  tokens,
}: SpecialHandlersParts): ReadonlyMap<string, SpecialHandler> {
  const binding = createBinding(registries);
  const scale = createScaleHandler();
  const scaled = kinds.filter((kind) => kind.subresources.some(({ name }) => name === 'scale'));
  return new Map<string, SpecialHandler>([
    ...createReviews(authorizers, tokens),
    ['/serviceaccounts/token', createTokenHandler(registries, tokens)],
    ['/bindings', binding],
    ...Object.entries(createProxies(registries, kubelets)).map(
      ([name, handler]) => [`/${name}/proxy`, handler] as const,
    ),
    ['/pods/binding', binding],
    ['/pods/eviction', createEviction(registries)],
    ...Object.entries(createPodStreams(registries, kubelets)).map(
      ([name, handler]) => [`/pods/${name}`, handler] as const,
    ),
    ...scaled.map(({ group, plural }) => [`${group}/${plural}/scale`, scale] as const),
  ]);
}
