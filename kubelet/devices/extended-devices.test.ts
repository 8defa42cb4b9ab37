import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container } from '../../api/types/core/v1.ts';
import type { PodObject } from '../model/pod.ts';
import type { ContainerState } from '../runtime/runtime.ts';
import { containerIn, makeContainer, makePod, running } from '../testing/make-pod.ts';
import { ExtendedDevices, grantAnnotation } from './extended-devices.ts';
import { type NodeDevice, nothingToHandOver } from './node-device.ts';

const fuse = 'example.com/fuse';
const devices = (count: number): NodeDevice[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `fuse-${i}`,
    ...{ attributes: {}, capacity: {}, isShared: false, extendedResource: fuse },
    handOver: {
      ...nothingToHandOver,
      devices: [{ hostPath: '/dev/fuse', containerPath: '/dev/fuse', permissions: 'rwm' }],
      environment: { [`FUSE_${i}`]: 'yes' },
    },
  }));

const asking = (name: string, count: number, rest: Partial<Container> = {}): Container => ({
  name,
  image: 'i',
  resources: { limits: { [fuse]: String(count) } },
  ...rest,
});
const pod = (uid: string, containers: Container[], initContainers: Container[] = []): PodObject =>
  makePod({ containers, initContainers }, { metadata: { ...makePod().metadata, name: uid, uid } });
const container = (uid: string, names: readonly string[], rest: Partial<ContainerState> = {}): ContainerState =>
  makeContainer(pod(uid, [asking('a', 1)]), running, {
    pod: { namespace: 'default', name: uid, uid },
    annotations: { [grantAnnotation]: JSON.stringify({ [fuse]: names }) },
    ...rest,
  });

function node(count: number, containers: ContainerState[] = []) {
  const left = { devices: devices(count), containers };
  return {
    left,
    given: new ExtendedDevices({
      devices: () => left.devices,
      resources: () => [fuse],
      containers: () => left.containers,
      isFinished: ({ uid }) => uid === 'finished',
    }),
  };
}
const refusal = (requested: number, available: number) => ({
  reason: 'UnexpectedAdmissionError',
  message: `Allocate failed due to requested number of devices unavailable for ${fuse}. Requested: ${requested}, Available: ${available}, which is unexpected`,
});

describe('ExtendedDevices', () => {
  it('counts what there is', () => {
    assert.deepEqual(node(3).given.count(), { [fuse]: '3' });
    assert.deepEqual(node(0).given.count(), {});
  });

  it('gives each device once, and takes it back', () => {
    const { given } = node(3);
    assert.equal(given.refusalOf(pod('one', [asking('a', 1), asking('b', 1)])), undefined);
    assert.deepEqual(
      [given.grantOf('one', 'a'), given.grantOf('one', 'b')],
      [{ [fuse]: ['fuse-0'] }, { [fuse]: ['fuse-1'] }],
    );
    assert.deepEqual(given.refusalOf(pod('two', [asking('a', 2)])), refusal(2, 1));
    given.release('one');
    assert.equal(given.refusalOf(pod('two', [asking('a', 2)])), undefined);
    assert.equal(given.refusalOf(pod('two', [asking('a', 2)])), undefined);
  });

  it('hands over what each device brings, once where they are alike', () => {
    const { given, left } = node(2);
    const asks = pod('one', [asking('a', 2)]);
    given.refusalOf(asks);
    const { spec } = containerIn(asks);
    assert.deepEqual(given.handOverFor(asks, spec), {
      devices: [{ hostPath: '/dev/fuse', containerPath: '/dev/fuse', permissions: 'rwm' }],
      environment: { FUSE_0: 'yes', FUSE_1: 'yes' },
      ...{ deviceRequests: [], mounts: [] },
    });
    left.devices = devices(1);
    assert.throws(() => given.handOverFor(asks, spec), { message: 'device fuse-1 is not on this node' });
  });

  it('lets containers have what init containers had before them, but not what sidecars have', () => {
    const { given } = node(2);
    const sidecar = asking('s', 1, { restartPolicy: 'Always' });
    assert.equal(given.refusalOf(pod('one', [asking('a', 1)], [sidecar, asking('i', 1)])), undefined);
    assert.deepEqual(
      ['s', 'i', 'a'].map((name) => given.grantOf('one', name)[fuse]),
      [['fuse-0'], ['fuse-1'], ['fuse-1']],
    );
    assert.deepEqual(given.refusalOf(pod('two', [asking('a', 1)])), refusal(1, 0));
  });

  it('knows after a restart what containers have, and forgets that when their pod is over', () => {
    const { given } = node(2, [container('one', ['fuse-1'], { name: 'a' })]);
    assert.deepEqual(given.refusalOf(pod('two', [asking('a', 2)])), refusal(2, 1));
    assert.equal(given.refusalOf(pod('one', [asking('a', 1)])), undefined);
    assert.deepEqual(given.grantOf('one', 'a'), { [fuse]: ['fuse-1'] });
    given.release('one');
    assert.equal(given.refusalOf(pod('two', [asking('a', 2)])), undefined);
  });

  it('counts nothing that pods had which are finished', () => {
    const { given } = node(1, [container('finished', ['fuse-0'])]);
    assert.equal(given.refusalOf(pod('next', [asking('a', 1)])), undefined);
  });

  it('refuses what it counted once and has no more, and leaves alone what others count', () => {
    const { given } = node(0);
    assert.deepEqual(given.refusalOf(pod('one', [asking('a', 1)])), refusal(1, 0));
    const other = { name: 'a', image: 'i', resources: { limits: { 'example.com/other': '1' } } };
    assert.equal(given.refusalOf(pod('two', [other])), undefined);
  });

  it('takes labels that somebody spoiled for none', () => {
    for (const text of ['[', '7', '{"example.com/fuse": 1}']) {
      const spoiled = container('one', [], { annotations: { [grantAnnotation]: text } });
      assert.equal(node(1, [spoiled]).given.refusalOf(pod('two', [asking('a', 1)])), undefined);
    }
  });
});
