/** Which Secrets of the cluster itself have credentials for registries that a pod may use: the API server is asked. */

import { readRegistrySecretNames } from '../../api/registry-credentials.ts';
import { pods } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Client } from '../../client/client.ts';
import { objectPath } from '../../client/resource-path.ts';
import { identityOf, isStaticPod, type PodObject } from '../model/pod.ts';

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

export interface ClusterCredentials {
  /** Throws when it cannot be found out. */
  namesFor(pod: PodObject): Promise<readonly SecretName[]>;
}

export class ApiClusterCredentials implements ClusterCredentials {
  readonly #client: Pick<Client, 'raw'>;

  constructor(client: Pick<Client, 'raw'>) {
    this.#client = client;
  }

  async namesFor(pod: PodObject): Promise<readonly SecretName[]> {
    // The API has nothing for pods that a node runs by itself, and they do not wait for it.
    if (isStaticPod(pod)) return [];
    const { namespace, name } = identityOf(pod);
    try {
      const { text } = await this.#client.raw('GET', objectPath(pods, { namespace, name }, 'registrycredentials'));
      return readRegistrySecretNames(JSON.parse(text));
    } catch (error) {
      // The pod has just gone, or the API server is of a version that knows of none.
      if (isNotFound(error)) return [];
      throw error;
    }
  }
}
