/**
 * Who may call a kubelet, and how somebody else would try to: resumed TLS sessions, certificates that are not the API
 * server's, requests that are none. The same sessions are tried on every TLS server of a cluster.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { pathToFileURL } from 'node:url';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { type CertificateRequest, createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { packageRoot } from '../../base/package-root.ts';
import { importSleeper, runningContainers } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';
import { type Asker, attemptSession, type SessionAttempt, type SessionOutcome } from '../support/session-attempt.ts';

const image = 'longshore-test/victim:1';
const namespace = 'default';
const kubeletPort = 10250;
const secrets = '/api/v1/namespaces/default/secrets';
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

describe('callers of a kubelet', { timeout: 240_000 }, () => {
  let cluster: LocalCluster;
  let authority: KeyPair;
  let apiServer: KeyPair;
  let admin: KeyPair;
  let nodeName: string;
  let nodeIp: string;
  let apiPort: number;

  before(async () => {
    await importSleeper(image);
    cluster = await LocalCluster.start({ flags: ['--no-demo'] });
    [authority, apiServer, admin] = (await Promise.all(['ca', 'apiserver-kubelet-client', 'admin'].map(readPair))) as [
      KeyPair,
      KeyPair,
      KeyPair,
    ];
    await cluster.client.create<Pod>(pods, {
      metadata: { namespace, name: 'victim' },
      spec: { containers: [{ name: 'c', image }], terminationGracePeriodSeconds: 0 },
    });
    await eventually(
      'the pod runs',
      async () => {
        const { status } = await cluster.client.get<Pod>(pods, { namespace, name: 'victim' });
        return status?.phase === 'Running';
      },
      { timeoutMs: 60_000 },
    );
    const { items } = await cluster.client.list<Node>(nodes);
    nodeName = items[0]?.metadata.name ?? '';
    nodeIp = items[0]?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
    apiPort = Number(/server: https:\/\/[^:]+:(\d+)/.exec(await readFile(cluster.kubeconfig, 'utf8'))?.[1]);
  });
  after(() => cluster?.remove());

  async function readPair(name: string): Promise<KeyPair> {
    const read = (ending: string) => readFile(join(cluster.dataDir, 'pki', `${name}.${ending}`), 'utf8');
    return { certificate: await read('crt'), key: await read('key') };
  }

  const askerOf = (pair: KeyPair | undefined): Asker => ({ cert: pair?.certificate, key: pair?.key });

  async function clientPair(commonName: string, request: Partial<CertificateRequest> = {}): Promise<KeyPair> {
    return await issueCertificate(authority, { commonName, usages: ['client'], ...request });
  }

  interface Ask {
    readonly as?: KeyPair | undefined;
    readonly method?: string;
    readonly headers?: Record<string, string>;
  }

  const askKubelet = (path: string, ask?: Ask): Promise<Answer> => askServer(kubeletPort, path, ask);

  function askServer(port: number, path: string, { as, method = 'GET', headers = {} }: Ask = {}): Promise<Answer> {
    const options = { ...askerOf(as), method, headers, agent: false, rejectUnauthorized: false };
    return new Promise((resolve, reject) => {
      const request = https.request(`https://127.0.0.1:${port}`, { ...options, path }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text, headers: response.headers }));
      });
      request.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ code: response.statusCode ?? 0, text: '', headers: response.headers });
      });
      request.on('error', reject).end();
    });
  }

  const spdy = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
  const webSocket = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'v4.channel.k8s.io',
  };

  describe('with a TLS session of before', () => {
    /** In the network of the pod, as a program in it would. */
    async function attemptInPod(attempt: SessionAttempt): Promise<SessionOutcome> {
      const [container] = (await runningContainers()).filter(({ pod }) => pod === 'victim');
      const pid = (await runProgram('docker', ['inspect', '-f', '{{.State.Pid}}', container?.id ?? ''])).trim();
      const module = pathToFileURL(join(packageRoot, 'test/support/session-attempt.ts')).href;
      const script = `const { attemptSession } = await import(${JSON.stringify(module)});
        console.log(JSON.stringify(await attemptSession(${JSON.stringify(attempt)})));`;
      const enter = [`--net=/proc/${pid}/ns/net`, process.execPath, '--import', 'tsx', '--input-type=module'];
      return JSON.parse(await runProgram('nsenter', [...enter, '-e', script])) as SessionOutcome;
    }

    for (const version of versions) {
      it(`are nobody to the kubelet, also in a pod (${version})`, async () => {
        const attempt = { host: nodeIp, port: kubeletPort, path: '/pods', version };
        for (const outcome of [await attemptSession(attempt), await attemptInPod(attempt)])
          assert.deepEqual([outcome.first, outcome.second, outcome.wasResumed], [401, 401, false]);
      });

      it(`are who their certificate says now, not who it said before (${version})`, async () => {
        const kubelet = { host: '127.0.0.1', port: kubeletPort, path: '/pods', version };
        const api = { host: '127.0.0.1', port: apiPort, path: secrets, version };
        const codes = async (attempt: SessionAttempt) => {
          const { first, second, wasResumed } = await attemptSession(attempt);
          return [first, second, wasResumed];
        };
        const jane = await clientPair('jane');
        assert.deepEqual(await codes({ ...kubelet, first: askerOf(apiServer) }), [200, 401, false]);
        assert.deepEqual(await codes({ ...kubelet, first: askerOf(apiServer), second: askerOf(jane) }), [
          200,
          403,
          false,
        ]);
        assert.deepEqual(await codes({ ...kubelet, second: askerOf(apiServer) }), [401, 200, false]);
        assert.deepEqual(await codes({ ...api, first: askerOf(admin) }), [200, 403, false]);
        assert.deepEqual(await codes({ ...api, first: askerOf(admin), second: askerOf(jane) }), [200, 403, false]);
        assert.deepEqual(await codes(api), [403, 403, false]);
      });

      it(`find no TLS server that resumes it (${version})`, async () => {
        const ports = await listeningPorts();
        const found: number[] = [];
        for (const port of ports) {
          // The ingress asks nobody who he is: a session says nothing there.
          if (port === 443 || !(await speaksTls(port))) continue;
          found.push(port);
          const attempt = { host: '127.0.0.1', port, path: '/', version, first: askerOf(admin) };
          assert.equal((await attemptSession(attempt)).wasResumed, false, `port ${port}`);
        }
        assert.ok(found.includes(apiPort) && found.includes(kubeletPort), `${found} of ${ports}`);
      });
    }

    /** All TCP ports of this network namespace. */
    async function listeningPorts(): Promise<number[]> {
      const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
      const rows = tables.flatMap((table) => table.trim().split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
      const listening = rows.filter(([, , , state]) => state === '0A');
      return [...new Set(listening.map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16)))];
    }

    function speaksTls(port: number): Promise<boolean> {
      return new Promise((resolve) => {
        const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
        socket.setTimeout(2_000, () => socket.destroy());
        socket.on('secureConnect', () => {
          resolve(true);
          socket.destroy();
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve(false));
      });
    }
  });

  describe('with a certificate', () => {
    const exec = `/exec/${namespace}/victim/c?command=id&output=1`;
    /** With the subresources of the node that stand for them. */
    const doors = [
      ['/pods', 'pods proxy'],
      ['/healthz', 'healthz proxy'],
      ['/metrics', 'metrics'],
      [`/containerLogs/${namespace}/victim/c`, 'proxy'],
      ['/nothing', 'proxy'],
    ] as const;

    async function assertForbidden(as: KeyPair, name: string): Promise<void> {
      for (const [path, subresources] of doors) {
        const { code, text } = await askKubelet(path, { as });
        const sentence = `Forbidden (user=${name}, verb=get, resource=nodes, subresource(s)=[${subresources}])\n`;
        assert.deepEqual([code, text], [403, sentence], path);
      }
      for (const path of [exec, exec.replace('exec', 'attach'), `/portForward/${namespace}/victim?port=80`]) {
        assert.equal((await askKubelet(path, { as, method: 'POST', headers: spdy })).code, 403, path);
        assert.equal((await askKubelet(path, { as, headers: webSocket })).code, 403, path);
        assert.equal((await askKubelet(path, { as, method: 'POST' })).code, 403, path);
      }
    }

    it('may do nothing that no role lets them do', async () => {
      await assertForbidden(await clientPair('jane'), 'jane');
      const kubelet = await clientPair(`system:node:${nodeName}`, { organizations: ['system:nodes'] });
      await assertForbidden(kubelet, `system:node:${nodeName}`);
      const pretender = await clientPair('jane', { organizations: ['kube-apiserver-kubelet-client'] });
      await assertForbidden(pretender, 'jane');
    });

    it('may do all when they may do all in the cluster', async () => {
      for (const path of ['/pods', '/healthz', '/metrics', `/containerLogs/${namespace}/victim/c`])
        assert.equal((await askKubelet(path, { as: admin })).code, 200, path);
    });

    it('may do all when they are the API server', async () => {
      for (const path of ['/pods', '/metrics', `/containerLogs/${namespace}/victim/c`])
        assert.equal((await askKubelet(path, { as: apiServer })).code, 200, path);
      assert.equal((await askKubelet(exec, { as: apiServer, method: 'POST', headers: spdy })).code, 101);
      assert.equal((await askKubelet(exec, { as: apiServer, headers: webSocket })).code, 101);
    });

    it('are nobody when it is not one of the authority for clients, valid now', async () => {
      const commonName = 'kube-apiserver-kubelet-client';
      const stranger = await createAuthority('longshore-ca');
      const others: Record<string, KeyPair | undefined> = {
        'no certificate': undefined,
        'of another authority': await issueCertificate(stranger, { commonName, usages: ['client'] }),
        'of a server': await issueCertificate(authority, { commonName, usages: ['server'] }),
        'run out': await clientPair(commonName, { validForMs: -1_000 }),
        'without a name': await clientPair(''),
        'of the kubelet’s server': await readPair('kubelet-serving'),
      };
      for (const [what, as] of Object.entries(others)) {
        const { code, text } = await askKubelet('/pods', { as });
        assert.deepEqual([code, text], [401, 'Unauthorized'], what);
        assert.equal((await askKubelet(exec, { as, headers: webSocket })).code, 401, what);
      }
    });

    it('are nobody else by what they say in headers', async () => {
      const claims = {
        'x-remote-user': 'kube-apiserver-kubelet-client',
        'impersonate-user': 'kube-apiserver-kubelet-client',
        'x-forwarded-client-cert': encodeURIComponent(apiServer.certificate),
        authorization: 'Bearer kube-apiserver-kubelet-client',
      };
      assert.equal((await askKubelet('/pods', { headers: claims })).code, 401);
      assert.equal((await askKubelet('/pods', { headers: claims, as: await clientPair('jane') })).code, 403);
    });
  });

  describe('with requests that are none', () => {
    const ask = (path: string, options: Ask = {}) => askKubelet(path, { as: apiServer, ...options });

    it('get an answer that says so', async () => {
      const logs = `/containerLogs/${namespace}/victim/c`;
      const cases: readonly (readonly [path: string, method: string, code: number])[] = [
        ['/', 'GET', 404],
        ['/nothing', 'GET', 404],
        ['/metrics/slis', 'GET', 404],
        ['/metrics%2Fcadvisor', 'GET', 404],
        ['/metrics/cadvisor', 'POST', 405],
        ['/stats/history?since=never', 'GET', 400],
        ['/logs/syslog', 'GET', 405],
        [`/checkpoint/${namespace}/victim/c`, 'POST', 403],
        ['/goneLogs/', 'GET', 404],
        [`/goneLogs/${namespace}/victim/..%2F..%2Fpki/c`, 'GET', 404],
        [`/goneLogs/${namespace}/victim/../c`, 'GET', 404],
        ['/metrics/../pods', 'GET', 404],
        ['/pods', 'DELETE', 405],
        [logs, 'POST', 405],
        [`/exec/${namespace}/victim/c`, 'PUT', 405],
        ['/pods', 'BREW', 400],
        ['/%', 'GET', 400],
        ['/containerLogs/%zz/victim/c', 'GET', 400],
        [`${logs}?tailLines=many`, 'GET', 400],
        [`${logs}?limitBytes=-1`, 'GET', 400],
        [`${logs}?stream=Both`, 'GET', 400],
        [`/containerLogs/${namespace}/absent/c`, 'GET', 404],
        [`/containerLogs/${namespace}/victim/absent`, 'GET', 400],
        [`/exec/${namespace}/victim/c?command=id&output=1`, 'POST', 400],
      ];
      for (const [path, method, code] of cases) {
        const answer =
          method === 'BREW'
            ? await rawAsk(`${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
            : await ask(path, { method });
        assert.equal(answer.code, code, `${method} ${path}: ${answer.text}`);
        assert.notEqual(answer.text, '', path);
      }
      assert.equal((await ask('/pods', { method: 'DELETE' })).headers.allow, 'GET, HEAD');
    });

    it('get an answer to an upgrade that nobody can make', async () => {
      const exec = `/exec/${namespace}/victim/c`;
      assert.equal((await ask('/pods', { headers: { connection: 'Upgrade', upgrade: 'h2c' } })).code, 200);
      assert.equal((await ask('/nothing', { headers: webSocket })).code, 404);
      assert.equal((await ask(`${exec}?command=id`, { headers: webSocket })).code, 400);
      assert.equal((await ask(`${exec}?output=1`, { headers: webSocket })).code, 400);
      const unknown = { ...spdy, 'x-stream-protocol-version': 'v9.channel.k8s.io' };
      assert.equal((await ask(`${exec}?output=1&command=id`, { headers: unknown, method: 'POST' })).code, 403);
      const noKey = { ...webSocket, 'sec-websocket-key': 'short' };
      assert.equal((await ask(`${exec}?output=1&command=id`, { headers: noKey })).code, 400);
      await assertServes();
    });

    /** What comes back for these bytes until the server closes, or has answered. */
    async function rawAsk(bytes: string): Promise<Answer> {
      const socket = tls.connect({
        host: '127.0.0.1',
        port: kubeletPort,
        ...askerOf(apiServer),
        rejectUnauthorized: false,
      });
      await once(socket, 'secureConnect');
      const text = await new Promise<string>((resolve) => {
        let heard = '';
        socket.on('data', (chunk: Buffer) => {
          heard += chunk.toString();
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve(heard));
        socket.write(bytes);
      });
      return { code: Number(text.slice(9, 12)), text: text.split('\r\n\r\n')[1] ?? '', headers: {} };
    }

    async function assertServes(): Promise<void> {
      assert.equal((await ask('/pods')).code, 200);
    }

    it('are told when their headers are too large, or no headers', async () => {
      assert.equal((await rawAsk(`GET /pods HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(200_000)}\r\n\r\n`)).code, 431);
      assert.equal((await rawAsk(`GET /${'a'.repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).code, 431);
      assert.equal((await rawAsk('no http\r\n\r\n')).code, 400);
      assert.equal((await rawAsk('GET /pods HTTP/1.1\r\n\r\n')).code, 400);
      await assertServes();
    });

    it('stand in nobody’s way when they stop in the middle', async () => {
      const sockets: net.Socket[] = [];
      for (let count = 0; count < 200; count += 1) {
        const socket = net.connect(kubeletPort, '127.0.0.1').on('error', () => {});
        if (count % 2 === 0) socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
        sockets.push(socket);
      }
      await assertServes();
      for (const socket of sockets) socket.destroy();
      await assertServes();
    });
  });

  it('that are kubelets read their own pods from the API server, and no others', async () => {
    const path = `/api/v1/namespaces/${namespace}/pods/victim`;
    const kubeletOf = (name: string) => clientPair(`system:node:${name}`, { organizations: ['system:nodes'] });
    assert.equal((await askServer(apiPort, path, { as: await kubeletOf(nodeName) })).code, 200);
    const { code, text } = await askServer(apiPort, path, { as: await kubeletOf('other') });
    assert.equal(code, 403);
    assert.match(text, /no relationship found between node 'other' and this object/);
  });

  describe('through the API server', () => {
    const proxied = async (path: string) =>
      (await cluster.client.raw('GET', `/api/v1/nodes/${nodeName}/proxy/${path}`)).text;

    it('read the kubelet’s own figures', async () => {
      const text = await proxied('metrics');
      assert.match(text, new RegExp(`^kubelet_node_name\\{node="${nodeName}"\\} 1$`, 'm'));
      assert.match(text, /^kubelet_running_pods [1-9]\d*$/m);
      assert.match(text, /^kubelet_running_containers\{container_state="running"\} [1-9]\d*$/m);
      assert.match(text, /^kubelet_pod_start_duration_seconds_count [1-9]\d*$/m);
      assert.match(text, /^kubelet_runtime_operations_total\{operation_type="start_container"\} [1-9]\d*$/m);
      assert.match(text, /^process_start_time_seconds \d/m);
      assert.doesNotMatch(text, /victim/);
    });

    it('find nothing where there is nothing', async () => {
      for (const path of ['metrics/slis', 'spec', 'metricsx']) await assert.rejects(proxied(path), { code: 404 }, path);
    });
  });
});
