import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod, type PodSpec } from '../testing/make-pod.ts';
import { computeResolvConf, missesClusterDns } from './dns.ts';

const node = '# made by hand\nnameserver 192.0.2.1\nsearch home.example corp.example\noptions timeout:1\n';
const cluster = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local' };

interface Case {
  readonly name: string;
  readonly spec: Partial<PodSpec>;
  readonly nodeText?: string;
  readonly clusterDns?: readonly string[];
  readonly wanted: string;
}

const clusterFirst = `search default.svc.cluster.local svc.cluster.local cluster.local home.example corp.example
nameserver 10.96.0.10
options ndots:5
`;
const nodes = 'search home.example corp.example\nnameserver 192.0.2.1\noptions timeout:1\n';
const long = Array.from({ length: 40 }, (_, index) => `s${index}.example`);
const huge = Array.from({ length: 20 }, (_, index) => `${'x'.repeat(60)}.${'y'.repeat(60)}.${index}.example`);

const cases: readonly Case[] = [
  { name: 'ClusterFirst, which is the default, has the cluster before the node', spec: {}, wanted: clusterFirst },
  { name: 'ClusterFirst on the node’s network is Default', spec: { hostNetwork: true }, wanted: nodes },
  {
    name: 'ClusterFirstWithHostNet is ClusterFirst there as well',
    spec: { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true },
    wanted: clusterFirst,
  },
  { name: 'Default is what the node has', spec: { dnsPolicy: 'Default' }, wanted: nodes },
  { name: 'without a DNS of the cluster it is what the node has', spec: {}, clusterDns: [], wanted: nodes },
  { name: 'None is nothing but the pod’s own', spec: { dnsPolicy: 'None' }, wanted: '' },
  {
    name: 'None with all that a pod can say',
    spec: {
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['192.0.2.53'],
        searches: ['my.example'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }, { name: 'rotate', value: '' }],
      },
    },
    wanted: 'search my.example\nnameserver 192.0.2.53\noptions ndots:2 edns0 rotate\n',
  },
  {
    name: 'what the pod says comes after, its options replace those of the same name',
    spec: {
      dnsConfig: {
        nameservers: ['192.0.2.53', '10.96.0.10'],
        searches: ['my.example', 'corp.example'],
        options: [{ name: 'ndots', value: '2' }],
      },
    },
    wanted: `search default.svc.cluster.local svc.cluster.local cluster.local home.example corp.example my.example
nameserver 10.96.0.10
nameserver 192.0.2.53
options ndots:2
`,
  },
  {
    name: 'no more than three servers',
    spec: { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] } },
    wanted: 'nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n',
  },
  {
    name: 'no more than 32 domains',
    spec: { dnsPolicy: 'None', dnsConfig: { searches: long } },
    wanted: `search ${long.slice(0, 32).join(' ')}\n`,
  },
  {
    name: 'no more than 2048 characters of domains, and none of them cut',
    spec: { dnsPolicy: 'None', dnsConfig: { searches: huge } },
    wanted: `search ${huge.slice(0, 15).join(' ')}\n`,
  },
  {
    name: 'of several search lines the last one holds, options of all lines do',
    spec: { dnsPolicy: 'Default' },
    nodeText: 'search a.example\noptions rotate\n  nameserver\t192.0.2.1 \nsearch b.example\noptions timeout:2\n',
    wanted: 'search b.example\nnameserver 192.0.2.1\noptions rotate timeout:2\n',
  },
  {
    name: 'a domain with a dot at its end is the same as without',
    spec: { dnsPolicy: 'Default' },
    nodeText: 'search home.example. home.example .\n',
    wanted: 'search home.example .\n',
  },
  {
    name: 'comments and what a resolver does not know are left out',
    spec: { dnsPolicy: 'Default' },
    nodeText: '; nameserver 192.0.2.9\n#nameserver 192.0.2.8\ndomain home.example\nnameserver ::1\n',
    wanted: 'nameserver ::1\n',
  },
];

describe('computeResolvConf', () => {
  for (const { name, spec, nodeText = node, clusterDns = cluster.clusterDns, wanted } of cases)
    it(name, () => assert.equal(computeResolvConf(makePod(spec), nodeText, { ...cluster, clusterDns }).text, wanted));

  it('searches in the pod’s own namespace', () => {
    const pod = makePod({}, { metadata: { ...makePod().metadata, namespace: 'shop' } });
    assert.match(computeResolvConf(pod, '', cluster).text, /^search shop\.svc\.cluster\.local svc\.cluster\.local /);
  });
});

describe('what is left out of a resolver', () => {
  const omissionsOf = (dnsConfig: PodSpec['dnsConfig']) =>
    computeResolvConf(makePod({ dnsPolicy: 'None', ...(dnsConfig && { dnsConfig }) }), '', cluster).omissions;

  it('is told in upstream’s words', () => {
    assert.deepEqual(omissionsOf({ nameservers: ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] }), [
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 192.0.2.1 192.0.2.2 192.0.2.3',
    ]);
    assert.deepEqual(omissionsOf({ nameservers: ['192.0.2.1'], searches: long }), [
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${long.slice(0, 32).join(' ')}`,
    ]);
  });

  it('is nothing where all fits', () => assert.deepEqual(omissionsOf({ nameservers: ['192.0.2.1'] }), []));
});

describe('missesClusterDns', () => {
  const misses = (spec: Partial<PodSpec>, clusterDns: readonly string[] = []) =>
    missesClusterDns(makePod(spec), { ...cluster, clusterDns });

  it('holds for a pod that asks for the DNS of a cluster without one', () => {
    assert.equal(misses({}), true);
    assert.equal(misses({ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }), true);
  });

  it('does not hold for pods that do not, or where there is one', () => {
    for (const spec of [{ dnsPolicy: 'Default' }, { dnsPolicy: 'None' }, { hostNetwork: true }])
      assert.equal(misses(spec), false);
    assert.equal(misses({}, ['10.96.0.10']), false);
  });
});
