/** Throws hostile requests at an API server and says which of them it did not take well. */

import https from 'node:https';
import fc from 'fast-check';
import type { MeasuredApiServer, WaitReport } from '../support/measured-api-server.ts';
import { heavyRequests } from './heavy-requests.ts';
import { largeRequests, patched } from './large-requests.ts';
import { type FuzzRequest, fuzzRequest } from './requests.ts';
import { readRequests, shapedRequest } from './shaped-requests.ts';

/** Nobody may hold the event loop for longer; what is meant is 100 ms, on a machine that has nothing else to do. */
const patienceMs = 250;
/** A busy machine, or one that collects its garbage, is slow once; what holds the event loop does it each time. */
const attempts = 3;

export interface Answer {
  readonly code: number;
  readonly text: string;
  readonly ms: number;
}

export class Fuzzer {
  readonly #agent: https.Agent;
  readonly #server: URL;
  readonly #measured: MeasuredApiServer;
  #longest: WaitReport = { waitedMs: 0, delayMs: 0, heldMs: 0 };

  constructor(measured: MeasuredApiServer) {
    const { connection } = measured;
    this.#measured = measured;
    this.#server = new URL(connection.servers[0] ?? '');
    this.#agent = new https.Agent({
      keepAlive: true,
      ca: connection.certificateAuthority,
      cert: connection.clientCertificate,
      key: connection.clientKey,
    });
  }

  /** The longest that anything had to wait in the whole run. */
  get longest(): WaitReport {
    return this.#longest;
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
    for (const request of patched) await this.send(request);
    for (const request of [...heavyRequests(), ...largeRequests()]) await this.check(request);
  }

  /** Whatever got stored can be listed and shown. */
  async readAll(): Promise<void> {
    for (const request of readRequests()) {
      const { code, text } = await this.send(request);
      if (code !== 200) throw new Error(`${code} ${text.slice(0, 500)} for ${request.path}`);
    }
  }

  async check(request: FuzzRequest): Promise<void> {
    checkAnswer(request, await this.send(request));
    for (let attempt = 1; (await this.#heldMs()) > patienceMs; attempt += 1) {
      if (attempt === attempts) throw new Error(`The event loop was held for ${patienceMs} ms by ${shown(request)}`);
      await this.send(request);
    }
  }

  /** How long the event loop was held since it was asked last. */
  async #heldMs(): Promise<number> {
    const report = await this.#measured.longest();
    this.#longest = {
      waitedMs: Math.max(this.#longest.waitedMs, report.waitedMs),
      delayMs: Math.max(this.#longest.delayMs, report.delayMs),
      heldMs: Math.max(this.#longest.heldMs, report.heldMs),
    };
    return report.heldMs;
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

function checkAnswer(request: FuzzRequest, { code, text }: Answer): void {
  // 501/503: the answers of log, exec and proxy about a node that is not there.
  if (code >= 500 && code !== 503) throw new Error(`${code} ${text.slice(0, 500)} for ${shown(request)}`);
  // What is too long to be read at all (431) is refused before it is a request.
  if (code >= 400 && code !== 431 && request.method !== 'HEAD' && !isStatus(text)) {
    throw new Error(`${code} without a Status (${text.slice(0, 200)}) for ${shown(request)}`);
  }
}

function shown({ method, path, headers, body }: FuzzRequest): string {
  return `${method} ${path.slice(0, 300)} ${JSON.stringify(headers)} ${body?.toString('utf8', 0, 400) ?? ''}`;
}

/** In JSON, YAML or protobuf. Unknown top-level paths and bad URLs are answered in plain text, as upstream does. */
function isStatus(text: string): boolean {
  if (text.startsWith('k8s\0')) return text.slice(0, 20).includes('Status');
  return text.startsWith('404 page not found') || /"kind": ?"Status"|^kind: Status$/m.test(text);
}
