/** ConfigMaps as versioned registers: one request for one call, to one API server, and what its answer says. */

import https from 'node:https';
import type { Answer, Call } from './history.ts';

export interface ApiAccess {
  readonly certificateAuthority: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

interface HttpAnswer {
  readonly code: number;
  readonly body: string;
}

interface Shown {
  readonly metadata?: { readonly name?: string; readonly resourceVersion?: string };
  readonly data?: { readonly value?: string };
  readonly items?: readonly Shown[];
  readonly reason?: string;
  readonly message?: string;
}

export class ApiRegisters {
  readonly #agent: https.Agent;
  readonly #namespace: string;

  constructor(access: ApiAccess, namespace: string) {
    this.#namespace = namespace;
    this.#agent = new https.Agent({
      keepAlive: true,
      ca: access.certificateAuthority,
      cert: access.clientCertificate,
      key: access.clientKey,
    });
  }

  async perform(server: string, name: string, call: Call): Promise<Answer> {
    let answer: HttpAnswer;
    try {
      answer = await this.#send(server, name, call);
    } catch (error) {
      const isUnsent = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      return { type: isUnsent ? 'refused' : 'unknown' };
    }
    return answerOf(call, answer);
  }

  /** All registers at one moment: what a read of each of them would have answered. Undefined when the list failed. */
  async readAll(server: string, names: readonly string[]): Promise<ReadonlyMap<string, Answer> | undefined> {
    try {
      const { code, body } = await this.#request(server, 'GET', this.#path());
      if (code !== 200) return undefined;
      const items = new Map((JSON.parse(body) as Shown).items?.map((item) => [item.metadata?.name, item]));
      return new Map(names.map((name) => [name, shown(items.get(name))]));
    } catch {
      // A read that failed tells nothing.
      return undefined;
    }
  }

  /** A watch's answer: lines of events, until it breaks or `signal` aborts. */
  async *watch(server: string, after: number, signal: AbortSignal): AsyncGenerator<string> {
    const path = `${this.#path()}?watch=true&resourceVersion=${after}`;
    const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      https.get(`${server}${path}`, { agent: this.#agent, signal }, resolve).on('error', reject);
    });
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #path(name?: string): string {
    return `/api/v1/namespaces/${this.#namespace}/configmaps${name === undefined ? '' : `/${name}`}`;
  }

  async #send(server: string, name: string, call: Call): Promise<HttpAnswer> {
    const versioned = (expected?: number) => (expected === undefined ? {} : { resourceVersion: String(expected) });
    const object = (value: string, expected?: number) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, ...versioned(expected) },
      data: { value },
    });
    switch (call.type) {
      case 'read':
        return await this.#request(server, 'GET', this.#path(name));
      case 'create':
        return await this.#request(server, 'POST', this.#path(), object(call.value));
      case 'update':
        return await this.#request(server, 'PUT', this.#path(name), object(call.value, call.expected));
      case 'delete':
        return await this.#request(server, 'DELETE', this.#path(name), { preconditions: versioned(call.expected) });
    }
  }

  #request(server: string, method: string, path: string, body?: object): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      // Without a length Node sends the body of a DELETE as if it were the next request.
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const options = { method, agent: this.#agent, headers, timeout: 10_000 };
      const request = https.request(`${server}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
        response.on('error', reject);
        response.on('aborted', () => reject(new Error('The answer was cut off')));
      });
      request.on('timeout', () => request.destroy(new Error('No answer')));
      request.on('error', reject);
      request.end(text);
    });
  }
}

function answerOf(call: Call, { code, body }: HttpAnswer): Answer {
  const answer = JSON.parse(body) as Shown;
  if (code === 200 || code === 201) {
    if (call.type !== 'delete') return shown(answer);
    return { type: 'ok' };
  }
  if (code === 404) return { type: 'missing' };
  if (code === 409) return { type: answer.reason === 'AlreadyExists' ? 'exists' : 'conflict' };
  // Too many requests, or the store was out of reach before anything was sent to it.
  if (code === 429 || (code === 503 && /nothing was written/.test(answer.message ?? ''))) return { type: 'refused' };
  if (code >= 500) return { type: 'unknown' };
  throw new Error(`${call.type} was answered ${code}: ${body}`);
}

const shown = (object: Shown | undefined): Answer =>
  object === undefined
    ? { type: 'missing' }
    : { type: 'ok', value: object.data?.value, version: Number(object.metadata?.resourceVersion) };
