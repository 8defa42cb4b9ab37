import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import type { PersistentVolumeClaimSpec, PersistentVolumeSpec } from '../../api/types/core/v1.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import type { StorageClass } from '../../api/types/storage/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { type ClaimWorld, planClaim, planVolume } from './binder-plan.ts';

const bound = { 'pv.kubernetes.io/bind-completed': 'yes' };
const byController = { 'pv.kubernetes.io/bound-by-controller': 'yes' };

function claim(spec: PersistentVolumeClaimSpec = {}, metadata: ObjectMeta = {}) {
  return storedObject(persistentVolumeClaims, {
    metadata: { name: 'c', ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '2Gi' } },
      storageClassName: 'disk',
      ...spec,
    },
  });
}

interface VolumePicture extends PersistentVolumeSpec {
  readonly size?: string;
  readonly phase?: string;
  readonly metadata?: ObjectMeta;
}

function volume(name: string, { size = '2Gi', phase = 'Available', metadata, ...spec }: VolumePicture = {}) {
  return storedObject(persistentVolumes, {
    metadata: { ...metadata, name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: size },
      storageClassName: 'disk',
      hostPath: { path: '/x' },
      ...spec,
    },
    status: { phase },
  });
}

const storageClass = (name: string, more: Partial<StorageClass> = {}, metadata: ObjectMeta = {}) =>
  storedObject(storageClasses, { provisioner: 'example.com/disks', ...more, metadata: { ...metadata, name } });

interface WorldPicture {
  readonly volumes?: readonly ReturnType<typeof volume>[];
  readonly classes?: readonly ReturnType<typeof storageClass>[];
  readonly pods?: readonly string[];
}

const worldOf = ({ volumes = [], classes = [], pods = [] }: WorldPicture): ClaimWorld => ({
  volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
  volumesFor: () => volumes,
  storageClass: (name) => classes.find(({ metadata }) => metadata.name === name),
  storageClasses: () => classes,
  waitingPods: () => pods,
});

/** In short: `bind v`, or the type with what is told. */
function planned(asked: ReturnType<typeof claim>, world: WorldPicture = {}): string {
  const plan = planClaim(asked, worldOf(world));
  switch (plan.type) {
    case 'bind':
      return `bind ${plan.volume.metadata.name}`;
    case 'class':
      return `class ${plan.className}`;
    case 'broken':
      return `broken ${plan.message}`;
    default:
      return plan.telling === undefined ? plan.type : `${plan.type} ${plan.telling.reason}: ${plan.telling.message}`;
  }
}

describe('a claim without a volume', () => {
  const cases: readonly (readonly [title: string, spec: PersistentVolumeClaimSpec, VolumePicture[], string])[] = [
    ['takes the smallest that fits', {}, [{ size: '9Gi' }, { size: '1Gi' }, { size: '3Gi' }], 'bind v2'],
    [
      'takes the plainest of all that fit',
      {},
      [{ accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }, { size: '5Gi' }],
      'bind v1',
    ],
    [
      'takes what was set aside for it, whatever the class',
      {},
      [{ size: '2Gi' }, { size: '8Gi', storageClassName: 'other', claimRef: { namespace: 'default', name: 'c' } }],
      'bind v1',
    ],
    [
      'takes what its selector selects',
      { selector: { matchLabels: { tier: 'fast' } } },
      [{}, { size: '3Gi', metadata: { labels: { tier: 'fast' } } }],
      'bind v1',
    ],
    ['takes none of another access mode', { accessModes: ['ReadWriteMany'] }, [{}], notFound()],
    ['takes none of another volume mode', { volumeMode: 'Block' }, [{}], notFound()],
    ['takes none of another class', {}, [{ storageClassName: '' }], notFound()],
    ['takes none of other attributes', { volumeAttributesClassName: 'gold' }, [{}], notFound()],
    ['takes none that is not Available', {}, [{ phase: 'Released' }, { phase: 'Pending' }], notFound()],
    [
      'takes none of another claim',
      {},
      [{ claimRef: { namespace: 'default', name: 'c', uid: 'another' } }],
      notFound(),
    ],
    ['takes none that goes', {}, [{ metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } }], notFound()],
  ];
  for (const [title, spec, volumes, expected] of cases) {
    it(title, () => {
      assert.equal(planned(claim(spec), { volumes: volumes.map((picture, i) => volume(`v${i}`, picture)) }), expected);
    });
  }

  function notFound(): string {
    return 'pending ProvisioningFailed: storageclass.storage.k8s.io "disk" not found';
  }

  const waits = storageClass('disk', { volumeBindingMode: 'WaitForFirstConsumer' });
  const selected = { annotations: { 'volume.kubernetes.io/selected-node': 'n' } };

  it('waits for a pod where its class says so, and says for which', () => {
    const world = { classes: [waits], volumes: [volume('v')] };
    assert.equal(
      planned(claim(), world),
      'pending WaitForFirstConsumer: waiting for first consumer to be created before binding',
    );
    assert.equal(
      planned(claim(), { ...world, pods: ['p'] }),
      'pending WaitForPodScheduled: waiting for pod p to be scheduled',
    );
    assert.equal(
      planned(claim(), { ...world, pods: ['p', 'q'] }),
      'pending WaitForPodScheduled: waiting for pods p,q to be scheduled',
    );
  });

  it('is bound to what the scheduler chose', () => {
    const claimRef = { namespace: 'default', name: 'c', uid: 'c' };
    assert.equal(planned(claim(), { classes: [waits], volumes: [volume('v', { claimRef })] }), 'bind v');
  });

  it('asks who provisions its class, once a node is chosen', () => {
    const asks =
      "provision ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'example.com/disks' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
    assert.equal(planned(claim({}, selected), { classes: [waits], volumes: [volume('v')] }), asks);
    assert.equal(planned(claim(), { classes: [storageClass('disk')] }), asks);
  });

  it('says that nobody provisions for a class of volumes made by hand', () => {
    const classes = [storageClass('disk', { provisioner: 'kubernetes.io/no-provisioner' })];
    assert.equal(
      planned(claim(), { classes }),
      'pending ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner',
    );
  });

  it('gets the newest default class when it names none, not when it wants none', () => {
    const mark = (creationTimestamp: string) => ({
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      creationTimestamp,
    });
    const classes = [
      storageClass('old', {}, mark('2029-01-01T00:00:00Z')),
      storageClass('new', {}, mark('2029-02-01T00:00:00Z')),
      storageClass('plain'),
    ];
    const { storageClassName: _, ...spec } = claim().spec ?? {};
    const unclassed = storedObject(persistentVolumeClaims, { metadata: { name: 'c' }, spec });
    assert.equal(planned(unclassed, { classes }), 'class new');
    const none = 'pending FailedBinding: no persistent volumes available for this claim and no storage class is set';
    assert.equal(planned(claim({ storageClassName: '' }), { classes }), none);
    assert.equal(planned(unclassed), none);
  });
});

describe('a claim that names its volume', () => {
  const naming = (spec: PersistentVolumeClaimSpec = {}, annotations: Record<string, string> = {}) =>
    claim({ volumeName: 'v', ...spec }, { annotations });

  it('waits until it comes', () => assert.equal(planned(naming()), 'pending'));
  it('gets it when it fits', () => assert.equal(planned(naming(), { volumes: [volume('v')] }), 'bind v'));
  it('goes on where the binding stopped', () => {
    const claimRef = { namespace: 'default', name: 'c', uid: 'c' };
    assert.equal(planned(naming(), { volumes: [volume('v', { claimRef, phase: 'Bound' })] }), 'bind v');
  });

  const misfits: readonly (readonly [spec: PersistentVolumeClaimSpec, picture: VolumePicture, why: string])[] = [
    [{}, { size: '1Gi' }, 'requested PV is too small'],
    [{}, { storageClassName: 'x' }, 'storageClassName does not match'],
    [{ volumeMode: 'Block' }, {}, 'incompatible volumeMode'],
    [{ accessModes: ['ReadWriteMany'] }, {}, 'incompatible accessMode'],
    [{ volumeAttributesClassName: 'gold' }, {}, 'volumeAttributesClassName does not match'],
  ];
  for (const [spec, picture, why] of misfits) {
    it(`is told: ${why}`, () =>
      assert.equal(
        planned(naming(spec), { volumes: [volume('v', picture)] }),
        `pending VolumeMismatch: Cannot bind to requested volume "v": ${why}`,
      ));
  }

  const taken = volume('v', { claimRef: { namespace: 'default', name: 'other', uid: 'o' }, phase: 'Bound' });
  it('is told that another claim has it', () =>
    assert.equal(
      planned(naming(), { volumes: [taken] }),
      'pending FailedBinding: volume "v" already bound to a different claim.',
    ));
  it('is broken when a controller once bound it', () =>
    assert.equal(
      planned(naming({}, byController), { volumes: [taken] }),
      'broken invalid binding of claim "default/c" to volume "v": volume already claimed by "default/other"',
    ));
});

describe('a bound claim', () => {
  const had = (spec: PersistentVolumeClaimSpec = { volumeName: 'v' }) => claim(spec, { annotations: bound });
  const cases: readonly (readonly [title: string, ReturnType<typeof had>, WorldPicture, expected: string])[] = [
    [
      'stays as it is',
      had(),
      { volumes: [volume('v', { claimRef: { namespace: 'default', name: 'c', uid: 'c' } })] },
      'bind v',
    ],
    ['takes its volume back', had(), { volumes: [volume('v')] }, 'bind v'],
    [
      'has lost a volume that is gone',
      had(),
      {},
      'lost ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    ],
    [
      'has lost it when it names none any more',
      had({}),
      {},
      'lost ClaimLost: Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    ],
    [
      'is one of two',
      had(),
      { volumes: [volume('v', { claimRef: { namespace: 'default', name: 'c', uid: 'z' } })] },
      'lost ClaimMisbound: Two claims are bound to the same volume, this one is bound incorrectly',
    ],
  ];
  for (const [title, asked, world, expected] of cases) it(title, () => assert.equal(planned(asked, world), expected));
});

describe('a volume', () => {
  const claimRef = { namespace: 'default', name: 'c', uid: 'c' };
  const provisioned = { annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/disks' } };
  type Planned = ReturnType<typeof planVolume>['type'] | `phase ${string}`;
  const cases: readonly (readonly [string, VolumePicture, ReturnType<typeof claim> | undefined, Planned])[] = [
    ['of no claim is Available', {}, undefined, 'phase Available'],
    ['set aside by name is Available', { claimRef: { namespace: 'default', name: 'c' } }, claim(), 'phase Available'],
    ['of a claim that is gone is released', { claimRef }, undefined, 'released'],
    ['of another claim of that name is released', { claimRef }, claim({}, { uid: 'z' }), 'released'],
    ['of a claim that names it is Bound', { claimRef }, claim({ volumeName: 'v' }), 'phase Bound'],
    ['of a claim that names none leaves it to the claim', { claimRef }, claim(), 'claim'],
    ['of a claim of another mode says so', { claimRef }, claim({ volumeMode: 'Block' }), 'mismatch'],
    ['of a claim that has another one is free', { claimRef }, claim({ volumeName: 'w' }), 'unbind'],
    [
      'that was made in vain is deleted',
      { claimRef, persistentVolumeReclaimPolicy: 'Delete', metadata: provisioned },
      claim({ volumeName: 'w' }),
      'released',
    ],
  ];
  for (const [title, picture, of, expected] of cases) {
    it(title, () => {
      const plan = planVolume(volume('v', picture), of);
      assert.equal(plan.type === 'phase' ? `phase ${plan.phase}` : plan.type, expected);
    });
  }
});
