/** What of the store is kept in memory, how objects get in and out, and who judges by them. */

import { resourceQuotas, services } from '../api/resources/core.ts';
import { createAdmissionChain } from './admission/admission-chain.ts';
import { PluginConfigurations } from './admission/admission-configuration.ts';
import { createQuotaStatusWriter } from './admission/resource-quota/quota-status-writer.ts';
import type { Wired } from './api-server-options.ts';
import { checkNotSealed } from './authentication/service-accounts/stored-keys.ts';
import { decide } from './authorization/authorization.ts';
import type { Action, Authorizer } from './authorization/authorizer.ts';
import { NodeAuthorizer } from './authorization/node/node-authorizer.ts';
import { NodeRelations } from './authorization/node/node-relations.ts';
import { Policies } from './authorization/rbac/policies.ts';
import { untilStoreAnswers } from './bootstrap/until-store-answers.ts';
import type { Encryption } from './encryption/encryption.ts';
import { patchWhereItFits } from './heavy-work/heavy-patches.ts';
import type { Allocator } from './registry/allocator.ts';
import { AddressRange } from './registry/allocators/address-range.ts';
import { ServiceAllocator } from './registry/allocators/service-allocator.ts';
import { ImageCredentials } from './registry/image-credentials.ts';
import type { ObjectReader } from './registry/object-reader.ts';
import { prefixOf, Registries, resourceId } from './registry/registries.ts';
import type { OtherThread } from './request/other-thread.ts';
import { MeasuredStore } from './store/measured-store.ts';
import type { Store } from './store/store.ts';
import { WatchCaches } from './store/watch-caches.ts';
import { WebhookCaller } from './webhooks/webhook-caller.ts';
import { type OpenedAuthorization, wireAuthorization } from './wire-authorization.ts';

export interface Storage {
  readonly store: Store;
  readonly caches: WatchCaches;
  readonly registries: Registries;
  readonly relations: NodeRelations;
  readonly imageCredentials: ImageCredentials;
  /** Of the authorizers that judge by objects. */
  readonly policies: Policies;
  readonly authorizers: readonly Authorizer[];
  /** Settles after the server has been told to stop. */
  readonly authorizing: Promise<void>;
  /** Of Services. */
  readonly addresses: AddressRange;
  readonly serviceAllocator: ServiceAllocator;
  /** Closed when nothing is written any more. */
  readonly webhookCaller: WebhookCaller;
}

/** The store as all parts of the server use it. Throws when it cannot be decrypted. */
export async function openStore(options: Wired, encryption: Encryption | undefined): Promise<Store> {
  const { kinds, clock, metrics, logger } = options;
  const store = new MeasuredStore(options.store, { metrics, clock });
  if (encryption === undefined) {
    await untilStoreAnswers(() => checkNotSealed(store), { clock, logger });
    return store;
  }
  const prefixes = [...new Set(kinds.all().map(prefixOf))];
  return await untilStoreAnswers(() => encryption.over(store, prefixes), { clock, logger });
}

export interface StorageParts {
  readonly opened: OpenedAuthorization;
  readonly heavyWork: OtherThread;
}

/** What of the store is kept in memory, how objects get in and out, and who judges by them. */
export function wireStorage(options: Wired, store: Store, { opened, heavyWork }: StorageParts): Storage {
  const { kinds, clock, metrics, logger, nodePortRange: nodePorts } = options;
  const addresses = new AddressRange(options.serviceCidr);
  const serviceAllocator = new ServiceAllocator({ store, clock, addresses, nodePorts, logger });
  const allocators = new Map<string, Allocator>([[resourceId(services), serviceAllocator]]);
  const caches = new WatchCaches({ store, clock, logger });
  const policies = new Policies();
  // Nobody asks before there are registries, and with them authorizers.
  const decideAction = async (action: Action) => decide(action, authorizers);
  const caller = new WebhookCaller({
    objects: { find: (...asked) => registries.find(...asked), all: (...asked) => registries.all(...asked) },
  });
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
      caller,
      applyPatch: patchWhereItFits(heavyWork),
      ...{ clock, metrics, logger },
      further: options.admissionPlugins?.({ objects, decide: decideAction }) ?? [],
    });
  const registries = new Registries({ kinds, store, caches, admission, clock, allocators });
  const imageCredentials = new ImageCredentials(registries);
  const relations = new NodeRelations((resource) => registries.of(resource).cache, logger);
  const { authorizers, done: authorizing } = wireAuthorization({
    ...{ opened, node: new NodeAuthorizer(relations, imageCredentials), policies },
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
  return {
    store,
    caches,
    registries,
    relations,
    imageCredentials,
    policies,
    authorizers,
    authorizing,
    addresses,
    serviceAllocator,
    webhookCaller: caller,
  };
}
