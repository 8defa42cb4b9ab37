/**
 * Joins that must fail before anything secret is sent: the host speaks to servers that are not what they should be. Each
 * is told with its cause and its cure, and the secret of the token is in nothing that the servers were sent.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { listeningPort } from '../../base/listening-port.ts';
import { UserError } from '../../base/user-error.ts';
import { gitVersion } from '../../base/version.ts';
import { introductionData } from '../../cluster/joining/introduction.ts';
import { join } from '../../cluster/joining/join.ts';
import { authorityHashOf, formatJoinToken } from '../../cluster/joining/join-token.ts';

const secret = 'topsecrettopsecr';

interface Fake {
  /** Whose CA it shows; undefined: none, it is another web server. */
  readonly introduces?: string;
  readonly serving: KeyPair;
  readonly version?: string;
  readonly clockOffMs?: number;
}

interface RunningFake {
  readonly port: number;
  /** All bytes of all requests. */
  heard(): string;
  stop(): Promise<void>;
}

async function startFake({ introduces, serving, version = gitVersion, clockOffMs = 0 }: Fake): Promise<RunningFake> {
  let heard = '';
  const server = https.createServer({ cert: serving.certificate, key: serving.key }, (request, response) => {
    heard += `${request.method} ${request.url} ${JSON.stringify(request.rawHeaders)}\n`;
    response.setHeader('date', new Date(Date.now() + clockOffMs).toUTCString());
    const answer = (body: object) => response.end(JSON.stringify(body));
    if (introduces === undefined) return response.end('<html>hello</html>');
    if (request.url === '/version') return answer({ gitVersion: version });
    if (request.url?.endsWith('/cluster-info'))
      return answer({ kind: 'ConfigMap', data: introductionData('https://x', introduces) });
    response.statusCode = 401;
    return answer({ kind: 'Status', message: 'Unauthorized' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: listeningPort(server),
    heard: () => heard,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('joins that must fail', () => {
  let dataDir: string;
  let authority: KeyPair;
  let other: KeyPair;
  let serving: KeyPair;

  before(async () => {
    dataDir = await mkdtemp(joinPath(tmpdir(), 'longshore-join-'));
    [authority, other] = [await createAuthority('ours'), await createAuthority('theirs')];
    serving = await servingOf(authority);
  });
  after(() => rm(dataDir, { recursive: true, force: true }));

  const servingOf = (by: KeyPair, more: object = {}) =>
    issueCertificate(by, { commonName: 'kube-apiserver', ipAddresses: ['127.0.0.1'], usages: ['server'], ...more });
  const word = (text = secret) =>
    formatJoinToken({ id: 'abc123', secret: text, authorityHash: authorityHashOf(authority.certificate) });

  async function refusal(master: string | undefined, token: string | undefined = word()): Promise<string> {
    const options = {
      ...{
        dataDir,
        master,
        token,
        nodeName: 'w1',
        nodeIp: undefined,
        kubeletPort: 22199,
        foreground: true,
        nodeWords: [],
      },
      logLevel: 'error' as const,
    };
    const silent = { write: () => undefined };
    const startedAt = performance.now();
    const error: unknown = await join(options, {
      out: silent,
      errors: silent,
      signal: new AbortController().signal,
    }).then(
      () => assert.fail('It joined'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof UserError, String(error));
    assert.ok(!error.message.includes(secret));
    // The limits of all its steps together; a verdict that needs more waits for something that nobody limits.
    assert.ok(performance.now() - startedAt < 30_000, 'a verdict in time');
    assert.deepEqual(
      (await readdir(dataDir)).filter((name) => name !== 'longshore.log'),
      [],
      'nothing is left',
    );
    return error.message;
  }

  async function refusedBy(fake: Fake): Promise<{ readonly said: string; readonly heard: string }> {
    const running = await startFake(fake);
    try {
      return { said: await refusal(`127.0.0.1:${running.port}`), heard: running.heard() };
    } finally {
      await running.stop();
    }
  }

  it('what is no token', async () =>
    assert.match(await refusal('127.0.0.1', 'abc123.0123456789abcdef'), /no token for joining.*kubecfg token create/s));

  it('nothing to join', async () =>
    assert.match(await refusal(undefined), /no worker yet.*kubecfg join HOST --token/s));

  it('a name that does not resolve', async () =>
    assert.match(await refusal('nowhere.invalid'), /"nowhere.invalid" cannot be resolved.*Join by the address/s));

  it('a port that is closed', async () =>
    assert.match(await refusal('127.0.0.1:1'), /127.0.0.1:1 cannot be reached: connection refused.*kubecfg up/s));

  it('a server that does not speak TLS', async () => {
    const server = http.createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    assert.match(
      await refusal(`127.0.0.1:${listeningPort(server)}`),
      /is no API server of Longshore: .*does not speak TLS/,
    );
    server.close();
  });

  it('a server that says nothing', async () => {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    assert.match(
      await refusal(`127.0.0.1:${listeningPort(server)}`),
      /no API server of Longshore: no answer to the TLS/,
    );
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('another web server', async () => {
    const { said, heard } = await refusedBy({ serving: await servingOf(other) });
    assert.match(said, /is a web server, but no API server of Longshore.*kubecfg token create/s);
    assert.ok(!heard.includes(secret));
  });

  it('a server of another CA, who is sent nothing secret', async () => {
    const { said, heard } = await refusedBy({ introduces: other.certificate, serving: await servingOf(other) });
    assert.match(said, /another cluster, or somebody stands between.*secret was not sent.*kubecfg token create/s);
    assert.match(heard, /cluster-info/);
    assert.ok(!heard.includes(secret) && !/authorization/i.test(heard));
  });

  it('somebody between, who shows the right CA and cannot sign by it', async () => {
    const { said, heard } = await refusedBy({ introduces: authority.certificate, serving: await servingOf(other) });
    assert.match(said, /not signed by it.*somebody stands between.*secret was not sent/s);
    assert.ok(!heard.includes(secret) && !/authorization/i.test(heard));
  });

  it('a node of the cluster that plays the master: its certificate does not have the name', async () => {
    const node = await issueCertificate(authority, {
      commonName: 'system:node:w9',
      ipAddresses: ['192.0.2.9'],
      usages: ['server'],
    });
    const { said, heard } = await refusedBy({ introduces: authority.certificate, serving: node });
    assert.match(said, /does not name "127.0.0.1".*Join by one of the names/s);
    assert.ok(!heard.includes(secret));
  });

  it('a certificate that is over', async () => {
    const old = await issueCertificate(
      authority,
      { commonName: 'kube-apiserver', ipAddresses: ['127.0.0.1'], usages: ['server'], validForMs: 1_000 },
      Date.now() - 600_000,
    );
    const { said } = await refusedBy({ introduces: authority.certificate, serving: old });
    assert.match(said, /is over by the clock of this host.*timedatectl.*renew/s);
  });

  it('a clock that is off', async () => {
    const { said, heard } = await refusedBy({ introduces: authority.certificate, serving, clockOffMs: 3_600_000 });
    assert.match(said, /clock of this host is 3[56]\d\d s behind the master’s.*timedatectl/s);
    assert.ok(!heard.includes(secret));
  });

  it('a master that is older than this host', async () => {
    const version = 'v1.20.0+longshore.0.0.1';
    const { said, heard } = await refusedBy({ introduces: authority.certificate, serving, version });
    assert.match(said, /newer than the master’s.*upgrade the master/s);
    assert.ok(!heard.includes(secret));
  });

  it('an API server of another make', async () => {
    const { said, heard } = await refusedBy({ introduces: authority.certificate, serving, version: 'v1.36.2' });
    assert.match(said, /no API server of Longshore: it calls itself "v1.36.2"/);
    assert.ok(!heard.includes(secret));
  });

  it('a token that the cluster does not know, of which only then it hears', async () => {
    const { said, heard } = await refusedBy({ introduces: authority.certificate, serving });
    assert.match(said, /does not take the token abc123.*kubecfg token create/s);
    assert.match(heard, new RegExp(`"Bearer abc123.${secret}"`));
  });
});
