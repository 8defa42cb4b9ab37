import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deviceClasses, resourceClaims, resourceSlices } from '../../api/resources/resource.ts';
import type {
  Device,
  DeviceClaim,
  DeviceRequest,
  ResourceClaimStatus,
  ResourceSliceSpec,
} from '../../api/types/resource/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import { nodeOf, type PodPicture, podOf, refusalsBy, snapshotOf } from '../testing/pictures.ts';
import { Devices } from './devices.ts';
import { DynamicResources } from './dynamic-resources.ts';

const driver = 'gpu.example.com';
const gpu = (name: string, more: Partial<Device> = {}): Device => ({
  name,
  attributes: { model: { string: 'A' } },
  capacity: { memory: { value: '40Gi' } },
  ...more,
});
const slice = (nodeName: string, devices: Device[], more: Partial<ResourceSliceSpec> = {}) =>
  storedObject(resourceSlices, {
    metadata: { name: `slice-${nodeName}-${more.pool?.generation ?? 1}-${devices.map(({ name }) => name).join('-')}` },
    spec: { driver, nodeName, devices, pool: { name: nodeName, generation: 1, resourceSliceCount: 1 }, ...more },
  });
const claim = (name: string, devices: DeviceClaim = {}, status: ResourceClaimStatus = {}, going = false) =>
  storedObject(resourceClaims, {
    metadata: { name, ...(going && { deletionTimestamp: '2030-01-01T00:00:00Z' }) },
    spec: { devices },
    status,
  });
const wish = (more: Partial<DeviceRequest['exactly']> = {}): DeviceRequest => ({
  name: 'gpu',
  exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1, ...more },
});
const gpuClass = storedObject(deviceClasses, {
  metadata: { name: 'gpu' },
  spec: { selectors: [{ cel: { expression: `device.driver == "${driver}"` } }] },
});
const given = (claimName: string, pool: string, ...names: string[]) =>
  claim(
    claimName,
    {},
    {
      allocation: { devices: { results: names.map((device) => ({ request: 'gpu', driver, pool, device })) } },
    },
  );

interface World {
  readonly slices?: ReturnType<typeof slice>[];
  readonly claims?: ReturnType<typeof claim>[];
}

function pluginOf({ slices = [], claims = [] }: World) {
  const devices = new Devices({
    resourceClaims: cacheOf(claims),
    resourceSlices: cacheOf(slices),
    deviceClasses: cacheOf([gpuClass]),
  });
  for (const next of claims) devices.ledger.claimChanged({ type: 'added', next });
  const client = { get: () => Promise.reject(new Error('none')), update: () => Promise.reject(new Error('none')) };
  return { devices, plugin: new DynamicResources({ devices, client, clock: new FakeClock(), logger: silentLogger }) };
}

const wanting = (picture: PodPicture = {}) =>
  podOf('p', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }], ...picture });
const nodes = snapshotOf([nodeOf('n1'), nodeOf('n2')]);
const saidOf = (pod: ReturnType<typeof podOf>, world: World) => refusalsBy(pluginOf(world).plugin, pod, nodes);
const both = (text: string) => ({ n1: `${text} !`, n2: `${text} !` });
const none = 'cannot allocate all claims !';

describe('DynamicResources', () => {
  const onN1 = {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] }] }],
  };
  const reservedFor = [{ resource: 'pods', name: 'p', uid: 'p' }];

  it('says nothing of pods that claim nothing', () =>
    assert.deepEqual(saidOf(podOf('p'), {}), { n1: 'fits', n2: 'fits' }));
  it('waits for claims', () => assert.deepEqual(saidOf(wanting(), {}), both('resourceclaim "c" not found')));
  it('waits for claims of templates', () => {
    const pod = wanting({ resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }] });
    assert.deepEqual(saidOf(pod, {}), both('pod "default/p": ResourceClaim not created yet'));
  });
  it('takes no claim of a template that is not its own', () => {
    const status = { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'c' }] };
    const pod = wanting({ resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }], status });
    const text = 'ResourceClaim default/c was not created for pod default/p (pod is not owner)';
    assert.deepEqual(saidOf(pod, { claims: [claim('c')] }), both(text));
  });
  it('takes none that goes', () =>
    assert.deepEqual(
      saidOf(wanting(), { claims: [claim('c', {}, {}, true)] }),
      both('resourceclaim "c" is being deleted'),
    ));
  it('waits for classes', () =>
    assert.deepEqual(
      saidOf(wanting(), { claims: [claim('c', { requests: [wish({ deviceClassName: 'x' })] })] }),
      both('request gpu: device class x does not exist'),
    ));
  it('runs a pod where its devices were allocated', () =>
    assert.deepEqual(
      saidOf(wanting(), { claims: [claim('c', {}, { allocation: { nodeSelector: onN1 }, reservedFor })] }),
      { n1: 'fits', n2: 'resourceclaim not available on the node !' },
    ));
  it('waits while another pod has the claim allocated', () => {
    const { plugin, devices } = pluginOf({
      claims: [claim('c', { requests: [wish()] })],
      slices: [slice('n1', [gpu('a')])],
    });
    devices.ledger.assume('c', {});
    const text = 'resource claim default/c is in the process of being allocated';
    assert.deepEqual(refusalsBy(plugin, wanting(), nodes), both(text));
  });
  it('keeps for one what was decided for it, and frees it again', () => {
    const claims = [claim('c', { requests: [wish()] }), claim('d', { requests: [wish()] })];
    const { plugin } = pluginOf({ claims, slices: [slice('n1', [gpu('a')])] });
    const other = podOf('q', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'd' }] });
    const pod = wanting();
    const node = [...nodes.nodes()][0];
    assert.ok(node);
    assert.equal(plugin.reserve(pod, node), undefined);
    assert.deepEqual(refusalsBy(plugin, other, nodes), { n1: none, n2: none });
    plugin.unreserve(pod);
    assert.deepEqual(refusalsBy(plugin, other, nodes), { n1: 'fits', n2: none });
  });
  it('tells of a selector that cannot be evaluated', () =>
    assert.deepEqual(
      saidOf(wanting(), {
        claims: [
          claim('c', {
            requests: [wish({ selectors: [{ cel: { expression: 'device.attributes["a.example"].x' } }] })],
          }),
        ],
        slices: [slice('n1', [gpu('a')])],
      }),
      { n1: 'CEL runtime error: no such key: x !', n2: none },
    ));

  const selecting = (expression: string) => ({ selectors: [{ cel: { expression } }] });
  const memory = (value: string) => ({ capacity: { requests: { memory: value } } });
  const shareable = { allowMultipleAllocations: true };
  const sub = (name: string, more: object) => ({
    name,
    deviceClassName: 'gpu',
    allocationMode: 'ExactCount',
    count: 1,
    ...more,
  });
  const partition = (name: string): Device =>
    gpu(name, { consumesCounters: [{ counterSet: 's', counters: { slots: { value: '1' } } }] });
  const counters = { sharedCounters: [{ name: 's', counters: { slots: { value: '2' } } }] };
  const pool = { name: 'n1', generation: 1, resourceSliceCount: 1 };

  /** What n1 says. */
  const table: readonly [
    what: string,
    request: DeviceClaim,
    slices: ReturnType<typeof slice>[],
    fits: boolean,
    used?: string[],
  ][] = [
    ['one device', { requests: [wish()] }, [slice('n1', [gpu('a')])], true],
    ['no device', { requests: [wish()] }, [slice('n2', [gpu('a')])], false],
    ['one that another claim has', { requests: [wish()] }, [slice('n1', [gpu('a')])], false, ['a']],
    ['the one that is left', { requests: [wish()] }, [slice('n1', [gpu('a'), gpu('b')])], true, ['a']],
    ['more than there are', { requests: [wish({ count: 2 })] }, [slice('n1', [gpu('a')])], false],
    ['devices of another driver', { requests: [wish()] }, [slice('n1', [gpu('a')], { driver: 'other' })], false],
    [
      'a selector that fits',
      { requests: [wish(selecting(`device.attributes["${driver}"].model == "A"`))] },
      [slice('n1', [gpu('a')])],
      true,
    ],
    ['a selector that does not', { requests: [wish(selecting('false'))] }, [slice('n1', [gpu('a')])], false],
    ['all of them', { requests: [wish({ allocationMode: 'All' })] }, [slice('n1', [gpu('a'), gpu('b')])], true],
    [
      'all, of which one is used',
      { requests: [wish({ allocationMode: 'All' })] },
      [slice('n1', [gpu('a'), gpu('b')])],
      false,
      ['a'],
    ],
    ['all of none', { requests: [wish({ allocationMode: 'All' })] }, [], false],
    [
      'what is used, as an administrator',
      { requests: [wish({ adminAccess: true })] },
      [slice('n1', [gpu('a')])],
      true,
      ['a'],
    ],
    [
      'the second best',
      { requests: [{ name: 'x', firstAvailable: [sub('best', selecting('false')), sub('next', {})] }] },
      [slice('n1', [gpu('a')])],
      true,
    ],
    [
      'two of one model',
      { requests: [wish({ count: 2 })], constraints: [{ matchAttribute: `${driver}/model` }] },
      [slice('n1', [gpu('a'), gpu('b', { attributes: { model: { string: 'B' } } }), gpu('c')])],
      true,
    ],
    [
      'two of one model where there are none',
      { requests: [wish({ count: 2 })], constraints: [{ matchAttribute: `${driver}/model` }] },
      [slice('n1', [gpu('a'), gpu('b', { attributes: { model: { string: 'B' } } })])],
      false,
    ],
    [
      'two of different models',
      { requests: [wish({ count: 2 })], constraints: [{ distinctAttribute: `${driver}/model` }] },
      [slice('n1', [gpu('a'), gpu('b')])],
      false,
    ],
    [
      'an attribute that no device has',
      { requests: [wish()], constraints: [{ matchAttribute: 'x/y' }] },
      [slice('n1', [gpu('a')])],
      false,
    ],
    [
      'an older generation',
      { requests: [wish()] },
      [slice('n1', [gpu('a')]), slice('n1', [], { pool: { ...pool, generation: 2 } })],
      false,
    ],
    [
      'a pool of which a slice is missing',
      { requests: [wish()] },
      [slice('n1', [gpu('a')], { pool: { ...pool, resourceSliceCount: 2 } })],
      false,
    ],
    [
      'a pool in two slices',
      { requests: [wish({ count: 2 })] },
      ['a', 'b'].map((name) => slice('n1', [gpu(name)], { pool: { ...pool, resourceSliceCount: 2 } })),
      true,
    ],
    ['two devices of one name', { requests: [wish()] }, [slice('n1', [gpu('a'), gpu('a')])], false],
    [
      'a tainted device',
      { requests: [wish()] },
      [slice('n1', [gpu('a', { taints: [{ key: 'bad', effect: 'NoSchedule' }] })])],
      false,
    ],
    [
      'one whose taint is tolerated',
      { requests: [wish({ tolerations: [{ key: 'bad', operator: 'Exists' }] })] },
      [slice('n1', [gpu('a', { taints: [{ key: 'bad', effect: 'NoSchedule' }] })])],
      true,
    ],
    ['capacity that it has', { requests: [wish(memory('40Gi'))] }, [slice('n1', [gpu('a')])], true],
    ['capacity that it has not', { requests: [wish(memory('41Gi'))] }, [slice('n1', [gpu('a')])], false],
    [
      'capacity of another name',
      { requests: [wish({ capacity: { requests: { cores: '1' } } })] },
      [slice('n1', [gpu('a')])],
      false,
    ],
    [
      'two shares of one',
      { requests: [wish({ count: 2, ...memory('20Gi') })] },
      [slice('n1', [gpu('a', shareable)])],
      true,
    ],
    [
      'shares of more than all',
      { requests: [wish({ count: 2, ...memory('21Gi') })] },
      [slice('n1', [gpu('a', shareable)])],
      false,
    ],
    [
      'a share without an amount is all',
      { requests: [wish({ count: 2 })] },
      [slice('n1', [gpu('a', shareable)])],
      false,
    ],
    [
      'partitions while there is room',
      { requests: [wish({ count: 2 })] },
      [slice('n1', ['a', 'b', 'c'].map(partition), counters)],
      true,
    ],
    [
      'no more partitions than there is room',
      { requests: [wish({ count: 2 })] },
      [slice('n1', ['a', 'b', 'c'].map(partition), counters)],
      false,
      ['c'],
    ],
    ['devices for all nodes', { requests: [wish()] }, [slice('', [gpu('a')], { allNodes: true, pool })], true],
    ['devices for selected nodes', { requests: [wish()] }, [slice('', [gpu('a')], { nodeSelector: onN1, pool })], true],
    [
      'devices each with its nodes',
      { requests: [wish()] },
      [slice('', [gpu('a', { nodeName: 'n2' })], { perDeviceNodeSelection: true, pool })],
      false,
    ],
    [
      'more than a claim may have',
      { requests: [wish({ count: 33 })] },
      [
        slice(
          'n1',
          Array.from({ length: 40 }, (_, i) => gpu(`g${i}`)),
        ),
      ],
      false,
    ],
  ];
  for (const [what, request, slices, fits, used = []] of table) {
    it(`${fits ? 'gives' : 'does not give'}: ${what}`, () => {
      const claims = [claim('c', request), given('other', 'n1', ...used)];
      assert.equal(saidOf(wanting(), { claims, slices }).n1, fits ? 'fits' : none);
    });
  }

  it('gives up a search that takes too long', () => {
    const requests = Array.from({ length: 16 }, (_, i) => ({ ...wish(), name: `r${i}` }));
    const unlike = (name: string, i: number) => gpu(name, { attributes: { model: { string: `${i % 15}` } } });
    const slices = [
      slice(
        'n1',
        Array.from({ length: 30 }, (_, i) => unlike(`g${i}`, i)),
      ),
    ];
    const claims = [claim('c', { requests, constraints: [{ distinctAttribute: `${driver}/model` }] })];
    assert.equal(saidOf(wanting(), { claims, slices }).n1, 'timed out trying to allocate devices !');
  });
});
