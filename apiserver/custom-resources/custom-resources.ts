/**
 * All that the server does with CustomResourceDefinitions: it keeps their status, sees their objects off, and serves the
 * kinds that they make.
 */

import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { KindRegistry } from '../../kinds/kind-registry.ts';
import { FollowedObjects } from '../registry/followed-objects.ts';
import { asFound, type Found } from '../registry/object-reader.ts';
import type { Registries } from '../registry/registries.ts';
import type { WebhookCaller } from '../webhooks/webhook-caller.ts';
import { CustomKinds } from './custom-kinds.ts';
import { DefinitionController } from './definition-controller.ts';
import { DefinitionSchemas } from './definition-schemas.ts';
import { InstanceDeletion } from './instance-deletion.ts';
import { nameOnlyConverter, type ObjectConverter } from './object-converter.ts';
import { ownPlaces } from './own-places.ts';
import { webhookConverter } from './webhook-converter.ts';

type Definition = Found<CustomResourceDefinition>;

export interface CustomResourcesParts {
  readonly kinds: KindRegistry;
  readonly registries: Registries;
  readonly webhooks: Pick<WebhookCaller, 'call'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class CustomResources {
  readonly #kinds: FollowedObjects<CustomResourceDefinition>;
  readonly #controller: DefinitionController;
  readonly #controlled: FollowedObjects<CustomResourceDefinition>;

  constructor({ kinds, registries, webhooks, clock, logger }: CustomResourcesParts) {
    const registry = registries.of(customResourceDefinitions);
    const find = (name: string): Definition | undefined => {
      const object = registry.cache.get(registry.storeKey({ name }))?.object;
      return object && asFound<CustomResourceDefinition>(object);
    };
    const converterOf = ({ spec: { conversion } }: Definition): ObjectConverter =>
      conversion?.strategy === 'Webhook' && conversion.webhook
        ? webhookConverter(conversion.webhook, webhooks)
        : nameOnlyConverter;
    // Nobody has defined any others yet.
    const isOwnPlace = ownPlaces(kinds.all());
    const schemas = new DefinitionSchemas(find);
    const customKinds = new CustomKinds({ kinds, schemas, isOwnPlace, converterOf, logger });
    const deletion = new InstanceDeletion({ registries, isOwnPlace, clock });
    this.#controller = new DefinitionController({ registries, deletion, isOwnPlace, clock, logger });
    const telling = { logger, telling: 'atOnce' } as const;
    // The kinds are there before anybody hears that they are established.
    this.#kinds = new FollowedObjects(registry.cache, customKinds, telling);
    this.#controlled = new FollowedObjects(registry.cache, this.#controller, telling);
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#kinds.run(signal), this.#controlled.run(signal), this.#controller.run(signal)]);
  }

  /**
   * Resolves once all definitions are served that were established before this call, by whichever API server. Throws
   * what `ResourceCache.waitUntilConsistent` throws.
   */
  async catchUp(timeoutMs: number): Promise<void> {
    await this.#kinds.catchUp(timeoutMs);
  }
}
