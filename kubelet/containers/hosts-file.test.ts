import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodObject } from '../model/pod.ts';
import { makePod, type PodSpec } from '../testing/make-pod.ts';
import { computeHostsFile, computeNodeHostsFile, computePodNames } from './hosts-file.ts';

const named = (name: string, spec: Partial<PodSpec> = {}): PodObject =>
  makePod(spec, { metadata: { ...makePod().metadata, namespace: 'shop', name } });
const namesOf = (pod: PodObject) => computePodNames(pod, 'cluster.local');
/** What is the pod's own in the file. */
const ownLines = (pod: PodObject) =>
  computeHostsFile(pod, namesOf(pod), '10.0.0.7')
    .split('\n')
    .slice(7)
    .filter((line) => line !== '');

describe('computePodNames', () => {
  const long = 'a'.repeat(62);
  const cases: readonly [name: string, spec: Partial<PodSpec>, hostname: string, fullName?: string][] = [
    ['web', {}, 'web'],
    ['web', { hostname: 'front' }, 'front'],
    ['web', { subdomain: 'pods' }, 'web', 'web.pods.shop.svc.cluster.local'],
    ['web', { hostname: 'front', subdomain: 'pods' }, 'front', 'front.pods.shop.svc.cluster.local'],
    [
      'web',
      { subdomain: 'pods', setHostnameAsFQDN: true },
      'web.pods.shop.svc.cluster.local',
      'web.pods.shop.svc.cluster.local',
    ],
    ['web', { setHostnameAsFQDN: true }, 'web'],
    ['web', { hostname: 'front', subdomain: 'pods', hostnameOverride: 'any.name' } as Partial<PodSpec>, 'any.name'],
    [`${long}b.rest`, {}, `${long}b`],
    [`${long}.rest`, {}, long],
    [`${long}-rest`, {}, long],
  ];
  for (const [name, spec, hostname, fullName] of cases)
    it(`calls ${name} with ${JSON.stringify(spec)} ${hostname}`, () => {
      const names = namesOf(named(name, spec));
      assert.deepEqual([names.hostname, names.fullName], [hostname, fullName]);
    });

  it('refuses a full name that the kernel would not take, in upstream’s words', () => {
    const pod = named('web', { subdomain: 'p'.repeat(63), setHostnameAsFQDN: true });
    const fullName = `web.${'p'.repeat(63)}.shop.svc.cluster.local`;
    assert.throws(() => namesOf(pod), {
      message: `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fullName} is too long (64 characters is the max, ${fullName.length} characters requested)`,
    });
  });
});

describe('computeHostsFile', () => {
  it('begins with what every machine has', () => {
    const pod = named('web');
    assert.equal(
      computeHostsFile(pod, namesOf(pod), '10.0.0.7'),
      `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
10.0.0.7\tweb
`,
    );
  });

  const cases: readonly [name: string, spec: Partial<PodSpec>, wanted: readonly string[]][] = [
    ['web', { subdomain: 'pods' }, ['10.0.0.7\tweb.pods.shop.svc.cluster.local\tweb']],
    ['web', { hostname: 'front', subdomain: 'pods' }, ['10.0.0.7\tfront.pods.shop.svc.cluster.local\tfront']],
    ['web', { subdomain: 'pods', setHostnameAsFQDN: true }, ['10.0.0.7\tweb.pods.shop.svc.cluster.local\tweb']],
    // A pod's name may have dots, and is one name all the same.
    ['web.v1', { subdomain: 'pods' }, ['10.0.0.7\tweb.v1.pods.shop.svc.cluster.local\tweb.v1']],
    ['web.v1', {}, ['10.0.0.7\tweb.v1']],
    [
      'web',
      {
        hostAliases: [
          { ip: '192.0.2.1', hostnames: ['one.example', 'one'] },
          { ip: '192.0.2.2', hostnames: ['two'] },
        ],
      },
      ['10.0.0.7\tweb', '# Entries added by HostAliases.', '192.0.2.1\tone.example\tone', '192.0.2.2\ttwo'],
    ],
  ];
  for (const [name, spec, wanted] of cases)
    it(`of ${name} with ${JSON.stringify(spec)}`, () => assert.deepEqual(ownLines(named(name, spec)), wanted));
});

describe('computeNodeHostsFile', () => {
  it('is the node’s own, and the pod’s aliases', () => {
    const pod = named('web', { hostNetwork: true, hostAliases: [{ ip: '192.0.2.1', hostnames: ['one'] }] });
    assert.equal(
      computeNodeHostsFile(pod, '127.0.0.1 localhost\n'),
      '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n\n# Entries added by HostAliases.\n192.0.2.1\tone\n',
    );
  });
});
