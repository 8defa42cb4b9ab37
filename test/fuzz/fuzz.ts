/** Throws hostile requests at an API server and says which of them it did not take well. */

import https from 'node:https';
import fc from 'fast-check';
import type { Connection } from '../../client/connection.ts';
import { heavyRequests } from './heavy-requests.ts';
import { type FuzzRequest, fuzzRequest } from './requests.ts';
import { readRequests, shapedRequest } from './shaped-requests.ts';

/** Nobody may hold the event loop for longer. */
const patienceMs = 1000;

export interface Answer {
  readonly code: number;
  readonly text: string;
  readonly ms: number;
}

export class Fuzzer {
  readonly #agent: https.Agent;
  readonly #server: URL;

  constructor(connection: Connection) {
    this.#server = new URL(connection.servers[0] ?? '');
    this.#agent = new https.Agent({
      keepAlive: true,
      ca: connection.certificateAuthority,
      cert: connection.clientCertificate,
      key: connection.clientKey,
    });
  }

  /** Fails, with the smallest request that does it, when an answer is wrong. `runs` requests from `seed` on. */
  async run(options: { readonly runs: number; readonly seed: number; readonly endBy?: number }): Promise<void> {
    const any = fc.oneof(fuzzRequest, { weight: 2, arbitrary: shapedRequest });
    const property = fc.asyncProperty(any, async (request) => this.check(request));
    await fc.assert(property, {
      numRuns: options.runs,
      seed: options.seed,
      endOnFailure: true,
      ...(options.endBy !== undefined && { interruptAfterTimeLimit: options.endBy, markInterruptAsFailure: false }),
    });
  }

  async runHeavy(): Promise<void> {
    for (const request of heavyRequests()) await this.check(request);
  }

  /** Whatever got stored can be listed and shown. */
  async readAll(): Promise<void> {
    for (const request of readRequests()) {
      const { code, text } = await this.send(request);
      if (code !== 200) throw new Error(`${code} ${text.slice(0, 500)} for ${request.path}`);
    }
  }

  /** While the request runs, a light one must be answered too: the event loop is held by nobody. */
  async check(request: FuzzRequest): Promise<void> {
    const [answer, light] = await Promise.all([
      this.send(request),
      this.send({ method: 'GET', path: '/livez', headers: {} }),
    ]);
    const shown = `${request.method} ${request.path.slice(0, 300)} ${JSON.stringify(request.headers)} ${request.body?.toString().slice(0, 400) ?? ''}`;
    // 501/503: the answers of log, exec and proxy about a node that is not there.
    if (answer.code >= 500 && answer.code !== 503)
      throw new Error(`${answer.code} ${answer.text.slice(0, 500)} for ${shown}`);
    if (answer.code >= 400 && request.method !== 'HEAD' && !isStatus(answer.text)) {
      throw new Error(`${answer.code} without a Status (${answer.text.slice(0, 200)}) for ${shown}`);
    }
    if (light.code !== 200) throw new Error(`/livez said ${light.code} during ${shown}`);
    if (light.ms > patienceMs && (await this.#holdsOthersUp(request))) {
      throw new Error(`/livez took ${light.ms} ms during ${shown}`);
    }
  }

  /** A busy machine is slow once; what holds the event loop does it each time. */
  async #holdsOthersUp(request: FuzzRequest): Promise<boolean> {
    for (let round = 0; round < 2; round += 1) {
      const heavy = this.send(request);
      const light = await this.send({ method: 'GET', path: '/livez', headers: {} });
      await heavy;
      if (light.ms <= patienceMs) return false;
    }
    return true;
  }

  send({ method, path, headers, body }: FuzzRequest): Promise<Answer> {
    const begin = performance.now();
    return new Promise((resolve, reject) => {
      const request = https.request(
        {
          host: this.#server.hostname,
          port: this.#server.port,
          method,
          path,
          agent: this.#agent,
          headers: { ...headers, ...(body && { 'content-length': body.length }) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              code: response.statusCode ?? 0,
              text: Buffer.concat(chunks).toString(),
              ms: performance.now() - begin,
            }),
          );
        },
      );
      // A server may close while it refuses a body that is too large; that it lives is asked next.
      request.on('error', (error) =>
        body && body.length > 1e6 ? resolve({ code: 413, text: '{"kind":"Status"}', ms: 0 }) : reject(error),
      );
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Unknown top-level paths and bad URLs are answered in plain text, as upstream does. */
function isStatus(text: string): boolean {
  return text.startsWith('404 page not found') || /"kind": ?"Status"/.test(text);
}
