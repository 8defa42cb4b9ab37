import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distinctDevices, parseCdiSpec } from './cdi-spec.ts';

const spec = `
cdiVersion: 0.6.0
kind: example.com/card
containerEdits:
  env: [CARDS=yes]
devices:
- name: "0"
  containerEdits:
    deviceNodes:
    - path: /dev/card0
      permissions: rw
    - { path: /dev/in-container, hostPath: /dev/card-control }
    mounts:
    - { hostPath: /usr/lib/card.so, containerPath: /lib/card.so, options: [ro, nosuid] }
- name: hooked
  containerEdits:
    hooks: [{ hookName: createContainer, path: /usr/bin/hook }]
`;

describe('parseCdiSpec', () => {
  it('reads what each device needs in a container', () => {
    const [plain, hooked] = parseCdiSpec(spec);
    assert.deepEqual(plain, {
      id: 'example.com/card=0',
      nodes: ['/dev/card-control', '/dev/card0'],
      handOver: {
        devices: [
          { hostPath: '/dev/card0', containerPath: '/dev/card0', permissions: 'rw' },
          { hostPath: '/dev/card-control', containerPath: '/dev/in-container', permissions: 'rwm' },
        ],
        deviceRequests: [],
        mounts: [{ hostPath: '/usr/lib/card.so', containerPath: '/lib/card.so', readOnly: true }],
        environment: { CARDS: 'yes' },
      },
    });
    assert.deepEqual([hooked?.id, hooked?.handOver], ['example.com/card=hooked', undefined]);
  });

  it('reads JSON, too', () => {
    const text = JSON.stringify({ kind: 'a.com/b', devices: [{ name: 'x' }] });
    assert.deepEqual(
      parseCdiSpec(text).map(({ id }) => id),
      ['a.com/b=x'],
    );
  });

  for (const [what, text] of [
    ['text that is no YAML', 'a: [b'],
    ['a list', '[]'],
    ['a spec without a kind', 'devices: []'],
    ['a kind without a class', 'kind: example.com'],
    ['a function', 'kind: !!js/function "x"'],
  ] as const)
    it(`refuses ${what}`, () => assert.throws(() => parseCdiSpec(text)));

  it('leaves out what is not as it should be', () => {
    const devices = [
      null,
      { name: '../x' },
      { name: 7 },
      {
        name: 'a',
        containerEdits: { deviceNodes: [{ path: 'relative' }, 'x', { path: '/dev/a\0b' }], env: ['=x', 3] },
      },
      { name: 'b', containerEdits: { deviceNodes: 'all', mounts: [{ hostPath: '/x' }] } },
    ];
    const found = parseCdiSpec(JSON.stringify({ kind: 'a.com/b', devices }));
    assert.deepEqual(
      found.map(({ id, handOver }) => [id, handOver?.devices, handOver?.mounts, handOver?.environment]),
      [
        ['a.com/b=a', [], [], {}],
        ['a.com/b=b', [], [], {}],
      ],
    );
  });
});

describe('distinctDevices', () => {
  const device = (name: string, ...nodes: string[]) => ({ id: `v.com/gpu=${name}`, nodes, handOver: undefined });
  const left = (...devices: ReturnType<typeof device>[]) => distinctDevices(devices).map(({ id }) => id.split('=')[1]);

  it('keeps one name of a device, and none for several', () => {
    const gpus = [device('0', '/dev/0'), device('GPU-a', '/dev/0'), device('1', '/dev/1'), device('GPU-b', '/dev/1')];
    assert.deepEqual(left(...gpus, device('all', '/dev/0', '/dev/1')), ['0', '1']);
  });

  it('keeps a device that has more nodes than another, and those without nodes', () => {
    assert.deepEqual(left(device('0', '/dev/0', '/dev/ctl'), device('ctl', '/dev/ctl'), device('a'), device('b')), [
      ...['0', 'ctl', 'a', 'b'],
    ]);
  });
});
