import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDeclaredDevices } from './declared-devices.ts';

const head = 'apiVersion: kubelet.longshore.dev/v1\nkind: NodeDevices\n';
const parse = (devices: string) => parseDeclaredDevices(`${head}devices:\n${devices}`);

describe('parseDeclaredDevices', () => {
  it('reads nodes of the host, as often as they are given out', () => {
    const found = parse(
      '- { name: fuse, count: 2, nodes: [{ path: /dev/fuse, permissions: rw }], extendedResource: example.com/fuse }',
    );
    assert.deepEqual(
      found.map(({ name, extendedResource, handOver }) => [name, extendedResource, handOver.devices]),
      ['fuse-0', 'fuse-1'].map((name) => [
        name,
        'example.com/fuse',
        [{ hostPath: '/dev/fuse', containerPath: '/dev/fuse', permissions: 'rw' }],
      ]),
    );
  });

  it('reads what the cluster shall know of a GPU, in the form of ResourceSlices', () => {
    const [gpu] = parse(`
- name: gpu-0
  cdi: [nvidia.com/gpu=0]
  shared: true
  environment: { MODE: fast }
  attributes: { model: A100, index: 0, ecc: true, driverVersion: { version: 550.54.15 } }
  capacity:
    cores: 7
    memory: { value: 40Gi, requestPolicy: { default: 10Gi, validRange: { min: 1Gi, step: 1Gi } } }
`);
    assert.deepEqual(gpu, {
      name: 'gpu-0',
      attributes: {
        model: { string: 'A100' },
        index: { int: 0 },
        ecc: { bool: true },
        driverVersion: { version: '550.54.15' },
      },
      capacity: {
        cores: { value: '7' },
        memory: { value: '40Gi', requestPolicy: { default: '10Gi', validRange: { min: '1Gi', step: '1Gi' } } },
      },
      isShared: true,
      handOver: {
        devices: [],
        deviceRequests: [{ driver: 'cdi', ids: ['nvidia.com/gpu=0'], capabilities: [] }],
        mounts: [],
        environment: { MODE: 'fast' },
      },
    });
  });

  it("reads devices of the engine's own driver", () => {
    const [gpu] = parse('- { name: gpu, engine: { ids: ["0"] } }');
    assert.deepEqual(gpu?.handOver.deviceRequests, [
      { driver: 'nvidia', ids: ['0'], capabilities: ['gpu', 'compute', 'utility'] },
    ]);
  });

  it('is satisfied with no devices', () => assert.deepEqual(parseDeclaredDevices(head), []));

  for (const [what, text, message] of [
    ['text that is no YAML', 'devices: [', /./],
    ['another kind', 'apiVersion: v1\nkind: Pod', /^apiVersion: .*must be kubelet\.longshore\.dev\/v1; kind: /],
    ['a device without a name', `${head}devices: [{}]`, /devices\[0\]\.name: Required value/],
    ['a name that is no label', `${head}devices: [{ name: A_b }]`, /devices\[0\]\.name: Invalid value: "A_b"/],
    ['a name twice', `${head}devices: [{ name: a }, { name: a }]`, /devices: Duplicate value: "a"/],
    ['an unknown field', `${head}devices: [{ name: a, x: 1 }]`, /devices\[0\]\.x: Forbidden: unknown field "x"/],
    ['too many', `${head}devices: [{ name: a, count: 100000 }]`, /devices\[0\]\.count: Invalid value: 100000/],
    ['a relative path', `${head}devices: [{ name: a, nodes: [{ path: dev }] }]`, /nodes\[0\]\.path: Invalid value/],
    ['no permissions', `${head}devices: [{ name: a, nodes: [{ path: /d, permissions: x }] }]`, /permissions: Invalid/],
    ['what is no CDI device', `${head}devices: [{ name: a, cdi: [gpu] }]`, /cdi\[0\]: .*vendor\/class=name/],
    [
      'what is no quantity',
      `${head}devices: [{ name: a, capacity: { m: lots } }]`,
      /capacity\.m: .*must be a quantity/,
    ],
    [
      'a capacity without a value',
      `${head}devices: [{ name: a, capacity: { m: {} } }]`,
      /capacity\.m\.value: Required/,
    ],
    [
      'a range without a minimum',
      `${head}devices: [{ name: a, capacity: { m: { value: 1, requestPolicy: { validRange: {} } } } }]`,
      /validRange\.min: Required/,
    ],
    [
      'an attribute that is a list',
      `${head}devices: [{ name: a, attributes: { x: [] } }]`,
      /attributes\.x: Invalid value/,
    ],
    [
      'an attribute with a strange name',
      `${head}devices: [{ name: a, attributes: { a-b: 1 } }]`,
      /must be a C identifier/,
    ],
    [
      'shares of what is counted',
      `${head}devices: [{ name: a, shared: true, extendedResource: a.b/c }]`,
      /shared: Forbidden/,
    ],
    [
      'a resource without a domain',
      `${head}devices: [{ name: a, extendedResource: gpu }]`,
      /extendedResource: Invalid/,
    ],
  ] as const)
    it(`refuses ${what}`, () =>
      assert.throws(() => parseDeclaredDevices(text), { name: 'DeclaredDevicesError', message }));
});
