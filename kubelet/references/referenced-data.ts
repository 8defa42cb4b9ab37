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
  /** For whoever has to know whether it is still the same one. */
  identifiedSecret(namespace: string, name: string): Promise<IdentifiedSecret>;
}

export interface IdentifiedSecret {
  readonly uid: string;
  readonly data: Data;
}

export class ApiData implements ReferencedData {
  readonly #client: Pick<Reader, 'get'>;
  readonly #asked = new Map<string, Promise<Data>>();
  readonly #askedSecrets = new Map<string, Promise<IdentifiedSecret>>();

  constructor(client: Pick<Reader, 'get'>) {
    this.#client = client;
  }

  configMap(namespace: string, name: string): Promise<Data> {
    return once(this.#asked, `configmap/${namespace}/${name}`, async () => {
      const { data = {}, binaryData = {} } = await this.#client.get<ConfigMap>(configMaps, { namespace, name });
      return new Map([...entries(data, 'utf8'), ...entries(binaryData, 'base64')]);
    });
  }

  configMapText(namespace: string, name: string): Promise<Data> {
    return once(this.#asked, `configmap-text/${namespace}/${name}`, async () => {
      const { data = {} } = await this.#client.get<ConfigMap>(configMaps, { namespace, name });
      return new Map(entries(data, 'utf8'));
    });
  }

  async secret(namespace: string, name: string): Promise<Data> {
    return (await this.identifiedSecret(namespace, name)).data;
  }

  identifiedSecret(namespace: string, name: string): Promise<IdentifiedSecret> {
    return once(this.#askedSecrets, `${namespace}/${name}`, async () => {
      const { metadata, data = {} } = await this.#client.get<Secret>(secrets, { namespace, name });
      return { uid: metadata.uid, data: new Map(entries(data, 'base64')) };
    });
  }
}

/** Thirty pods of one controller that start together ask for the same. */
async function once<T>(asked: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const running = asked.get(key);
  if (running !== undefined) return await running;
  const asking = read();
  asked.set(key, asking);
  try {
    return await asking;
  } finally {
    asked.delete(key);
  }
}

const entries = (data: Readonly<Record<string, string>>, encoding: BufferEncoding): [string, Buffer][] =>
  Object.entries(data).map(([key, value]) => [key, Buffer.from(value, encoding)]);
