/** ConfigMaps and Secrets that pods refer to, read from the API when they are needed; asked once by many at a time. */

import { configMaps, secrets } from '../../api/resources/core.ts';
import type { ConfigMap, Secret } from '../../api/types/core/v1.ts';
import type { Reader } from '../../client/client.ts';

type Data = ReadonlyMap<string, Buffer>;

/** Absent objects throw NotFound. */
export interface ReferencedData {
  configMap(namespace: string, name: string): Promise<Data>;
  /** What of a ConfigMap is text: all that an environment may take of it. */
  configMapText(namespace: string, name: string): Promise<Data>;
  secret(namespace: string, name: string): Promise<Data>;
}

export class ApiData implements ReferencedData {
  readonly #client: Pick<Reader, 'get'>;
  readonly #asked = new Map<string, Promise<Data>>();

  constructor(client: Pick<Reader, 'get'>) {
    this.#client = client;
  }

  configMap(namespace: string, name: string): Promise<Data> {
    return this.#once(`configmap/${namespace}/${name}`, async () => {
      const { data = {}, binaryData = {} } = await this.#client.get<ConfigMap>(configMaps, { namespace, name });
      return new Map([...entries(data, 'utf8'), ...entries(binaryData, 'base64')]);
    });
  }

  configMapText(namespace: string, name: string): Promise<Data> {
    return this.#once(`configmap-text/${namespace}/${name}`, async () => {
      const { data = {} } = await this.#client.get<ConfigMap>(configMaps, { namespace, name });
      return new Map(entries(data, 'utf8'));
    });
  }

  secret(namespace: string, name: string): Promise<Data> {
    return this.#once(`secret/${namespace}/${name}`, async () => {
      const { data = {} } = await this.#client.get<Secret>(secrets, { namespace, name });
      return new Map(entries(data, 'base64'));
    });
  }

  /** Thirty pods of one controller that start together ask for the same. */
  async #once(key: string, read: () => Promise<Data>): Promise<Data> {
    const running = this.#asked.get(key);
    if (running !== undefined) return await running;
    const asked = read();
    this.#asked.set(key, asked);
    try {
      return await asked;
    } finally {
      this.#asked.delete(key);
    }
  }
}

const entries = (data: Readonly<Record<string, string>>, encoding: BufferEncoding): [string, Buffer][] =>
  Object.entries(data).map(([key, value]) => [key, Buffer.from(value, encoding)]);
