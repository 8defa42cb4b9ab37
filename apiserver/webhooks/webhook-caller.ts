/**
 * CONTRACT: calls the webhooks that objects configure (admission, conversion): by URL, or by a Service through an
 * endpoint of it. A call never takes longer than its time-out, waiting for a connection included, and an answer never
 * more memory than is allowed. Each configuration has connections of its own, which are kept: a webhook that is slow
 * delays nobody who calls another.
 */

import { createHash, X509Certificate } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { isForeignAddress } from '../../api/special-ip.ts';
import { judgedLookup } from '../../base/judged-lookup.ts';
import { JsonError, parseJsonInTurns } from '../../machinery/json/json.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import { placeOfService } from '../services/service-place.ts';
import { WebhookClient } from './webhook-client.ts';
import { answeredFailure, callFailure, WebhookFailure } from './webhook-failure.ts';
import type { WebhookUser } from './webhook-users.ts';

/** As objects have it: exactly one of `url` and `service`. */
export interface WebhookClientConfig {
  readonly url?: string | undefined;
  readonly service?: ServiceReference | undefined;
  /** PEM, in base64. Absent or empty: the authorities that the system trusts. */
  readonly caBundle?: string | undefined;
}

export interface ServiceReference {
  readonly name: string;
  readonly namespace: string;
  readonly path?: string | undefined;
  /** Default: 443. */
  readonly port?: number | undefined;
}

export interface WebhookCall {
  readonly clientConfig: WebhookClientConfig;
  /** As whom. Default: nobody. */
  readonly user?: WebhookUser | undefined;
  /** JSON. */
  readonly body: string;
  readonly timeoutMs: number;
  /** Default: what a patch of the largest object may take. An answer that is longer is a failure. */
  readonly maxAnswerBytes?: number | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface WebhookCallerParts {
  readonly objects: ObjectReader;
}

/** So many configurations keep connections; who has not been called for the longest time loses them. */
const maxClients = 200;
const limits = { maxConnections: 100, maxAnswerBytes: 3 << 20 };
const lookup = judgedLookup(isForeignAddress);

export class WebhookCaller {
  readonly #objects: ObjectReader;
  /** Those called last stand last. */
  readonly #clients = new Map<string, WebhookClient>();

  constructor({ objects }: WebhookCallerParts) {
    this.#objects = objects;
  }

  /** Resolves to the JSON that was answered with success. Rejects with a WebhookFailure, in upstream's words. */
  async call({ clientConfig, user, body, timeoutMs, maxAnswerBytes, signal }: WebhookCall): Promise<unknown> {
    const client = this.#clientOf(clientConfig, user);
    const query = `timeout=${Math.ceil(timeoutMs / 1000)}s`;
    const limit = limitedTime(timeoutMs, signal);
    try {
      const { service } = clientConfig;
      const place =
        service && (await within(limit.signal, placeOfService(this.#objects, service, service.port ?? 443)));
      const answer = await client.post(body, limit.signal, {
        query,
        maxAnswerBytes,
        place: place && { ...place, lookup },
      });
      const failure = answeredFailure(answer);
      if (failure !== undefined) throw failure;
      return await parseJsonInTurns(answer.text);
    } catch (error) {
      if (error instanceof WebhookFailure) throw error;
      if (error instanceof JsonError)
        throw new WebhookFailure(`couldn't get version/kind; json parse error: ${error.message}`);
      const why = signal?.aborted ? 'canceled' : limit.signal.aborted ? 'timeout' : undefined;
      throw callFailure(`${urlOf(clientConfig)}?${query}`, error, why);
    } finally {
      limit.end();
    }
  }

  #clientOf(config: WebhookClientConfig, user: WebhookUser = {}): WebhookClient {
    const key = createHash('sha256')
      .update(JSON.stringify([urlOf(config), config.caBundle, user]))
      .digest('base64');
    const client = this.#clients.get(key) ?? new WebhookClient({ ...targetOf(config), ...user }, limits);
    this.#clients.delete(key);
    this.#clients.set(key, client);
    if (this.#clients.size > maxClients) {
      const [oldest] = this.#clients;
      if (oldest !== undefined) {
        this.#clients.delete(oldest[0]);
        oldest[1].retire();
      }
    }
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}

/** What is asked, as errors name it: a Service by its name in the cluster. */
function urlOf({ url = '', service }: WebhookClientConfig): string {
  if (service === undefined) return url;
  const { name, namespace, port = 443, path = '/' } = service;
  return `https://${name}.${namespace}.svc:${port}${path.startsWith('/') ? path : `/${path}`}`;
}

/** `hook.shop.svc:443`: which server that is, by what users are named after. Undefined: none. */
export function hostPortOf(config: WebhookClientConfig): string | undefined {
  const url = urlOf(config);
  if (!URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || 443}`;
}

/** Throws a WebhookFailure for what nobody can be asked by. */
function targetOf(config: WebhookClientConfig) {
  const url = urlOf(config);
  if (url === '')
    throw new WebhookFailure('webhook configuration must have either service or URL', { isUnusable: true });
  if (!URL.canParse(url)) throw new WebhookFailure(`Unparsable URL: ${url}`, { isUnusable: true });
  const { caBundle } = config;
  if (!caBundle) return { url };
  const certificateAuthority = Buffer.from(caBundle, 'base64').toString();
  try {
    new X509Certificate(certificateAuthority);
  } catch {
    throw new WebhookFailure('unable to load root certificates: unable to parse bytes as PEM block', {
      isUnusable: true,
    });
  }
  return { url, certificateAuthority };
}

/** Aborts after that time, or with `signal`. `end` leaves nothing of it behind. */
function limitedTime(ms: number, signal: AbortSignal | undefined): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const abort = () => controller.abort();
  const timer = setTimeout(abort, ms);
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}

/** What `work` comes to, unless the signal aborts first. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((settle, reject) => {
    const abort = () => reject(new Error('aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(settle, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
