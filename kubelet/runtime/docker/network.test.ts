import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type Dockerode from 'dockerode';
import { silentLogger } from '../../../base/logger.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import { hasRoute, isListenedOn } from './bridge.ts';
import { decideNetwork, PodNetwork } from './network.ts';

describe('decideNetwork', () => {
  const options = { mtu: '1500' };
  const wanted = { name: 'longshore', podCidr: '10.244.1.0/24', clusterId: 'a', options };
  const found = { subnet: '10.244.1.0/24', labels: { 'longshore.dev/cluster': 'a' }, options, containers: 2 };
  for (const [situation, given, expected] of [
    ['there is none', undefined, 'create'],
    ['it is ours', found, 'keep'],
    ['ours has another CIDR', { ...found, subnet: '10.244.2.0/24' }, 'replace'],
    ['it lacks an option and is in use', { ...found, options: {} }, 'outdated'],
    ['it lacks an option and is empty', { ...found, options: {}, containers: 0 }, 'replace'],
    ['it names no cluster and is in use', { ...found, labels: {} }, 'keep'],
    ['it names no cluster and is empty', { ...found, labels: {}, containers: 0 }, 'replace'],
  ] as const) {
    it(`when ${situation}: ${expected}`, () => assert.equal(decideNetwork(given, wanted), expected));
  }

  it('refuses the network of another cluster, also an empty one', () => {
    for (const containers of [0, 2]) {
      const decision = decideNetwork({ ...found, containers }, { ...wanted, clusterId: 'b' });
      assert.match(typeof decision === 'string' ? decision : decision.refused, /belongs to another cluster \(a\)/);
    }
  });
});

describe('PodNetwork', () => {
  const podCidr = '10.244.1.0/24';

  /** On an engine of another network namespace, where only Docker can be asked. */
  function start() {
    const engine = { network: undefined as object | undefined, isDown: false, asked: 0 };
    const answer = async <T>(value: () => T): Promise<T> => {
      engine.asked += 1;
      if (engine.isDown) throw new Error('connect ECONNREFUSED');
      return value();
    };
    const docker = {
      version: () => answer(() => ({ ApiVersion: '1.41' })),
      getNetwork: () => ({
        inspect: () =>
          answer(() => {
            if (engine.network === undefined)
              throw Object.assign(new Error('network longshore not found'), { statusCode: 404 });
            return engine.network;
          }),
      }),
      createNetwork: (options: object) =>
        answer(() => {
          engine.network = options;
        }),
    } as unknown as Dockerode;
    const clock = new FakeClock();
    const place = { docker, socketPath: '/nowhere/docker.sock', name: 'longshore', mtu: 1500, labels: {} };
    const network = new PodNetwork({ ...place, logger: silentLogger, clock });
    return { engine, clock, ensure: () => network.ensure(podCidr, 'a'), doubt: () => network.doubt() };
  }
  const madeAgain = 'the network longshore was gone and was made again';

  it('finds within seconds that Docker has lost the network, and asks no more often than that', async () => {
    const { engine, clock, ensure } = start();
    assert.equal(await ensure(), undefined);
    engine.asked = 0;
    for (let second = 0; second < 20; second += 1) {
      await clock.advance(1_000);
      assert.equal(await ensure(), undefined);
    }
    assert.ok(engine.asked <= 4, `asked ${engine.asked} times in 20 s`);
    engine.network = undefined;
    await clock.advance(5_000);
    assert.equal(await ensure(), madeAgain);
    assert.ok(engine.network !== undefined);
    assert.equal(await ensure(), undefined);
  });

  it('asks at once when Docker said that it does not know the network', async () => {
    const { engine, ensure, doubt } = start();
    await ensure();
    engine.network = undefined;
    assert.equal(await ensure(), undefined);
    doubt();
    assert.equal(await ensure(), madeAgain);
  });

  it('takes an engine that does not answer for no word about the network', async () => {
    const { engine, clock, ensure } = start();
    await ensure();
    engine.isDown = true;
    await clock.advance(5_000);
    assert.equal(await ensure(), undefined);
  });
});

describe('hasRoute', () => {
  const table = [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'longshore\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  ].join('\n');

  for (const [bridge, podCidr, expected] of [
    ['longshore', '10.244.1.0/24', true],
    ['longshore', '10.244.2.0/24', false],
    ['longshore2', '10.244.1.0/24', false],
  ] as const) {
    it(`${bridge} to ${podCidr}: ${expected}`, () => assert.equal(hasRoute(table, bridge, podCidr), expected));
  }
});

describe('isListenedOn', () => {
  const paths = new Set(['/var/run/docker.sock', '/run/docker.sock']);
  const header = 'Num       RefCount Protocol Flags    Type St Inode Path';
  for (const [situation, line, expected] of [
    ['the engine', '0000000096883d3c: 00000002 00000000 00010000 0001 01 22174 /run/docker.sock', true],
    [
      'the end of a connection to it',
      '0000000096883d3c: 00000003 00000000 00000000 0001 03   174 /run/docker.sock',
      false,
    ],
    ['another one', '0000000096883d3c: 00000002 00000000 00010000 0001 01 22174 /run/containerd.sock', false],
    ['a longer path', '0000000096883d3c: 00000002 00000000 00010000 0001 01 22174 /run/docker.sock.old', false],
    ['a socket without a name', '0000000096883d3c: 00000002 00000000 00010000 0001 01 22174', false],
  ] as const) {
    it(`${situation}: ${expected}`, () => assert.equal(isListenedOn(`${header}\n${line}\n`, paths), expected));
  }
});
