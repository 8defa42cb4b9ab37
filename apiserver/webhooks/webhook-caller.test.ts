import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { WebhookCaller } from './webhook-caller.ts';
import { WebhookFailure } from './webhook-failure.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('calls of webhooks', () => {
  const caller = new WebhookCaller({ objects: { find: async () => undefined, all: async () => [] } });
  let authority: KeyPair;
  let server: https.Server;
  let url: string;
  let connections = 0;
  let answer: (response: ServerResponse) => void;

  before(async () => {
    authority = await createAuthority('webhooks');
    const { certificate: cert, key } = await issueCertificate(authority, {
      ...{ commonName: 'hook', ipAddresses: ['127.0.0.1'], usages: ['server'] },
    });
    server = https.createServer({ cert, key }, (request, response) => {
      request.resume();
      request.on('end', () => answer(response));
    });
    server.on('secureConnection', () => {
      connections += 1;
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    // It listens on a port.
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
  });
  after(() => {
    caller.close();
    server.closeAllConnections();
    server.close();
  });

  const call = (more: object = {}, limits: object = {}) =>
    caller.call({
      clientConfig: { url, caBundle: base64(authority.certificate), ...more },
      body: '{}',
      timeoutMs: 20_000,
      ...limits,
    });
  const yes = (response: ServerResponse) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":1}');

  const isFailure = (why: RegExp) => (error: unknown) => error instanceof WebhookFailure && why.test(error.message);

  it('keep their connection, and make another when the webhook has closed it', async () => {
    answer = yes;
    for (let i = 0; i < 3; i += 1) assert.deepEqual(await call(), { a: 1 });
    assert.equal(connections, 1);
    server.closeIdleConnections();
    assert.deepEqual(await call(), { a: 1 });
    assert.equal(connections, 2);
  });

  it('are not made again once their answer has begun', async () => {
    let asked = 0;
    answer = (response) => {
      asked += 1;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
      response.write('{', () => response.destroy());
    };
    await assert.rejects(call(), /unexpected error when reading response body.*unexpected EOF$/);
    assert.equal(asked, 1);
  });

  it('end at once when the webhook changes the protocol, or answers with more than is allowed', async () => {
    answer = (response) =>
      void response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    await assert.rejects(call(), isFailure(/status code 101/));
    answer = (response) => void response.writeHead(200).end(`["${'x'.repeat(1000)}"]`);
    await assert.rejects(call({}, { maxAnswerBytes: 999 }), isFailure(/longer than 999 bytes/));
  });

  it('trust the authorities of their configuration, and no others', async () => {
    answer = yes;
    const other = await createAuthority('other');
    await assert.rejects(call({ caBundle: base64(other.certificate) }), isFailure(/signed by unknown authority$/));
    await assert.rejects(call({ caBundle: base64('no PEM') }), isFailure(/unable to parse bytes as PEM block$/));
  });

  it('name what is wrong with a configuration that names nobody', async () => {
    await assert.rejects(
      call({ url: undefined }),
      isFailure(/^webhook configuration must have either service or URL$/),
    );
    const service = { name: 'hook', namespace: 'a', path: '/x', port: 8443 };
    const why = /^Post "https:\/\/hook\.a\.svc:8443\/x\?timeout=20s": service "hook" not found$/;
    await assert.rejects(call({ url: undefined, service }), isFailure(why));
  });
});
