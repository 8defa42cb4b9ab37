/** A webhook that authorizes, on this machine: HTTPS with client certificates, whatever verdicts a test wants. */

import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { listeningPort } from '../../base/listening-port.ts';

/** The spec of a review, as it came. */
export type Question = Readonly<Record<string, unknown>>;
/** The status of the answer; undefined: there is none, for ever. */
export type Decide = (question: Question) => object | undefined;

export class AuthorizationWebhook {
  readonly url: string;
  readonly questions: Question[] = [];
  readonly #server: Server;
  readonly #authority: KeyPair;
  decide: Decide = () => ({ allowed: false });

  private constructor(server: Server, authority: KeyPair) {
    this.#server = server;
    this.#authority = authority;
    this.url = `https://127.0.0.1:${listeningPort(server)}/authorize`;
  }

  static async start(): Promise<AuthorizationWebhook> {
    const authority = await createAuthority('webhook-ca');
    const serving = { commonName: 'webhook', ipAddresses: ['127.0.0.1'], usages: ['server'] } as const;
    const { certificate: cert, key } = await issueCertificate(authority, serving);
    const trust = { ca: authority.certificate, requestCert: true, rejectUnauthorized: true };
    const server = createServer({ cert, key, ...trust }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const webhook = new AuthorizationWebhook(server, authority);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const review = JSON.parse(Buffer.concat(chunks).toString());
        webhook.questions.push(review.spec);
        const status = webhook.decide(review.spec);
        if (status === undefined) return;
        response.writeHead(201, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ ...review, status }));
      });
    });
    return webhook;
  }

  /** A kubeconfig at `path`, with a client certificate that the webhook takes. */
  async writeKubeconfig(path: string): Promise<void> {
    const client = await issueCertificate(this.#authority, { commonName: 'apiserver', usages: ['client'] });
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const kubeconfig = {
      'current-context': 'webhook',
      contexts: [{ name: 'webhook', context: { cluster: 'webhook', user: 'apiserver' } }],
      clusters: [
        {
          name: 'webhook',
          cluster: { server: this.url, 'certificate-authority-data': base64(this.#authority.certificate) },
        },
      ],
      users: [
        {
          name: 'apiserver',
          user: {
            'client-certificate-data': base64(client.certificate),
            'client-key-data': base64(client.key),
          },
        },
      ],
    };
    await rm(path, { force: true });
    await writeFile(path, JSON.stringify(kubeconfig), { mode: 0o600 });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
