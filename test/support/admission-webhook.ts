/** An admission webhook of the tests' own, with a certificate of its own authority: it says what each path is told to say. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issueCertificate } from '../../base/certificates.ts';

export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: {
    readonly uid: string;
    readonly operation: string;
    readonly name?: string;
    readonly namespace?: string;
    readonly subResource?: string;
    readonly dryRun: boolean;
    readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
    readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
    readonly requestKind: { readonly group: string; readonly version: string; readonly kind: string };
    readonly userInfo: { readonly username: string };
    /** Of a ConversionReview, with the version that they are wanted in. */
    readonly objects?: readonly Readonly<Record<string, unknown>>[];
    readonly desiredAPIVersion?: string;
    // biome-ignore lint/suspicious/noExplicitAny: objects of all kinds are looked into
    readonly object: any;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    readonly oldObject: any;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    readonly options: any;
  };
}

/** What the members of the response are, beside the uid; a function answers by itself. */
export type Behaviour = (review: Review) => object;
export type RawBehaviour = (response: ServerResponse, request: IncomingMessage) => void;

export const patchOf = (operations: readonly object[]) => ({
  ...{ allowed: true, patchType: 'JSONPatch' },
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

export interface AdmissionWebhookOptions {
  readonly address?: string;
  /** Names that its certificate is for. */
  readonly names?: readonly string[];
}

export class AdmissionWebhook {
  readonly #server: https.Server;
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #raw = new Map<string, RawBehaviour>();
  readonly url: string;
  /** As configurations have it. */
  readonly caBundle: string;
  /** Every review that came, in their order. */
  readonly reviews: Review[] = [];
  connections = 0;

  private constructor(server: https.Server, url: string, caBundle: string) {
    this.#server = server;
    this.url = url;
    this.caBundle = caBundle;
    server.on('secureConnection', () => {
      this.connections += 1;
    });
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async start({ address = '127.0.0.1', names = [] }: AdmissionWebhookOptions = {}): Promise<AdmissionWebhook> {
    const authority = await createAuthority('webhooks');
    const { certificate: cert, key } = await issueCertificate(authority, {
      ...{ commonName: 'webhook', ipAddresses: [address], dnsNames: [...names], usages: ['server'] },
    });
    const server = https.createServer({ cert, key }).listen(0, address);
    await once(server, 'listening');
    // It listens on a port.
    const { port } = server.address() as AddressInfo;
    return new AdmissionWebhook(
      server,
      `https://${address}:${port}`,
      Buffer.from(authority.certificate).toString('base64'),
    );
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  on(path: string, behaviour: Behaviour): void {
    this.#behaviours.set(path, behaviour);
  }

  onRaw(path: string, behaviour: RawBehaviour): void {
    this.#raw.set(path, behaviour);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const raw = this.#raw.get(path);
    if (raw !== undefined) return raw(response, request);
    let body = '';
    for await (const chunk of request) body += chunk;
    const review: Review = JSON.parse(body);
    this.reviews.push(review);
    const { apiVersion, kind } = review;
    const behaviour = this.#behaviours.get(path) ?? (() => ({ allowed: true }));
    const answer = { apiVersion, kind, response: { uid: review.request.uid, ...behaviour(review) } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
