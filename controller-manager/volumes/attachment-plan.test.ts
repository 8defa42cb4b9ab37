import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodes, persistentVolumes, pods } from '../../api/resources/core.ts';
import { csiDrivers } from '../../api/resources/storage.ts';
import type { NodeStatus, PodStatus, Taint } from '../../api/types/core/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import {
  type AttachableVolume,
  attachableVolume,
  attachmentName,
  type DetachVerdict,
  judgeAttached,
  multiAttachMessage,
  needsVolumes,
  planAttach,
} from './attachment-plan.ts';

const volume = (accessModes: string[], driver = 'disks.example.com') =>
  storedObject(persistentVolumes, {
    metadata: { name: 'pv' },
    spec: { accessModes, csi: { driver, volumeHandle: 'h-1' } },
  });
const disk: AttachableVolume = {
  name: 'pv',
  driver: 'disks.example.com',
  handle: 'h-1',
  reportedName: 'kubernetes.io/csi/disks.example.com^h-1',
  mayBeAttachedToMany: false,
};
const podOn = (name: string, nodeName: string, { namespace = 'default', status = {} as PodStatus } = {}) =>
  storedObject(pods, { metadata: { name, namespace }, spec: { containers: [], nodeName }, status });

describe('a volume that has to be attached', () => {
  it('is one of a driver that asks for it, or that nobody knows', () => {
    const driver = (attachRequired: boolean) =>
      storedObject(csiDrivers, { metadata: { name: 'disks.example.com' }, spec: { attachRequired } });
    assert.deepEqual(attachableVolume(volume(['ReadWriteOnce']), driver(true)), disk);
    assert.deepEqual(attachableVolume(volume(['ReadWriteOnce']), undefined), disk);
    assert.equal(attachableVolume(volume(['ReadWriteOnce']), driver(false)), undefined);
    const folder = storedObject(persistentVolumes, { metadata: { name: 'pv' }, spec: { hostPath: { path: '/x' } } });
    assert.equal(attachableVolume(folder, undefined), undefined);
  });

  for (const [modes, many] of [
    [['ReadWriteOnce'], false],
    [['ReadWriteOncePod'], false],
    [['ReadWriteOnce', 'ReadOnlyMany'], true],
    [['ReadWriteMany'], true],
    [[], true],
  ] as const)
    it(`is for ${many ? 'many nodes' : 'one node'} with ${modes.join(', ') || 'no access mode'}`, () => {
      assert.equal(attachableVolume(volume([...modes]), undefined)?.mayBeAttachedToMany, many);
    });

  it('has the name that upstream gives its attachment', () => {
    assert.match(attachmentName(disk, 'n'), /^csi-[0-9a-f]{64}$/);
    assert.notEqual(attachmentName(disk, 'n'), attachmentName(disk, 'm'));
  });
});

describe('who attaches', () => {
  const [one, two] = [podOn('a', 'n'), podOn('b', 'm')];
  const many = { ...disk, mayBeAttachedToMany: true };
  const cases: readonly (readonly [title: string, AttachableVolume, string[], attach: string[], refused: string[]])[] =
    [
      ['the first pod gets it', disk, [], ['n'], ['m']],
      ['the other waits for the object to be gone', disk, ['n'], [], ['m']],
      ['also one that nobody uses any more', disk, ['elsewhere'], [], ['n', 'm']],
      ['all who share it', many, ['n'], ['m'], []],
    ];
  for (const [title, of, attached, attach, refused] of cases)
    it(title, () => assert.deepEqual(planAttach(of, [one, two], attached), { attach, refused }));

  const foreign = podOn('c', 'm', { namespace: 'other' });
  const head = 'Multi-Attach error for volume "pv" Volume is already ';
  for (const [others, text] of [
    [[], "exclusively attached to one node and can't be attached to another"],
    [[two], 'used by pod(s) b'],
    [[two, foreign], 'used by pod(s) b and 1 pod(s) in different namespaces'],
    [[foreign], 'used by 1 pod(s) in different namespaces'],
  ] as const)
    it(`says: ${text}`, () => assert.equal(multiAttachMessage('pv', one, others), head + text));
});

describe('what is attached', () => {
  const node = (status: NodeStatus, taints: Taint[] = []) =>
    storedObject(nodes, { metadata: { name: 'n' }, spec: { taints }, status });
  const [mounted, ready] = [
    { volumesInUse: [disk.reportedName] },
    { conditions: [{ type: 'Ready', status: 'True' }] },
  ] as const;
  const off = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }];
  const keep: DetachVerdict = { type: 'keep' };
  const forced: DetachVerdict = { type: 'detach', isForced: true };
  const mountedNode = { ...mounted, volumesInUse: [...mounted.volumesInUse] };
  const readyNode = { conditions: [...ready.conditions] };
  const cases: readonly (readonly [
    string,
    boolean,
    ReturnType<typeof node> | undefined,
    unusedForMs: number,
    DetachVerdict,
  ])[] = [
    ['stays while a pod needs it', true, node({}), 9e9, keep],
    ['goes when none does', false, node({}), 0, { type: 'detach', isForced: false }],
    ['stays while it is mounted', false, node({ ...mountedNode, ...readyNode }), 9e9, keep],
    ['is waited for on a silent node', false, node(mountedNode), 60_000, { type: 'wait', leftMs: 300_000 }],
    ['goes from a silent node in the end', false, node(mountedNode), 360_000, forced],
    ['goes from one that is out of service', false, node(mountedNode, off), 0, forced],
    ['not while a pod there needs it', true, node(mountedNode, off), 0, keep],
    ['goes with its node', false, undefined, 0, forced],
  ];
  for (const [title, isUsed, at, unusedForMs, verdict] of cases)
    it(title, () => assert.deepEqual(judgeAttached(disk, { isUsed, node: at, unusedForMs }), verdict));

  it('is not needed by pods that have ended', () => {
    const running = {
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: 0, state: { running: {} } }],
    };
    const going = (status: PodStatus) =>
      storedObject(pods, {
        metadata: { name: 'p', deletionTimestamp: '2030-01-01T00:00:00Z' },
        spec: { containers: [], nodeName: 'n' },
        status,
      });
    assert.ok(needsVolumes(podOn('p', 'n'), undefined));
    assert.ok(needsVolumes(going(running), undefined));
    assert.ok(!needsVolumes(going({}), undefined));
    assert.ok(!needsVolumes(podOn('p', 'n', { status: { phase: 'Succeeded' } }), undefined));
    const keeping = storedObject(nodes, {
      metadata: { name: 'n', annotations: { 'volumes.kubernetes.io/keep-terminated-pod-volumes': 'true' } },
    });
    assert.ok(needsVolumes(podOn('p', 'n', { status: { phase: 'Succeeded' } }), keeping));
  });
});
