/** The webhooks of all configurations, in the order in which they are called: by the configurations' names. */

import type { Resource } from '../../../api/resource.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Found, ObjectReader } from '../../registry/object-reader.ts';
import { type CompiledConditions, compileConditions } from '../expressions/match-conditions.ts';
import type { MatchCriteria } from '../matching/request-matcher.ts';

export type Webhook = DeepReadonly<ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>>;

export interface ConfiguredWebhook {
  /** Is the same as long as its configuration has it: names may be used twice. */
  readonly id: string;
  readonly configuration: string;
  readonly webhook: Webhook;
  readonly criteria: MatchCriteria;
  readonly conditions: CompiledConditions;
}

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

export class ConfiguredWebhooks<T extends Configuration> {
  readonly #objects: ObjectReader;
  readonly #resource: Resource<T>;
  #configurations: readonly Found<T>[] = [];
  #webhooks: readonly ConfiguredWebhook[] = [];

  constructor(objects: ObjectReader, resource: Resource<T>) {
    this.#objects = objects;
    this.#resource = resource;
  }

  /** As the server knows them now, once it knows them at all. The same array for as long as nothing has changed. */
  async all(): Promise<readonly ConfiguredWebhook[]> {
    const found = await this.#objects.all(this.#resource);
    if (found.length === this.#configurations.length && found.every((one, i) => one === this.#configurations[i]))
      return this.#webhooks;
    this.#configurations = found;
    this.#webhooks = found.flatMap(webhooksOf);
    return this.#webhooks;
  }
}

function webhooksOf({ metadata, webhooks = [] }: Found<Configuration>): readonly ConfiguredWebhook[] {
  const { name: configuration } = metadata;
  return webhooks.map((webhook, index): ConfiguredWebhook => {
    const { rules = [], matchPolicy, namespaceSelector, objectSelector, matchConditions = [], failurePolicy } = webhook;
    return {
      id: `${configuration}/${webhook.name}/${index}`,
      configuration,
      webhook,
      criteria: { rules, matchPolicy, namespaceSelector, objectSelector },
      conditions: compileConditions(matchConditions, failurePolicy === 'Ignore'),
    };
  });
}
