/** Requests as the recordings spell them: any method, path and headers, one answer with its code, headers and text. */

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { Connection } from '../../client/connection.ts';

export interface GoldenRequest {
  readonly method: string;
  readonly path: string;
  /** null takes a default header away. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly body?: string | undefined;
}

export interface GoldenAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON; undefined when it is none. */
  readonly json: unknown;
}

const patienceMs = 60_000;

export class GoldenConnection {
  readonly #server: URL;
  readonly #agent: https.Agent;

  /** `bare`: without our certificate. */
  constructor(connection: Connection, options: { readonly bare?: boolean } = {}) {
    const [server] = connection.servers;
    if (server === undefined) throw new Error('A connection names at least one server');
    this.#server = new URL(server);
    const { certificateAuthority, clientCertificate, clientKey } = connection;
    this.#agent = new https.Agent({
      keepAlive: true,
      maxSockets: 16,
      ...(certificateAuthority !== undefined && { ca: certificateAuthority }),
      ...(!options.bare && clientCertificate !== undefined && { cert: clientCertificate }),
      ...(!options.bare && clientKey !== undefined && { key: clientKey }),
    });
  }

  async request(request: GoldenRequest): Promise<GoldenAnswer> {
    const response = await this.open(request);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    return { code: response.statusCode ?? 0, headers: response.headers, text, json: parseJson(text) };
  }

  /** The answer's head; the body is the caller's to read. */
  open({ method, path, headers = {}, body }: GoldenRequest): Promise<IncomingMessage> {
    const all: OutgoingHttpHeaders = { 'user-agent': 'golden/1.0', accept: 'application/json' };
    for (const [name, value] of Object.entries(headers)) {
      if (value === null) delete all[name];
      else all[name] = typeof value === 'string' ? value : [...value];
    }
    if (body !== undefined) all['content-length'] = Buffer.byteLength(body);
    const { hostname: host, port } = this.#server;
    return new Promise((resolve, reject) => {
      const outgoing = https.request({ host, port, method, path, headers: all, agent: this.#agent }, resolve);
      outgoing.on('error', reject);
      outgoing.setTimeout(patienceMs, () => outgoing.destroy(new Error(`No answer to ${method} ${path}`)));
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // logs, "ok", "404 page not found": texts are answers too
  }
}
