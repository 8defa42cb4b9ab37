import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageState } from '../runtime/runtime.ts';
import { computeNodeStatus, type NodeStatusInput, nodeLabels, ownPartOf, patchOfNodeStatus } from './node-status.ts';

const machine = {
  capacity: { cpu: '4', memory: '8Gi', pods: '110' },
  enforceable: {},
  allocatable: { cpu: '4', memory: '7Gi', pods: '110' },
  memoryBytes: 8 * 2 ** 30,
  maxPids: 4096,
  pageSizes: [],
  machineId: 'm',
  systemUuid: 's',
  bootId: 'b',
  kernelVersion: '6.1',
  osImage: 'Debian',
  architecture: 'amd64',
};

const usual: NodeStatusInput = {
  previous: undefined,
  machine,
  pressure: { memory: false, disk: false, pid: false },
  nodeName: 'node-1',
  nodeIp: '192.0.2.10',
  port: 10250,
  kubeletVersion: 'v1',
  runtimeName: 'docker',
  runtimeVersion: '27.0',
  images: [],
  recursiveReadOnly: true,
  runtimeTrouble: undefined,
  extended: {},
  inUse: [],
  notReady: '',
  network: { isKnown: false, trouble: undefined },
  now: Date.UTC(2030, 0, 1, 0, 1),
};
const now = '2030-01-01T00:01:00Z';
const before = '2030-01-01T00:00:00Z';
const compute = (rest: Partial<NodeStatusInput> = {}) => computeNodeStatus({ ...usual, ...rest });
/** `Ready True KubeletReady` */
const conditionsOf = (rest: Partial<NodeStatusInput> = {}) =>
  compute(rest).conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

describe('computeNodeStatus', () => {
  it('says where the node is and what it is', () => {
    const { addresses, daemonEndpoints, nodeInfo } = compute();
    assert.deepEqual(addresses, [
      { type: 'InternalIP', address: '192.0.2.10' },
      { type: 'Hostname', address: 'node-1' },
    ]);
    assert.deepEqual(daemonEndpoints, { kubeletEndpoint: { Port: 10250 } });
    assert.deepEqual(nodeInfo, {
      architecture: 'amd64',
      bootID: 'b',
      containerRuntimeVersion: 'docker://27.0',
      kernelVersion: '6.1',
      kubeProxyVersion: '',
      kubeletVersion: 'v1',
      machineID: 'm',
      operatingSystem: 'linux',
      osImage: 'Debian',
      systemUUID: 's',
    });
  });

  it('keeps the runtime’s version while the runtime does not say it', () => {
    const versionOf = (rest: Partial<NodeStatusInput>) =>
      compute({ runtimeVersion: undefined, ...rest }).nodeInfo?.containerRuntimeVersion;
    const nodeInfo = { ...compute().nodeInfo, containerRuntimeVersion: 'docker://26.1' } as never;
    assert.equal(versionOf({ previous: { nodeInfo } }), 'docker://26.1');
    assert.equal(versionOf({}), 'docker://unknown');
  });

  it('says what mounts the runtime can make, and keeps it while the runtime does not say', () => {
    const handlersOf = (rest: Partial<NodeStatusInput>) => compute(rest).runtimeHandlers;
    const wanted = [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } }];
    assert.deepEqual(handlersOf({}), wanted);
    assert.deepEqual(handlersOf({ previous: compute(), recursiveReadOnly: undefined }), wanted);
    assert.equal(handlersOf({ recursiveReadOnly: undefined }), undefined);
    assert.equal(handlersOf({ recursiveReadOnly: false })?.[0]?.features?.recursiveReadOnlyMounts, false);
  });

  it('of a node that is well', () => {
    assert.deepEqual(conditionsOf(), [
      'MemoryPressure False KubeletHasSufficientMemory',
      'DiskPressure False KubeletHasNoDiskPressure',
      'PIDPressure False KubeletHasSufficientPID',
      'Ready True KubeletReady',
    ]);
  });

  it('of a node that runs short of all', () => {
    assert.deepEqual(conditionsOf({ pressure: { memory: true, disk: true, pid: true } })?.slice(0, 3), [
      'MemoryPressure True KubeletHasInsufficientMemory',
      'DiskPressure True KubeletHasDiskPressure',
      'PIDPressure True KubeletHasInsufficientPID',
    ]);
  });

  it('says why it is not ready, and nothing while it does not know', () => {
    const ready = compute({ notReady: 'the container runtime is down' }).conditions?.at(-1);
    assert.deepEqual(
      [ready?.status, ready?.reason, ready?.message],
      ['False', 'KubeletNotReady', 'the container runtime is down'],
    );
    assert.equal(conditionsOf({ notReady: undefined })?.length, 3);
  });

  it('says of the pods’ network what it knows', () => {
    const networkOf = (trouble: string | undefined) =>
      conditionsOf({ network: { isKnown: true, trouble } })?.find((text) => text.startsWith('Network'));
    assert.equal(networkOf(undefined), 'NetworkUnavailable False PodNetworkReady');
    assert.equal(networkOf('the bridge is gone'), 'NetworkUnavailable True PodNetworkBroken');
  });

  it('keeps since when a condition holds', () => {
    const conditions = [
      { type: 'Ready', status: 'True', lastTransitionTime: before },
      { type: 'DiskPressure', status: 'True', lastTransitionTime: before },
    ];
    const found = compute({ previous: { conditions } }).conditions ?? [];
    const timesOf = (wanted: string) => {
      const one = found.find(({ type }) => type === wanted);
      return [one?.lastHeartbeatTime, one?.lastTransitionTime];
    };
    assert.deepEqual(
      [timesOf('Ready'), timesOf('DiskPressure')],
      [
        [now, before],
        [now, now],
      ],
    );
  });

  it('gives pods all of the resources that others put on the node', () => {
    const previous = { capacity: { 'example.com/gpu': '2', cpu: '64' } };
    assert.deepEqual(compute({ previous }).allocatable, { ...machine.allocatable, 'example.com/gpu': '2' });
    const extended = { 'example.com/gpu': '0', 'example.com/fuse': '4' };
    const counted = compute({ previous, extended });
    assert.deepEqual(counted.allocatable, { ...machine.allocatable, ...extended });
    assert.deepEqual(counted.capacity, { ...machine.capacity, ...extended });
    assert.deepEqual(compute({ previous }).capacity, machine.capacity);
  });

  it('lists the largest images, fifty at most, with five names each; none without a name', () => {
    const image = (sizeBytes: number, names = [`i${sizeBytes}:1`]): ImageState => ({
      id: `sha256:${sizeBytes}`,
      names,
      sizeBytes,
      createdAt: 0,
      pinned: false,
    });
    const many = Array.from({ length: 60 }, (_, index) => image(index));
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const found = compute({ images: [...many, image(100, names), image(200, [])] }).images ?? [];
    assert.equal(found.length, 50);
    assert.deepEqual(found[0], { names: names.slice(0, 5), sizeBytes: 100 });
    assert.deepEqual(found[1], { names: ['i59:1'], sizeBytes: 59 });
  });
});

describe('what of a node is the kubelet’s', () => {
  const said = compute();

  it('is what it said, whatever others added, and whenever it said it', () => {
    const shown = {
      ...said,
      capacity: { ...said.capacity, 'example.com/gpu': '2' },
      conditions: [
        { type: 'example.com/odd', status: 'True' },
        ...(said.conditions ?? []).map((one) => ({ ...one, lastHeartbeatTime: before })).reverse(),
      ],
    };
    assert.deepEqual(ownPartOf(shown, said), ownPartOf(said, said));
  });

  it('says which volumes are in use, until none is', () => {
    const inUse = compute({ inUse: ['v'] });
    assert.deepEqual(inUse.volumesInUse, ['v']);
    assert.notDeepEqual(ownPartOf(inUse, said), ownPartOf(said, said));
    const patch = (status: typeof said) => JSON.parse(JSON.stringify(patchOfNodeStatus(status))).volumesInUse;
    assert.deepEqual([patch(inUse), patch(said)], [['v'], null]);
  });

  it('is not the same when others wrote over it, or know nothing yet', () => {
    const taken = said.conditions?.map((one) => (one.type === 'Ready' ? { ...one, status: 'Unknown' } : one)) ?? [];
    assert.notDeepEqual(ownPartOf({ ...said, conditions: taken }, said), ownPartOf(said, said));
    assert.notDeepEqual(ownPartOf({ ...said, capacity: { cpu: '999' } }, said), ownPartOf(said, said));
    assert.notDeepEqual(ownPartOf(undefined, said), ownPartOf(said, said));
  });

  it('is written as a patch that replaces its addresses and touches no condition of others', () => {
    const { addresses, conditions } = patchOfNodeStatus(said) as {
      addresses: object[];
      conditions: { type: string }[];
    };
    assert.deepEqual(addresses[0], { $patch: 'replace' });
    assert.deepEqual(
      conditions.map(({ type }) => type),
      said.conditions?.map(({ type }) => type),
    );
  });

  it('are the labels that everybody looks for', () => {
    assert.deepEqual(nodeLabels({ nodeName: 'node-1', machine }), {
      'kubernetes.io/hostname': 'node-1',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': 'amd64',
    });
  });

  it('tells of trouble of the runtime, and that it is over', () => {
    const runtimeTrouble = { type: 'slow', message: 'no answer' } as const;
    const slow = compute({ runtimeTrouble });
    const one = (status: typeof slow, name: string) => status.conditions?.find(({ type }) => type === name);
    assert.deepEqual(
      ['RuntimeSlow', 'RuntimeDown', 'Ready'].map((name) => one(slow, name)?.status),
      ['True', undefined, 'True'],
    );
    assert.equal(one(slow, 'RuntimeSlow')?.message, 'no answer');
    const well = compute({ previous: slow });
    assert.deepEqual(
      ['RuntimeSlow', 'RuntimeDown'].map((name) => one(well, name)?.status),
      ['False', undefined],
    );
  });
});
