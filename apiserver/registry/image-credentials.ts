/**
 * Credentials for registries of images that the cluster has for some of its namespaces: which Secret is for which
 * namespace. Looked up when it is asked, which is when an image is pulled: nothing is kept.
 */

import { hasRegistryCredentials, registryCredentialsNamespace } from '../../api/registry-credentials.ts';
import { namespaces, secrets } from '../../api/resources/core.ts';
import { isForNamespace } from '../../kinds/core/config/registry-credentials.ts';
import type { Found, ObjectReader } from './object-reader.ts';

export class ImageCredentials {
  readonly #objects: ObjectReader;

  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /** Whether the Secret of that name is for one of these namespaces. */
  async isForOneOf(secretName: string, namespaceNames: readonly string[]): Promise<boolean> {
    if (namespaceNames.length === 0) return false;
    const secret = await this.#objects.find(secrets, { namespace: registryCredentialsNamespace, name: secretName });
    if (secret === undefined || !hasRegistryCredentials(secret)) return false;
    for (const name of namespaceNames) if (isForNamespace(secret, await this.#labelsOf(name))) return true;
    return false;
  }

  /** Names of all Secrets for that namespace, in order. */
  async namesFor(namespaceName: string): Promise<string[]> {
    const all = await this.#objects.all(secrets, { namespace: registryCredentialsNamespace });
    const candidates = all.filter(hasRegistryCredentials);
    if (candidates.length === 0) return [];
    const labels = await this.#labelsOf(namespaceName);
    return candidates
      .filter((secret) => isForNamespace(secret, labels))
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  /** The label of its name is there on every namespace that is stored. */
  async #labelsOf(name: string): Promise<Readonly<Record<string, string>>> {
    const found: Found<{ metadata?: { labels?: Record<string, string> } }> | undefined = await this.#objects.find(
      namespaces,
      { name },
    );
    return found?.metadata.labels ?? {};
  }
}
