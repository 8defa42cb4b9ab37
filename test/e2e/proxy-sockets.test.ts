/**
 * The proxy against the real API server, without any right over the host: it falls back to sockets, on node ports. In a
 * sandbox, because endpoints may not be on loopback: here they are on the sandbox's own address.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { ProgramError, type RunProgram } from '../../proxy/program.ts';
import { type RunningProxy, startProxy } from '../../proxy/proxy.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const address = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
const noRights: RunProgram = (argv) => Promise.reject(new ProgramError(argv, 1, 'Operation not permitted'));

describe('startProxy', () => {
  let api: TestApiServer;
  let proxy: RunningProxy;
  let nodePort: number;
  const servers: net.Server[] = [];

  const start = () =>
    startProxy({
      connection: api.connection,
      logger: silentLogger,
      nodeName: 'n1',
      clusterCidr: '10.244.0.0/16',
      mode: 'nftables',
      run: noRights,
    });

  async function serve(name: string): Promise<number> {
    const server = net.createServer((socket) => socket.on('error', () => socket.destroy()).end(name));
    servers.push(server.listen(0, address));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  function sliceOf(name: string, ports: readonly number[]): EndpointSlice[] {
    return ports.map((port, i) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-${i}`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: '', port, protocol: 'TCP' }],
      endpoints: [{ addresses: [address ?? ''], conditions: { ready: true } }],
    }));
  }

  async function ask(port: number): Promise<string> {
    const socket = net.connect({ host: '127.0.0.1', port });
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  before(async () => {
    api = await startTestApiServer();
    proxy = await start();
    const made = await api.client.create(services, {
      metadata: { name: 'web', namespace },
      spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] },
    });
    nodePort = made.spec?.ports?.[0]?.nodePort ?? 0;
  });
  after(async () => {
    await proxy.stop();
    await api.stop();
    for (const server of servers) server.close();
  });

  it('follows endpoints as they come and go', async () => {
    const [a = 0, b = 0] = [await serve('a'), await serve('b')];
    for (const slice of sliceOf('web', [a, b])) await api.client.create(endpointSlices, slice);
    const answers = await eventually('both answer', async () => {
      const some = [await ask(nodePort), await ask(nodePort)].sort();
      return some.join() === 'a,b' && some;
    });
    assert.deepEqual(answers, ['a', 'b']);
    await api.client.delete(endpointSlices, { namespace, name: 'web-0' });
    await eventually('only b answers', async () => (await ask(nodePort)) === 'b' && (await ask(nodePort)) === 'b');
    assert.equal(proxy.whyNotReady(), undefined);
  });

  it('starts again with all that is there', async () => {
    await proxy.stop();
    await assert.rejects(ask(nodePort), { code: 'ECONNREFUSED' });
    proxy = await start();
    assert.equal(await eventually('b answers', () => ask(nodePort)), 'b');
  });

  it('refuses once the service is gone', async () => {
    await api.client.delete(services, { namespace, name: 'web' });
    await eventually('it is refused', () =>
      ask(nodePort).then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
      ),
    );
  });
});

describe('a proxy that is disturbed', () => {
  it('still looks at the host every four seconds', async () => {
    const api = await startTestApiServer();
    const clock = new FakeClock();
    let looks = 0;
    let programmed = 0;
    const run: RunProgram = async ([program, ...words]) => {
      if (program === 'iptables' && words.includes('-S')) looks += 1;
      if (program === 'nft' && words[0] === '-f') programmed += 1;
      if (program !== 'nft') return '';
      return words.includes('-j') ? '{"nftables":[]}' : '\t\tip is there';
    };
    const place = { nodeName: 'n1', clusterCidr: '10.244.0.0/16', mode: 'nftables' } as const;
    const proxy = await startProxy({ connection: api.connection, logger: silentLogger, ...place, run, clock });
    const untilRules = async (wanted: number) =>
      await eventually(
        'rules are in force',
        async () => {
          await clock.advance(1); // changes are grouped for a while
          return programmed >= wanted;
        },
        { everyMs: 5 },
      );
    try {
      await untilRules(1);
      const [before, since] = [looks, clock.monotonic()];
      await clock.advance(3_000);
      await api.client.create(services, {
        metadata: { name: 'more', namespace },
        spec: { ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] },
      });
      await untilRules(2);
      assert.equal(looks, before);
      await clock.advance(Math.max(0, since + 4_500 - clock.monotonic()));
      await eventually('it has looked', () => looks > before, { timeoutMs: 3_000 });
    } finally {
      await proxy.stop();
      await api.stop();
    }
  });
});
