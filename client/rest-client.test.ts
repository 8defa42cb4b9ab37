import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { pods } from '../api/resources/core.ts';
import { isExpired, isNotFound, isRetryable, isUnauthorized, StatusError } from '../api/status-error.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../base/certificates.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import type { Client, WatchEvent } from './client.ts';
import { countRequests } from './request-metrics.ts';
import { createRestClient, createRestClientOver } from './rest-client.ts';
import { Transport } from './transport.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const key = { namespace: 'default', name: 'web' };
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...key, uid: 'u', resourceVersion: '7' } };

function answer(response: ServerResponse, code: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const status = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  code,
  reason,
  message: reason,
});

/** Sleeps are noted, not slept. */
function impatientClock(sleeps: number[]): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: async (ms) => {
      sleeps.push(ms);
    },
  };
}

describe('rest client', () => {
  let authority: KeyPair;
  let serving: KeyPair;
  const closers: (() => Promise<unknown>)[] = [];
  before(async () => {
    authority = await createAuthority('test');
    serving = await issueCertificate(authority, { commonName: 'x', ipAddresses: ['127.0.0.1'], usages: ['server'] });
  });
  async function closeAll(): Promise<void> {
    for (const close of closers.splice(0)) await close();
  }
  afterEach(closeAll);
  after(closeAll);

  async function serve(handler: Handler): Promise<string> {
    const server = https.createServer({ cert: serving.certificate, key: serving.key }, handler);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(async () => {
      server.close();
      server.closeAllConnections();
    });
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('asks once for a new token where the server does not believe one, and sends the request again', async () => {
    const seen: string[] = [];
    let believed = 'Bearer second';
    const server = await serve((request, response) => {
      const { authorization = '' } = request.headers;
      seen.push(`${request.method} ${authorization}`);
      if (authorization === believed) answer(response, 201, pod);
      else answer(response, 401, status(401, 'Unauthorized'));
    });
    const connection = { servers: [server], certificateAuthority: authority.certificate };
    const transport = new Transport(connection, { clock: systemClock, logger: silentLogger });
    closers.push(async () => transport.close());
    const given = ['first', 'second'];
    const tokens = {
      current: async () => given[0] ?? 'last',
      refused: (token: string) => given.splice(0, given[0] === token ? 1 : 0),
    };
    const client = createRestClientOver(transport, { userAgent: 'test', logger: silentLogger, tokens });
    await client.create(pods, { metadata: key, spec: { containers: [] } });
    assert.deepEqual(seen.splice(0), ['POST Bearer first', 'POST Bearer second']);
    believed = 'none';
    await assert.rejects(client.create(pods, { metadata: key, spec: { containers: [] } }), isUnauthorized);
    assert.deepEqual(seen, ['POST Bearer second', 'POST Bearer last']);
  });

  function connect(servers: string[], options: { timeoutMs?: number; sleeps?: number[]; token?: string } = {}): Client {
    const { sleeps = [], token, ...rest } = options;
    const connection = { servers, certificateAuthority: authority.certificate, ...(token !== undefined && { token }) };
    const clock = impatientClock(sleeps);
    const client = createRestClient(connection, { userAgent: 'test', logger: silentLogger, clock, ...rest });
    closers.push(() => client.close());
    return client;
  }

  it('asks for the right path, and says who it is', async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers['user-agent']} ${request.headers.authorization}`);
      answer(response, 200, { items: [pod], metadata: { resourceVersion: '9' } });
    });
    const client = connect([url], { token: 'secret' });
    const list = await client.list(pods, { namespace: 'default', labelSelector: 'a in (b,c)', limit: 5 });
    assert.equal(list.items[0]?.kind, 'Pod');
    assert.deepEqual(seen, [
      'GET /api/v1/namespaces/default/pods?labelSelector=a%20in%20(b%2Cc)&limit=5 test Bearer secret',
    ]);
  });

  it('tells of each request how it went, also of one that is sent again', async () => {
    let asked = 0;
    const server = await serve((_, response) => {
      asked += 1;
      if (asked === 1) answer(response, 429, status(429, 'TooManyRequests'), { 'retry-after': '1' });
      else answer(response, 200, pod);
    });
    const metrics = new Metrics();
    const client = createRestClient(
      { servers: [server], certificateAuthority: authority.certificate },
      { userAgent: 'test', logger: silentLogger, clock: impatientClock([]), onOutcome: countRequests(metrics) },
    );
    closers.push(() => client.close());
    await client.get(pods, key);
    await closeAll();
    await assert.rejects(client.get(pods, key));
    const host = new URL(server).host;
    const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('rest_client_requests_total{'));
    assert.deepEqual(lines, [
      `rest_client_requests_total{code="429",method="GET",host="${host}"} 1`,
      `rest_client_requests_total{code="200",method="GET",host="${host}"} 1`,
      'rest_client_requests_total{code="<error>",method="GET",host=""} 1',
    ]);
  });

  it('throws what the server says as StatusError, whether or not it is a Status', async () => {
    const url = await serve((request, response) => {
      if (request.url?.includes('other')) response.writeHead(502).end('<html>bad gateway</html>');
      else answer(response, 404, status(404, 'NotFound'));
    });
    const client = connect([url]);
    await assert.rejects(client.get(pods, key), isNotFound);
    await assert.rejects(client.get(pods, { ...key, name: 'other' }), (error) => {
      assert.ok(error instanceof StatusError && isRetryable(error));
      assert.match(error.message, /bad gateway/);
      return true;
    });
  });

  it('logs what the server warns of once, however often it is said', async () => {
    const url = await serve((_, response) => {
      response.setHeader('warning', '299 - "it is deprecated"');
      answer(response, 200, pod);
    });
    const lines: unknown[] = [];
    const logger = { ...silentLogger, warn: (_: string, fields?: object) => lines.push(fields) };
    const connection = { servers: [url], certificateAuthority: authority.certificate };
    const client = createRestClient(connection, { userAgent: 'test', logger });
    closers.push(() => client.close());
    await client.get(pods, key);
    await client.get(pods, key);
    assert.deepEqual(lines, [{ text: 'it is deprecated' }]);
  });

  it('goes to the next server when one is out of reach, and stays there', async () => {
    const dead = await serve(() => {});
    await closeAll();
    let requests = 0;
    const alive = await serve((_, response) => {
      requests += 1;
      answer(response, 200, pod);
    });
    const client = connect([dead, alive]);
    await client.create(pods, { metadata: key });
    await client.get(pods, key);
    assert.equal(requests, 2);
  });

  it('says that no server can be reached, and why', async () => {
    const dead = await serve(() => {});
    await closeAll();
    await assert.rejects(connect([dead]).get(pods, key), (error) => {
      assert.ok(isRetryable(error));
      assert.match(error.message, /out of reach: 127\.0\.0\.1:\d+: connection refused/);
      return true;
    });
  });

  it('never sends a write twice that a server may have seen, but reads again', async () => {
    let requests = 0;
    const url = await serve((request) => {
      requests += 1;
      request.socket.destroy();
    });
    const client = connect([url, url]);
    await assert.rejects(client.create(pods, { metadata: key }), isRetryable);
    assert.equal(requests, 1);
    await assert.rejects(client.get(pods, key), isRetryable);
    assert.equal(requests, 4);
  });

  it('waits as 429 asks, whatever the request, and as 503 asks only to read', async () => {
    let left = 2;
    let code = 429;
    const url = await serve((_, response) => {
      left -= 1;
      if (left >= 0) answer(response, code, status(code, 'Busy'), { 'retry-after': '3' });
      else answer(response, 200, pod);
    });
    const sleeps: number[] = [];
    const client = connect([url], { sleeps });
    await client.create(pods, { metadata: key });
    assert.deepEqual(sleeps, [3000, 3000]);
    [left, code] = [1, 503];
    await client.get(pods, key);
    assert.equal(sleeps.length, 3);
    left = 1;
    await assert.rejects(client.delete(pods, key), (error) => error instanceof StatusError && error.code === 503);
  });

  it('gives up a server that does not answer in time', async () => {
    const url = await serve(() => {});
    await assert.rejects(connect([url], { timeoutMs: 100 }).delete(pods, key), /no answer within/);
  });

  it('refuses a server whose certificate it does not trust', async () => {
    const url = await serve((_, response) => answer(response, 200, pod));
    const options = { userAgent: 'test', logger: silentLogger };
    const client = createRestClient({ servers: [url] }, options);
    closers.push(() => client.close());
    await assert.rejects(client.get(pods, key), /unable to verify the first certificate/);
  });

  it('reads a watch line by line, however it is cut into pieces', async () => {
    const bookmark = {
      kind: 'Pod',
      metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
    };
    const lines = [
      { type: 'ADDED', object: { ...pod, metadata: { ...pod.metadata, labels: { text: 'häßlich' } } } },
      { type: 'BOOKMARK', object: bookmark },
      { type: 'DELETED', object: pod },
    ];
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const url = await serve((_, response) => {
      response.writeHead(200);
      for (let i = 0; i < bytes.length; i += 7) response.write(bytes.subarray(i, i + 7));
      response.end();
    });
    const seen: WatchEvent<object>[] = [];
    const { signal } = new AbortController();
    for await (const event of connect([url]).watch(pods, { sendInitialEvents: true, signal })) seen.push(event);
    assert.deepEqual(seen, [lines[0], { type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: true }, lines[2]]);
  });

  it('ends a watch quietly when it is told to, and throws what the server says', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200);
      const object = request.url?.includes('resourceVersion=1') ? status(410, 'Expired') : undefined;
      if (object) response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      else response.flushHeaders();
    });
    const client = connect([url]);
    const stop = new AbortController();
    const watch = client.watch(pods, { signal: stop.signal })[Symbol.asyncIterator]();
    const next = watch.next();
    setTimeout(() => stop.abort(), 50);
    assert.equal((await next).done, true);
    await assert.rejects(async () => {
      for await (const _ of client.watch(pods, { resourceVersion: '1', signal: new AbortController().signal }))
        assert.fail();
    }, isExpired);
  });
});
