import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { components } from '../../../cluster/cluster-options.ts';
import { nodeFlags, nodeWords, parseUpOptions, upOptions } from './up-options.ts';

const defaults = Object.fromEntries(Object.entries(upOptions).map(([name, option]) => [name, option.default]));
const parse = (flags: object) => parseUpOptions({ ...defaults, ...flags });

describe('parseUpOptions', () => {
  it('starts everything, with the demo, unless told otherwise', () => {
    const options = parse({});
    assert.deepEqual([...options.only], [...components]);
    assert.equal(options.demo, true);
    assert.equal(options.dataDir, '/var/lib/longshore');
    assert.deepEqual(options.nodePortRange, { first: 30000, last: 32767 });
  });

  it('leaves the demo out when it is not wanted or cannot run', () => {
    assert.equal(parse({ demo: false }).demo, false);
    assert.equal(parse({ only: 'etcd,apiserver' }).demo, false);
  });

  it('reads lists', () => {
    assert.deepEqual([...parse({ only: 'etcd, apiserver' }).only], ['etcd', 'apiserver']);
    assert.deepEqual(parse({ 'etcd-servers': 'http://a:1,http://b:2' }).etcdServers, ['http://a:1', 'http://b:2']);
  });

  it('passes on which versions are served on request', () => {
    const version = 'storagemigration.k8s.io/v1beta1=true';
    assert.deepEqual([parse({}).runtimeConfig, parse({ 'runtime-config': version }).runtimeConfig], [[], [version]]);
  });

  it('tells "no" from "nothing said"', () => {
    assert.deepEqual([parse({ 'cgroups-per-qos': false }).cgroupsPerQos, parse({}).cgroupsPerQos], [false, true]);
  });

  it('passes on what a kubelet is told, and nothing else', () => {
    const flags = {
      'max-container-restart-period': '30s',
      'preloaded-images-verification-allowlist': ['a,b', 'c'],
      'eviction-hard': 'memory.available<5%',
    };
    assert.deepEqual(parse(flags).kubelet, {
      'max-container-restart-period': ['30s'],
      'preloaded-images-verification-allowlist': ['a,b', 'c'],
      'eviction-hard': ['memory.available<5%'],
    });
    assert.deepEqual(parse({}).kubelet, {});
    assert.equal(parse({ 'resolv-conf': '/etc/other' }).resolvConf, '/etc/other');
  });

  const mistakes: [flags: object, says: RegExp][] = [
    [{ only: 'etcd,frob' }, /no component "frob"; there are etcd, apiserver/],
    [{ 'network-name': 'docker0' }, /--network-name must be "longshore" and up to six/],
    [{ 'secure-port': '0' }, /--secure-port must be a port/],
    [{ 'secure-port': '70000' }, /--secure-port must be a port/],
    [{ 'node-ports': '40000-30000' }, /--node-ports must be a range/],
    [{ 'node-ports': '40000' }, /--node-ports must be a port/],
  ];
  for (const [flags, says] of mistakes) {
    it(`refuses ${JSON.stringify(flags)}`, () => assert.throws(() => parse(flags), says));
  }
});

describe('nodeWords', () => {
  const words = (flags: object) => nodeWords({ ...defaults, ...flags });

  it('are the flags that a node was given, and no others', () => {
    assert.deepEqual(words({}), []);
    assert.deepEqual(
      words({
        'node-name': 'a',
        'data-dir': '/d',
        'pod-max-pids': '-1',
        'cgroups-per-qos': false,
        'log-level': 'debug',
        'eviction-hard': 'memory.available<5%',
      }),
      ['--no-cgroups-per-qos', '--pod-max-pids=-1', '--eviction-hard=memory.available<5%', '--log-level=debug'],
    );
  });

  it('name a file from wherever they are read', () => {
    assert.match(words({ 'pod-manifest-path': 'pods' }).join(), /^--pod-manifest-path=\/.*\/pods$/);
  });

  it('leave out nothing that is not remembered in another way', () => {
    const given = Object.fromEntries(nodeFlags.map((name) => [name, 'x']));
    const named = words(given).map((word) => word.replace(/^--|=.*$/g, ''));
    assert.deepEqual(new Set([...named, 'data-dir', 'node-name', 'node-ip', 'kubelet-port']), new Set(nodeFlags));
  });
});
