/**
 * The client of the API: requests and watches in JSON over `transport.ts`, refusals as `StatusError`.
 *
 * What is sent again, and when:
 * - a request that no server saw, and a read that failed: at once, to the next server (in `transport.ts`);
 * - 429: after `Retry-After`, whatever the request, because the server did not look at it;
 * - 503 with `Retry-After`: only reads, because a write may have happened;
 * - 401, where tokens can be asked for: once, with a new token;
 * - all within the request's time-out and a bounded number of attempts.
 */

import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { initialEventsEndAnnotation } from '../api/labels.ts';
import type { KubernetesObject, ObjectKey, Stored } from '../api/object.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { type Status, StatusError, serviceUnavailable } from '../api/status-error.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/logger.ts';
import type { TokenSource } from './account-token.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ObjectList,
  PatchType,
  RawOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import type { Connection } from './connection.ts';
import { readText, refusal, retryAfterMs } from './http-answer.ts';
import { readLines } from './read-lines.ts';
import type { RequestOutcome } from './request-metrics.ts';
import { collectionPath, objectPath, queryString } from './resource-path.ts';
import { Transport, type TransportRequest } from './transport.ts';

export interface RestClientOptions {
  /** Who is calling: the component's name. */
  readonly userAgent: string;
  readonly logger: Logger;
  /** For one request with its retries. Default: the connection's, or 30 s. */
  readonly timeoutMs?: number;
  /** Called with the text of each `Warning:` header. Default: each text is logged once, as it comes with every answer. */
  readonly onWarning?: (text: string) => void;
  /** Called once for each request that was sent, when the head of its answer is there, or when none will come. */
  readonly onOutcome?: (outcome: RequestOutcome) => void;
  readonly clock?: Clock;
}

interface Request {
  readonly body?: unknown;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly stream?: boolean;
}

const maxAttempts = 6;
/** More different ones than that are not worth a log's space. */
const maxWarnings = 100;
/** API servers send a bookmark about every minute, so a watch that is silent for longer hangs. */
const watchIdleTimeoutMs = 150_000;

const patchTypes: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

export function createRestClient(connection: Connection, options: RestClientOptions): Client {
  const { clock = systemClock, logger } = options;
  const transport = new Transport(connection, { clock, logger });
  return new RestClient({ transport, ...options, close: () => transport.close() });
}

/** Over connections that others use, too: closing it leaves them open. */
export function createRestClientOver(
  transport: Transport,
  options: RestClientOptions & { readonly tokens: TokenSource },
): Client {
  return new RestClient({ transport, ...options, close: () => {} });
}

interface RestClientParts extends RestClientOptions {
  readonly transport: Transport;
  readonly tokens?: TokenSource;
  close(): void;
}

class RestClient implements Client {
  readonly #transport: Transport;
  readonly #tokens: TokenSource | undefined;
  readonly #close: () => void;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #userAgent: string;
  readonly #onWarning: (text: string) => void;
  readonly #onOutcome: (outcome: RequestOutcome) => void;
  /** Texts that were logged. */
  readonly #warnings = new Set<string>();

  constructor(parts: RestClientParts) {
    const { transport, tokens, close, userAgent, logger, timeoutMs = transport.timeoutMs, clock = systemClock } = parts;
    this.#transport = transport;
    this.#tokens = tokens;
    this.#close = close;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#userAgent = userAgent;
    this.#onOutcome = parts.onOutcome ?? (() => undefined);
    this.#onWarning = parts.onWarning ?? ((text) => this.#logOnce(text, logger));
  }

  async get<T extends KubernetesObject>(kind: Resource<T>, key: ObjectKey): Promise<Stored<T>> {
    return await this.#json('GET', objectPath(kind, key));
  }

  async list<T extends KubernetesObject>(kind: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, ...parameters } = options;
    const path = collectionPath(kind, namespace) + queryString(parameters);
    const list = await this.#json<{ items: Stored<T>[] | null; metadata: ObjectList<T>['metadata'] }>('GET', path);
    const type = typeOf(kind);
    return { items: (list.items ?? []).map((item) => ({ ...type, ...item })), metadata: list.metadata };
  }

  async *watch<T extends KubernetesObject>(kind: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { signal } = options;
    try {
      const response = await this.#open('GET', watchPath(kind, options), { signal, stream: true });
      for await (const line of readLines(response, watchIdleTimeoutMs)) yield decodeWatchEvent<T>(line);
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof StatusError ? error : brokenWatch(kind, error);
    }
  }

  async create<T extends KubernetesObject>(
    kind: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    const path = collectionPath(kind, object.metadata?.namespace) + queryString(writeParameters(options));
    return await this.#json('POST', path, { body: { ...typeOf(kind), ...object } });
  }

  async update<T extends KubernetesObject>(
    kind: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    const { namespace, name = '' } = object.metadata ?? {};
    const path = objectPath(kind, { namespace, name }, options.subresource) + queryString(writeParameters(options));
    return await this.#json('PUT', path, { body: { ...typeOf(kind), ...object } });
  }

  async patch<T extends KubernetesObject>(
    kind: Resource<T>,
    key: ObjectKey,
    patch: { readonly type: PatchType; readonly body: unknown; readonly force?: boolean },
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    const parameters = { ...writeParameters(options), force: patch.force };
    return await this.#json('PATCH', objectPath(kind, key, options.subresource) + queryString(parameters), {
      body: patch.body,
      headers: { 'content-type': patchTypes[patch.type] },
    });
  }

  async delete<T extends KubernetesObject>(
    kind: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#text('DELETE', objectPath(kind, key), { body: deleteBody(options) });
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Resource<T>,
    options: ListOptions & Pick<DeleteOptions, 'gracePeriodSeconds' | 'propagationPolicy'>,
  ): Promise<void> {
    const { namespace, gracePeriodSeconds, propagationPolicy, ...parameters } = options;
    await this.#text('DELETE', collectionPath(kind, namespace) + queryString(parameters), {
      body: deleteBody({ gracePeriodSeconds, propagationPolicy }),
    });
  }

  async createSubresource<T extends KubernetesObject>(
    kind: Resource<T>,
    key: ObjectKey,
    subresource: string,
    body: KubernetesObject,
  ): Promise<unknown> {
    return await this.#json('POST', objectPath(kind, key, subresource), { body });
  }

  async raw(method: string, path: string, options: RawOptions = {}): Promise<{ code: number; text: string }> {
    return await this.#text(method, path, options);
  }

  async stream(path: string, signal: AbortSignal, headers: RawOptions['headers'] = {}): Promise<Readable> {
    return await this.#open('GET', path, { signal, headers, stream: true });
  }

  async close(): Promise<void> {
    this.#close();
  }

  async #json<Answer>(method: string, path: string, request: Request = {}): Promise<Answer> {
    const { text } = await this.#text(method, path, request);
    try {
      // What the API answers to this request: the server is trusted to keep to its own schema.
      return JSON.parse(text) as Answer;
    } catch (error) {
      throw serviceUnavailable(`The answer to ${method} ${path} is not JSON`, error);
    }
  }

  async #text(method: string, path: string, request: Request = {}): Promise<{ code: number; text: string }> {
    const response = await this.#open(method, path, request);
    return { code: response.statusCode ?? 0, text: await readText(response) };
  }

  /** Sends until the server agrees or refuses for good; returns the head of a 2xx answer. */
  async #open(method: string, path: string, request: Request): Promise<IncomingMessage> {
    const deadline = this.#clock.monotonic() + this.#timeoutMs;
    const body = encodeBody(request.body);
    const headers = {
      'user-agent': this.#userAgent,
      accept: 'application/json, */*',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...request.headers,
    };
    for (let attempt = 1; ; attempt += 1) {
      const timeoutMs = Math.max(1, deadline - this.#clock.monotonic());
      const { signal, stream = false } = request;
      const token = await this.#tokens?.current();
      const sent = token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
      const response = await this.#send({ method, path, headers: sent, body, signal, stream, timeoutMs });
      this.#warn(response);
      const code = response.statusCode ?? 0;
      if (code >= 200 && code < 300) return response;
      const error = refusal(code, await readText(response));
      if (code === 401 && token !== undefined) this.#tokens?.refused(token);
      const waitMs = code === 401 && token !== undefined && attempt === 1 ? 0 : retryAfterMs(response, method, code);
      const again = waitMs !== undefined && attempt < maxAttempts && this.#clock.monotonic() + waitMs < deadline;
      if (!again || signal?.aborted) throw error;
      await this.#clock.sleep(waitMs, signal);
    }
  }

  async #send(request: TransportRequest): Promise<IncomingMessage> {
    const { method } = request;
    try {
      const response = await this.#transport.send(request);
      const { remoteAddress = '', remotePort = '' } = response.socket;
      this.#onOutcome({ method, code: response.statusCode, host: `${remoteAddress}:${remotePort}` });
      return response;
    } catch (error) {
      this.#onOutcome({ method, code: undefined, host: '' });
      throw error;
    }
  }

  #logOnce(text: string, logger: Logger): void {
    if (this.#warnings.has(text) || this.#warnings.size >= maxWarnings) return;
    this.#warnings.add(text);
    logger.warn('The API server warns', { text });
  }

  #warn(response: IncomingMessage): void {
    for (const [, text] of (response.headers.warning ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
      this.#onWarning((text ?? '').replace(/\\(.)/g, '$1'));
    }
  }
}

function watchPath(kind: Resource, options: WatchOptions): string {
  const { namespace, signal: _, sendInitialEvents, ...parameters } = options;
  return (
    collectionPath(kind, namespace) +
    queryString({
      watch: true,
      allowWatchBookmarks: true,
      ...parameters,
      ...(sendInitialEvents && { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' }),
    })
  );
}

type WireEvent<T extends KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Stored<T> }
  | { readonly type: 'ERROR'; readonly object: Status };

function decodeWatchEvent<T extends KubernetesObject>(line: string): WatchEvent<T> {
  // A watch of a resource answers with objects of that resource; they are too many to be checked one by one.
  const event = JSON.parse(line) as WireEvent<T>;
  if (event.type === 'ERROR') throw StatusError.from(event.object);
  if (event.type !== 'BOOKMARK') return { type: event.type, object: event.object };
  const { resourceVersion, annotations } = event.object.metadata;
  return {
    type: 'BOOKMARK',
    resourceVersion,
    initialEventsEnd: annotations?.[initialEventsEndAnnotation] === 'true',
  };
}

const brokenWatch = (kind: Pick<Resource, 'plural'>, error: unknown): StatusError =>
  serviceUnavailable(`The watch of ${kind.plural} broke: ${errorText(error)}`, error);

const typeOf = (kind: Pick<Resource, 'group' | 'version' | 'kind'>): { apiVersion: string; kind: string } => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
});

type WriteParameters = Record<string, string | undefined>;

const writeParameters = ({ fieldManager, dryRun, fieldValidation }: WriteOptions): WriteParameters => ({
  fieldManager,
  fieldValidation,
  dryRun: dryRun ? 'All' : undefined,
});

function deleteBody({ uid, resourceVersion, dryRun, ...options }: DeleteOptions): object {
  const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
  return { apiVersion: 'v1', kind: 'DeleteOptions', ...options, preconditions, dryRun: dryRun ? ['All'] : undefined };
}

/** Text is sent as it is: YAML, or JSON that the caller has written. */
function encodeBody(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}
