import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EngineFacts, EngineNetwork } from '../kubelet/runtime/docker/engine-facts.ts';
import { overlap, placeLabels, whyEngineWillNotDo, whyNoPlace, whyTableIsTaken } from './neighbours.ts';

const wanted = {
  clusterId: undefined,
  isOldCluster: false,
  networkName: 'longshore',
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  nodePortRange: { first: 30000, last: 32767 },
};
const docker: EngineNetwork = {
  name: 'bridge',
  subnets: ['172.17.0.0/16'],
  labels: {},
  isLongshores: false,
  clusterId: undefined,
  containers: 1,
};
const other: EngineNetwork = {
  name: 'longshore',
  subnets: ['10.244.0.0/24'],
  labels: {
    [placeLabels.dataDir]: '/data/a',
    [placeLabels.clusterCidr]: '10.244.0.0/16',
    [placeLabels.serviceCidr]: '10.96.0.0/16',
    [placeLabels.nodePorts]: '30000-32767',
  },
  isLongshores: true,
  clusterId: 'a',
  containers: 3,
};
const apart = {
  networkName: 'longshore2',
  clusterCidr: '10.250.0.0/16',
  serviceCidr: '10.97.0.0/16',
  nodePortRange: { first: 29000, last: 29999 },
};

describe('whyNoPlace', () => {
  for (const [situation, networks, more, expected] of [
    ['nothing else', [docker], {}, undefined],
    ['its own network', [docker, other], { clusterId: 'a' }, undefined],
    [
      'the network of another cluster',
      [docker, other],
      {},
      /network longshore belongs to another cluster \(a\), with 3 running.*Nothing was changed.*started with --data-dir \/data\/a: did you mean it/,
    ],
    ['the same, known by another id', [other], { clusterId: 'b' }, /belongs to another cluster \(a\)/],
    ['another cluster, apart in everything', [other], apart, undefined],
    [
      'the same pods',
      [other],
      { ...apart, clusterCidr: '10.244.128.0/17' },
      /--cluster-cidr\) overlaps 10\.244\.0\.0\/16/,
    ],
    [
      'the same services',
      [other],
      { ...apart, serviceCidr: '10.96.0.0/20' },
      /--service-cidr\) overlap 10\.96\.0\.0\/16/,
    ],
    [
      'the same node ports',
      [other],
      { ...apart, nodePortRange: wanted.nodePortRange },
      /--node-ports\) meet 30000-32767/,
    ],
    [
      "somebody's network in the pod network",
      [{ ...docker, name: 'lab', subnets: ['10.244.7.0/24'] }],
      {},
      /overlaps 10\.244\.7\.0\/24, the Docker network lab\. Nothing was changed\. Choose other/,
    ],
    [
      'a network of a build before, in use, and a new data directory',
      [{ ...other, clusterId: undefined, labels: {} }],
      {},
      /of a build before clusters had ids, with 3 running/,
    ],
    [
      'a network of a build before, and the data directory of one',
      [{ ...other, clusterId: undefined, labels: {} }],
      { isOldCluster: true },
      undefined,
    ],
    [
      'an unused network of a build before',
      [{ ...other, clusterId: undefined, labels: {}, containers: 0 }],
      {},
      undefined,
    ],
    ["somebody's network of the same name", [{ ...docker, name: 'longshore' }], {}, /is not Longshore's/],
  ] as const) {
    it(`finds ${situation}${expected === undefined ? ' no trouble' : ' in the way'}`, () => {
      const why = whyNoPlace(networks, { ...wanted, ...more });
      if (expected === undefined) assert.equal(why, undefined);
      else assert.match(why ?? '', expected);
    });
  }
});

describe('whyTableIsTaken', () => {
  it('refuses the rules of another cluster only', () => {
    assert.equal(whyTableIsTaken(undefined, wanted), undefined);
    assert.equal(whyTableIsTaken('a', { ...wanted, clusterId: 'a' }), undefined);
    assert.match(whyTableIsTaken('a', wanted) ?? '', /"ip longshore".*another cluster \(a\).*down --cluster a/);
  });
});

describe('whyEngineWillNotDo', () => {
  const engine: EngineFacts = { name: 'Engine', version: '20.10.24', apiVersion: '1.41', networks: [], clusterIds: [] };
  for (const [more, expected] of [
    [{}, undefined],
    [{ version: '29.0.1', apiVersion: '1.52' }, undefined],
    [{ version: '19.03.15', apiVersion: '1.40' }, /Docker Engine 19\.03\.15 \(API 1\.40\).*needs 20\.10 or newer/],
    [{ name: 'Podman Engine', version: '4.3.1' }, /Podman Engine 4\.3\.1.*DOCKER_HOST/],
  ] as const) {
    const facts = { ...engine, ...more };
    it(`judges ${facts.name} ${facts.version}`, () => {
      const why = whyEngineWillNotDo(facts);
      if (expected === undefined) assert.equal(why, undefined);
      else assert.match(why ?? '', expected);
    });
  }
});

describe('overlap', () => {
  for (const [a, b, expected] of [
    ['10.0.0.0/8', '10.244.1.0/24', true],
    ['10.244.1.0/24', '10.0.0.0/8', true],
    ['10.244.0.0/16', '10.245.0.0/16', false],
    ['10.244.0.0/16', 'fd00::/64', false],
  ] as const)
    it(`${a} and ${b}: ${expected}`, () => assert.equal(overlap(a, b), expected));
});
