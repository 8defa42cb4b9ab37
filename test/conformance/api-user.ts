/** The API as a conformance test uses it: JSON as it is on the wire, watches, a namespace of its own. */

import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { isConflict } from '../../api/status-error.ts';
import type { Client } from '../../client/client.ts';
import { eventually } from '../support/eventually.ts';

/** JSON of unknown shape: an object, or anything in it. Read it by `at`. */
export type Json = Readonly<Record<string, unknown>>;

/** `at(pod, 'spec.containers.0.image')`; undefined where there is no such place. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Json | undefined | null)?.[key], value);
}

export const nameOf = (object: unknown): string => String(at(object, 'metadata.name'));

export interface WatchEvent {
  readonly type: string;
  readonly object: Json;
}

/** A watch that is open; its events as they came. */
export class Watch {
  readonly events: WatchEvent[] = [];
  readonly #stop = new AbortController();

  static async open(client: Client, path: string, resourceVersion = ''): Promise<Watch> {
    const watch = new Watch();
    const mark = path.includes('?') ? '&' : '?';
    const url = `${path}${mark}watch=true&resourceVersion=${resourceVersion}`;
    const stream = await client.stream(url, watch.#stop.signal);
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => watch.events.push(JSON.parse(line) as WatchEvent));
    // It is over when the test is, in whichever way.
    stream.on('error', () => {});
    lines.on('error', () => {});
    return watch;
  }

  /** The first event of the type whose object fulfils `test`. */
  seen(type: string, test: (object: Json) => boolean = () => true): Promise<WatchEvent> {
    return eventually(`a ${type} event`, () => this.events.find((one) => one.type === type && test(one.object)));
  }

  close(): void {
    this.#stop.abort();
  }
}

/** Whose requests they are is the client's matter. */
export class ApiUser {
  readonly client: Client;
  readonly #watches: Watch[] = [];

  constructor(client: Client) {
    this.client = client;
  }

  closeWatches(): void {
    for (const watch of this.#watches) watch.close();
  }

  async request(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Json> {
    const headers = { 'content-type': contentType };
    const { text } = await this.client.raw(method, path, body === undefined ? {} : { body, headers });
    return JSON.parse(text) as Json;
  }

  get(path: string): Promise<Json> {
    return this.request('GET', path);
  }

  post(path: string, body: unknown): Promise<Json> {
    return this.request('POST', path, body);
  }

  put(path: string, body: unknown): Promise<Json> {
    return this.request('PUT', path, body);
  }

  patch(path: string, body: unknown, type: 'merge' | 'strategic' | 'json' | 'apply' = 'merge'): Promise<Json> {
    if (type === 'apply') {
      const force = `${path}?fieldManager=conformance&force=true`;
      return this.request('PATCH', force, JSON.stringify(body), 'application/apply-patch+yaml');
    }
    const name = { merge: 'merge-patch', strategic: 'strategic-merge-patch', json: 'json-patch' }[type];
    return this.request('PATCH', path, body, `application/${name}+json`);
  }

  /** Reads, changes and writes, again when somebody else wrote meanwhile. */
  async update(path: string, change: (object: Json) => Json): Promise<Json> {
    for (;;) {
      try {
        return await this.put(path, change(await this.get(path)));
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  delete(path: string, options?: Json): Promise<Json> {
    return this.request('DELETE', path, options && { kind: 'DeleteOptions', apiVersion: 'v1', ...options });
  }

  async list(path: string): Promise<Json[]> {
    return ((await this.get(path)).items as Json[] | null) ?? [];
  }

  async watch(path: string, resourceVersion?: string): Promise<Watch> {
    const watch = await Watch.open(this.client, path, resourceVersion);
    this.#watches.push(watch);
    return watch;
  }

  /** The name of a new namespace. */
  async namespace(): Promise<string> {
    const name = `e2e-${randomBytes(4).toString('hex')}`;
    await this.post('/api/v1/namespaces', { metadata: { name } });
    return name;
  }

  async isGone(path: string): Promise<void> {
    await eventually(`${path} is gone`, async () => {
      const code = await this.get(path).then(
        () => 200,
        (error: { code?: number }) => error.code,
      );
      return code === 404;
    });
  }
}
