import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resourceClaims } from '../../api/resources/resource.ts';
import type { PodResourceClaim } from '../../api/types/core/v1.ts';
import type { ResourceClaim } from '../../api/types/resource/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { containerIn, makePod } from '../testing/make-pod.ts';
import { computeDeviceEnvironment } from './device-environment.ts';
import { type NodeDevice, nothingToHandOver } from './node-device.ts';
import { claimedDevicesOf, claimNameOf, devicesOfContainer } from './pod-device-claims.ts';

const device = (name: string): NodeDevice => ({
  ...{ name, attributes: {}, capacity: {}, isShared: false, handOver: nothingToHandOver },
});
const template: PodResourceClaim = { name: 'gpu', resourceClaimTemplateName: 't' };
const named: PodResourceClaim = { name: 'gpu', resourceClaimName: 'c' };
const result = { request: 'gpu', driver: 'docker.longshore.dev', pool: 'n1', device: 'gpu-0' };
const reservedFor = [{ resource: 'pods', name: 'p', uid: 'u' }];
const given = (...results: object[]): ResourceClaim['status'] => ({
  reservedFor,
  allocation: { devices: { results: results.map((one) => ({ ...result, ...one })) } },
});

describe('claimNameOf', () => {
  const status = (resourceClaimName?: string) => ({
    status: { resourceClaimStatuses: [{ name: 'gpu', ...(resourceClaimName && { resourceClaimName }) }] },
  });
  it('is the name that the pod says, or that of the claim made for it', () => {
    assert.equal(claimNameOf(makePod(), named), 'c');
    assert.equal(claimNameOf(makePod({}, status('p-gpu-x')), template), 'p-gpu-x');
    assert.equal(claimNameOf(makePod({}, status()), template), undefined);
    assert.throws(() => claimNameOf(makePod(), template), {
      message: 'pod "default/p": ResourceClaim not created yet',
    });
  });
});

describe('claimedDevicesOf', () => {
  const ask = (status: ResourceClaim['status'], entry = named) =>
    claimedDevicesOf({
      pod: makePod(),
      entry,
      claim: storedObject(resourceClaims, { metadata: { name: 'c' }, spec: {}, ...(status && { status }) }),
      nodeName: 'n1',
      devices: [device('gpu-0'), device('gpu-1')],
    });

  it('finds what the claim was given', () => {
    const found = ask(given({}, { device: 'gpu-1', request: 'big/one', consumedCapacity: { memory: '8Gi' } }));
    assert.deepEqual(
      found.map(({ request, device: { name }, share }) => [request, name, share]),
      [
        ['gpu', 'gpu-0', {}],
        ['big/one', 'gpu-1', { memory: '8Gi' }],
      ],
    );
  });

  const refused: readonly (readonly [string, ResourceClaim['status'], PodResourceClaim, string])[] = [
    [
      'reserved for others',
      { ...given({}), reservedFor: [] },
      named,
      'pod p (u) is not allowed to use ResourceClaim c (c)',
    ],
    ['without devices', { reservedFor }, named, 'ResourceClaim c: not allocated'],
    [
      'made for another pod',
      given({}),
      template,
      'ResourceClaim default/c was not created for pod default/p (pod is not owner)',
    ],
    ['of another driver', given({ driver: 'gpu.example.com' }), named, 'DRA driver gpu.example.com is not registered'],
    [
      ...(['of a device that is gone', given({ device: 'gpu-9' }), named] as const),
      'NodePrepareResources failed for ResourceClaim c: device n1/gpu-9 is not on this node',
    ],
    [
      ...(['of a device of another node', given({ pool: 'n2' }), named] as const),
      'NodePrepareResources failed for ResourceClaim c: device n2/gpu-0 is not on this node',
    ],
  ];
  for (const [what, status, entry, message] of refused)
    it(`refuses a claim ${what}`, () => assert.throws(() => ask(status, entry), { name: 'DeviceError', message }));
});

describe('devicesOfContainer', () => {
  const one = { request: 'gpu/big', device: device('gpu-0'), share: {} };
  const other = { request: 'nic', device: device('nic-0'), share: {} };
  const claimed = new Map([['claim', [one, other]]]);
  const ask = (...claims: { name: string; request?: string }[]) =>
    devicesOfContainer(
      containerIn(makePod({ containers: [{ name: 'a', image: 'i', resources: { claims } }] })).spec,
      claimed,
    );

  it('are those of the claims or requests that it names, once each', () => {
    assert.deepEqual(ask(), []);
    assert.deepEqual(ask({ name: 'claim' }), [one, other]);
    assert.deepEqual(ask({ name: 'claim', request: 'gpu' }), [one]);
    assert.deepEqual(ask({ name: 'claim', request: 'nic' }, { name: 'claim' }), [other, one]);
    assert.deepEqual(ask({ name: 'none' }), []);
  });
});

describe('computeDeviceEnvironment', () => {
  it('names the devices of each request, and its shares of them', () => {
    const share = (amount: string) => ({ 'docker.longshore.dev/memory': amount, cores: '2' });
    assert.deepEqual(
      computeDeviceEnvironment([
        { request: 'my-gpu/big', device: device('gpu-0'), share: share('8Gi') },
        { request: 'my-gpu', device: device('gpu-1'), share: share('1500M') },
        { request: 'nic', device: device('nic-0'), share: {} },
      ]),
      {
        LONGSHORE_DEVICES_MY_GPU: 'gpu-0,gpu-1',
        LONGSHORE_SHARE_MY_GPU_MEMORY: '8589934592,1500000000',
        LONGSHORE_SHARE_MY_GPU_CORES: '2,2',
        LONGSHORE_DEVICES_NIC: 'nic-0',
      },
    );
  });
});
