import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KubernetesObject, keyOf, type Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import { csiDrivers, csiNodes, csiStorageCapacities, storageClasses } from '../../api/resources/storage.ts';
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
} from '../../api/types/core/v1.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import type { StorageClass } from '../../api/types/storage/v1.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { IndexedCache } from '../../client/indexed-cache.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import { nodeOf, podOf, refusalsBy, snapshotOf } from '../testing/pictures.ts';
import { capacityIndexes, volumeIndexes } from '../volume-listers.ts';
import { AssumedVolumes } from './assumed-volumes.ts';
import { createNodeVolumeLimits } from './node-volume-limits.ts';
import { VolumeBinding } from './volume-binding.ts';
import { createVolumeRestrictions } from './volume-restrictions.ts';
import { createVolumeZone } from './volume-zone.ts';

const hostname = 'kubernetes.io/hostname';
const on = (...hosts: string[]) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: hostname, operator: 'In', values: hosts }] }] },
});

const claim = (name: string, spec: PersistentVolumeClaimSpec = {}, metadata: ObjectMeta = {}) =>
  storedObject(persistentVolumeClaims, {
    metadata: { ...metadata, name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '2Gi' } },
      storageClassName: 'slow',
      ...spec,
    },
  });
const bound = (name: string, volumeName: string, spec: PersistentVolumeClaimSpec = {}) =>
  claim(
    name,
    { volumeName, ...spec },
    { resourceVersion: '2', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
  );
const volume = (
  name: string,
  spec: PersistentVolumeSpec & { readonly size?: string } = {},
  metadata: ObjectMeta = {},
) => {
  const { size = '2Gi', ...rest } = spec;
  return storedObject(persistentVolumes, {
    metadata: { ...metadata, name },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: size }, storageClassName: 'slow', ...rest },
    status: { phase: 'Available' },
  });
};
const storageClass = (more: Partial<StorageClass> = {}) =>
  storedObject(storageClasses, {
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
    ...more,
    metadata: { name: 'slow' },
  });

interface Picture {
  readonly claims?: readonly ReturnType<typeof claim>[];
  readonly volumes?: readonly ReturnType<typeof volume>[];
  readonly classes?: readonly ReturnType<typeof storageClass>[];
  readonly capacity?: Readonly<Record<string, string>>;
}

function listersOf({ claims = [], volumes = [], classes = [storageClass()], capacity = {} }: Picture) {
  return {
    claims: cacheOf(claims),
    volumes: cacheOf(volumes, volumeIndexes),
    classes: cacheOf(classes),
    csiNodes: cacheOf([
      storedObject(csiNodes, {
        metadata: { name: 'n1' },
        spec: { drivers: [{ name: 'disks', nodeID: 'n1', allocatable: { count: 1 } }] },
      }),
    ]),
    csiDrivers: cacheOf([storedObject(csiDrivers, { metadata: { name: 'disks' }, spec: { storageCapacity: true } })]),
    csiCapacities: cacheOf(
      Object.entries(capacity).map(([node, size]) =>
        storedObject(csiStorageCapacities, {
          metadata: { name: `on-${node}` },
          storageClassName: 'slow',
          capacity: size,
          nodeTopology: { matchLabels: { [hostname]: node } },
        }),
      ),
      capacityIndexes,
    ),
    attachments: new IndexedCache<never>({ node: () => [] }),
  };
}

const using = (...claims: string[]) => ({
  volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
});
const twoNodes = () => snapshotOf([nodeOf('n1'), nodeOf('n2')]);

/** An API whose caches see a write only when the test says so. */
function worldOf(picture: Picture) {
  const listers = listersOf(picture);
  const written: Stored<KubernetesObject>[] = [];
  const assumed = new AssumedVolumes();
  const update = async <T extends KubernetesObject>(_kind: Resource<T>, object: T): Promise<Stored<T>> => {
    const stored: unknown = { ...object, metadata: { ...object.metadata, resourceVersion: '2' } };
    // Made of what was stored.
    written.push(stored as Stored<KubernetesObject>);
    return stored as Stored<T>;
  };
  const plugin = new VolumeBinding({
    ...{ listers, assumed, client: { update }, clock: new FakeClock(), bindTimeoutMs: 60_000 },
  });
  return { plugin, listers, written, assumed };
}

describe('VolumeBinding', () => {
  const conflict = "node(s) didn't match PersistentVolume's node affinity !";
  const none = "node(s) didn't find available persistent volumes to bind !";
  const cases: readonly (readonly [title: string, Picture, expected: readonly [n1: string, n2: string]])[] = [
    [
      'a bound volume is where it is',
      { claims: [bound('c', 'v')], volumes: [volume('v', { nodeAffinity: on('n2') })] },
      [conflict, 'fits'],
    ],
    [
      'a claim that waits finds what is free',
      { claims: [claim('c')], volumes: [volume('v', { nodeAffinity: on('n1') })] },
      ['fits', none],
    ],
    ['nothing is made for a class without a provisioner', { claims: [claim('c')] }, [none, none]],
    [
      'a volume is made wherever the class allows',
      {
        claims: [claim('c')],
        classes: [
          storageClass({
            provisioner: 'p',
            allowedTopologies: [{ matchLabelExpressions: [{ key: hostname, values: ['n2'] }] }],
          }),
        ],
      },
      [none, 'fits'],
    ],
    [
      'a volume is made where there is room',
      {
        claims: [claim('c')],
        classes: [storageClass({ provisioner: 'disks' })],
        capacity: { n1: '1Gi', n2: '3Gi' },
      },
      ['node(s) did not have enough free storage !', 'fits'],
    ],
    [
      'a volume is made where that has begun',
      {
        claims: [claim('c', {}, { annotations: { 'volume.kubernetes.io/selected-node': 'n2' } })],
        classes: [storageClass({ provisioner: 'p' })],
      },
      [none, 'fits'],
    ],
    [
      'local volumes are made on nodes that offer them',
      {
        claims: [claim('c')],
        classes: [storageClass({ provisioner: 'longshore.dev/local' })],
      },
      [none, none],
    ],
    [
      'a claim that does not wait is bound first',
      { claims: [claim('c')], classes: [storageClass({ volumeBindingMode: 'Immediate' })] },
      ['pod has unbound immediate PersistentVolumeClaims !', 'pod has unbound immediate PersistentVolumeClaims !'],
    ],
    ['a claim has to be there', {}, ['persistentvolumeclaim "c" not found !', 'persistentvolumeclaim "c" not found !']],
    [
      'a claim that goes is none',
      { claims: [claim('c', {}, { deletionTimestamp: '2030-01-01T00:00:00Z' })] },
      ['persistentvolumeclaim "c" is being deleted !', 'persistentvolumeclaim "c" is being deleted !'],
    ],
  ];
  for (const [title, picture, [n1, n2]] of cases) {
    it(title, () => {
      const { plugin } = worldOf(picture);
      assert.deepEqual(refusalsBy(plugin, podOf('p', using('c')), twoNodes()), { n1, n2 });
    });
  }

  it('says nothing of pods without claims', () =>
    assert.equal(worldOf({}).plugin.prepareFilter(podOf('p')), undefined));

  it('gives no volume away twice, until the first pod lets go of it', () => {
    const { plugin } = worldOf({ claims: [claim('a'), claim('b')], volumes: [volume('v')] });
    const snapshot = twoNodes();
    const [first, second] = [podOf('p', using('a')), podOf('q', using('b'))];
    const node = snapshot.node('n1');
    assert.ok(node);
    assert.equal(plugin.reserve(first, node), undefined);
    assert.deepEqual(refusalsBy(plugin, second, snapshot), { n1: none, n2: none });
    plugin.unreserve(first);
    assert.deepEqual(refusalsBy(plugin, second, snapshot), { n1: 'fits', n2: 'fits' });
  });

  it('writes what was chosen, and waits until the claim is bound', async () => {
    const { plugin, listers, written, assumed } = worldOf({ claims: [claim('a')], volumes: [volume('v')] });
    const node = twoNodes().node('n1');
    assert.ok(node);
    const pod = podOf('p', using('a'));
    plugin.reserve(pod, node);
    const binding = plugin.preBind(pod, node, new AbortController().signal);
    await new Promise(setImmediate);
    const [next] = written;
    assert.ok(next !== undefined && written.length === 1);
    assert.equal(keyOf(next), 'v');
    assert.equal(next.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], 'yes');
    listers.claims.replace([bound('a', 'v')]);
    assumed.changed();
    await binding;
  });

  it('gives up when somebody else takes the node from a claim, or the scheduler ends', async () => {
    const picture = { claims: [claim('a')], classes: [storageClass({ provisioner: 'p' })] };
    const node = twoNodes().node('n1');
    assert.ok(node);
    const pod = podOf('p', using('a'));
    const one = worldOf(picture);
    one.plugin.reserve(pod, node);
    const binding = one.plugin.preBind(pod, node, new AbortController().signal);
    const refused = assert.rejects(binding, /provisioning failed for PVC "a"/);
    await new Promise(setImmediate);
    const changed: PersistentVolumeClaim & ReturnType<typeof claim> = claim('a', {}, { resourceVersion: '3' });
    one.listers.claims.replace([changed]);
    one.assumed.changed();
    await refused;
    const two = worldOf(picture);
    const stop = new AbortController();
    two.plugin.reserve(pod, node);
    const ended = assert.rejects(two.plugin.preBind(pod, node, stop.signal), /the scheduler stops/);
    await new Promise(setImmediate);
    stop.abort();
    await ended;
  });
});

describe('VolumeZone', () => {
  const zone = 'topology.kubernetes.io/zone';
  it('keeps pods where their volumes are, by the old labels as well', () => {
    const nodes = [
      nodeOf('a', { labels: { [zone]: 'a' } }),
      nodeOf('b', { labels: { 'failure-domain.beta.kubernetes.io/zone': 'b' } }),
      nodeOf('c', { labels: { [zone]: 'c' } }),
      nodeOf('nowhere'),
    ];
    const listers = listersOf({
      claims: [bound('c', 'v')],
      volumes: [volume('v', {}, { labels: { [zone]: 'a__b' } })],
    });
    assert.deepEqual(refusalsBy(createVolumeZone(listers), podOf('p', using('c')), snapshotOf(nodes)), {
      a: 'fits',
      b: 'fits',
      c: 'node(s) had no available volume zone !',
      nowhere: 'fits',
    });
  });

  it('says when the volume is gone', () => {
    const listers = listersOf({ claims: [bound('c', 'v')] });
    const { n1 } = refusalsBy(createVolumeZone(listers), podOf('p', using('c')), twoNodes());
    assert.equal(n1, 'persistentvolume "v" not found !');
  });
});

describe('VolumeRestrictions', () => {
  const disk = (readOnly: boolean) => ({ volumes: [{ name: 'd', gcePersistentDisk: { pdName: 'disk', readOnly } }] });
  const plugin = createVolumeRestrictions(
    listersOf({ claims: [bound('c', 'v', { accessModes: ['ReadWriteOncePod'] })] }).claims,
  );

  it('mounts a disk once on a node, or for all to read', () => {
    const placed = { n1: [podOf('x', disk(true))], n2: [podOf('y', disk(false))] };
    const snapshot = snapshotOf([nodeOf('n1'), nodeOf('n2')], placed);
    const taken = 'node(s) had no available disk';
    assert.deepEqual(refusalsBy(plugin, podOf('p', disk(true)), snapshot), { n1: 'fits', n2: taken });
    assert.deepEqual(refusalsBy(plugin, podOf('p', disk(false)), snapshot), { n1: taken, n2: taken });
  });

  it('lets one pod of the cluster use a claim for one pod', () => {
    const snapshot = snapshotOf([nodeOf('n1'), nodeOf('n2')], { n2: [podOf('x', using('c'))] });
    const taken =
      'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
    assert.deepEqual(refusalsBy(plugin, podOf('p', using('c')), snapshot), { n1: taken, n2: taken });
    snapshot.removePod('default/x');
    assert.deepEqual(refusalsBy(plugin, podOf('p', using('c')), snapshot), { n1: 'fits', n2: 'fits' });
  });
});

describe('NodeVolumeLimits', () => {
  const csi = (volumeHandle: string) => ({ csi: { driver: 'disks', volumeHandle } });
  const listers = listersOf({
    claims: [bound('a', 'v'), bound('b', 'w'), bound('same', 'v')],
    volumes: [volume('v', csi('v')), volume('w', csi('w'))],
  });
  const plugin = createNodeVolumeLimits(listers);
  const snapshot = snapshotOf([nodeOf('n1'), nodeOf('n2')], { n1: [podOf('x', using('a'))] });
  const full = 'node(s) exceed max volume count';

  it('counts what is on a node already, and each volume once', () => {
    assert.deepEqual(refusalsBy(plugin, podOf('p', using('b')), snapshot), { n1: full, n2: 'fits' });
    assert.deepEqual(refusalsBy(plugin, podOf('p', using('same')), snapshot), { n1: 'fits', n2: 'fits' });
  });
});
