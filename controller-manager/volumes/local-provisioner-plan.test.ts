import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodes, persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import type { PersistentVolumeClaimSpec } from '../../api/types/core/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { hostnameOf, planProvision, planRemoval, volumeFor } from './local-provisioner-plan.ts';

const storageClass = (volumeBindingMode = 'WaitForFirstConsumer', provisioner = 'longshore.dev/local') =>
  storedObject(storageClasses, { metadata: { name: 'local' }, provisioner, volumeBindingMode });
const node = (annotations: Record<string, string> = { 'longshore.dev/local-volumes': '/x' }) =>
  storedObject(nodes, { metadata: { name: 'n', annotations, labels: { 'kubernetes.io/hostname': 'host-n' } } });
const claim = (spec: PersistentVolumeClaimSpec = {}, nodeName: string | undefined = 'n') =>
  storedObject(persistentVolumeClaims, {
    metadata: {
      name: 'c',
      annotations: {
        'volume.kubernetes.io/storage-provisioner': 'longshore.dev/local',
        ...(nodeName && { 'volume.kubernetes.io/selected-node': nodeName }),
      },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '2Gi' } },
      storageClassName: 'local',
      ...spec,
    },
  });

function planned(
  asked: ReturnType<typeof claim>,
  of = storageClass(),
  on: ReturnType<typeof node> | undefined = node(),
): string {
  const plan = planProvision(asked, { node: (name) => (name === 'n' ? on : undefined), storageClass: of });
  return 'message' in plan ? `${plan.type}: ${plan.message}` : plan.type;
}

describe('a claim of the local provisioner', () => {
  it('gets a volume on its node', () => assert.equal(planned(claim()), 'make'));
  it('waits for its node', () => assert.equal(planned(claim({}, '')), 'none'));
  it('has one already', () => assert.equal(planned(claim({ volumeName: 'v' })), 'none'));
  it('is of another provisioner', () => assert.equal(planned(claim(), storageClass(undefined, 'x')), 'none'));
  it('goes elsewhere when its node is gone, or offers none', () => {
    assert.equal(planned(claim({}, 'm')), 'elsewhere: node m is gone');
    assert.equal(planned(claim(), storageClass(), node({})), 'elsewhere: node n offers no local volumes');
  });

  const refused: readonly (readonly [spec: PersistentVolumeClaimSpec, words: RegExp])[] = [
    [{ volumeMode: 'Block' }, /volumeMode Block/],
    [{ accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }, /access mode ReadWriteMany/],
    [{ dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } }, /dataSource/],
    [{ selector: { matchLabels: { a: 'b' } } }, /selector is not supported/],
  ];
  for (const [spec, words] of refused)
    it(`is refused: ${words.source}`, () =>
      assert.match(planned(claim(spec)), new RegExp(`refuse: .*${words.source}`)));
  it('is refused by a class that does not wait', () =>
    assert.match(planned(claim(), storageClass('Immediate')), /refuse: .*WaitForFirstConsumer/));

  it('makes a volume for that claim alone, on that node alone', () => {
    const plan = planProvision(claim(), { node: () => node(), storageClass: storageClass() });
    assert.ok(plan.type === 'make');
    const { metadata, spec } = volumeFor(claim(), plan, '/x/pvc-c');
    assert.deepEqual([metadata?.name, spec?.claimRef?.uid, spec?.capacity], ['pvc-c', 'c', { storage: '2Gi' }]);
    assert.equal(spec?.persistentVolumeReclaimPolicy, 'Delete');
    assert.equal(
      hostnameOf(storedObject(persistentVolumes, { metadata: { name: 'v' }, ...(spec && { spec }) })),
      'host-n',
    );
  });
});

describe('a volume of the local provisioner', () => {
  interface Picture {
    readonly phase: string;
    readonly policy?: string;
    readonly going?: boolean;
    readonly provisioner?: string;
    readonly finalizers?: string[];
  }
  const plan = ({ phase, policy = 'Delete', going = false, ...picture }: Picture) => {
    const { provisioner = 'longshore.dev/local', finalizers = ['longshore.dev/local-volume'] } = picture;
    const removal = planRemoval(
      storedObject(persistentVolumes, {
        metadata: {
          name: 'v',
          finalizers,
          annotations: { 'pv.kubernetes.io/provisioned-by': provisioner },
          ...(going && { deletionTimestamp: '2030-01-01T00:00:00Z' }),
        },
        spec: { persistentVolumeReclaimPolicy: policy },
        status: { phase },
      }),
    );
    return removal.type === 'finish' ? removal.folder : removal.type;
  };
  const cases: readonly (readonly [title: string, Picture, expected: string])[] = [
    ['stays while it is bound', { phase: 'Bound' }, 'none'],
    ['stays while it is bound, also when somebody deletes it', { phase: 'Bound', going: true }, 'none'],
    ['stays while it waits for its claim', { phase: 'Available' }, 'none'],
    ['is deleted when its claim is gone', { phase: 'Released' }, 'delete'],
    ['is kept when its policy says so', { phase: 'Released', policy: 'Retain' }, 'none'],
    ['takes its folder with it', { phase: 'Released', going: true }, 'remove'],
    ['leaves its folder when its policy says so', { phase: 'Released', policy: 'Retain', going: true }, 'keep'],
    ['is somebody else’s', { phase: 'Released', provisioner: 'x' }, 'none'],
    ['is done', { phase: 'Released', going: true, finalizers: ['kubernetes.io/pv-protection'] }, 'none'],
  ];
  for (const [title, picture, expected] of cases) it(title, () => assert.equal(plan(picture), expected));
});
