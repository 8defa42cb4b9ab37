import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeRuntime } from '../runtime/testing/fake-runtime.ts';
import { DeviceInventory } from './device-inventory.ts';

const declare = (devices: string) => `apiVersion: kubelet.longshore.dev/v1\nkind: NodeDevices\ndevices:\n${devices}\n`;
const card = (name: string, edits: object = {}) => ({
  name,
  containerEdits: { deviceNodes: [{ path: `/dev/${name}` }], ...edits },
});
const spec = (...devices: object[]) => JSON.stringify({ kind: 'a.com/card', devices });
const hooked = card('hooked', { hooks: [{ hookName: 'createContainer', path: '/bin/true' }] });

describe('DeviceInventory', () => {
  let folder: string;
  let runtime: FakeRuntime;
  let inventory: DeviceInventory;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-devices-'));
    await mkdir(join(folder, 'cdi'));
    runtime = new FakeRuntime();
    inventory = new DeviceInventory({
      runtime,
      declaredFile: join(folder, 'devices.yaml'),
      cdiFolders: [join(folder, 'cdi')],
    });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  const look = async () => {
    await inventory.refresh();
    return Object.fromEntries(inventory.devices.map(({ name, handOver }) => [name, handOver]));
  };

  it('has nothing where nothing is', async () => {
    assert.equal(await inventory.refresh(), false);
    assert.deepEqual([inventory.devices, inventory.troubles], [[], []]);
  });

  it('asks an engine that knows CDI for devices by their ids, and any other for what they consist of', async () => {
    await write('cdi/card.json', spec(card('0'), hooked));
    assert.deepEqual(await look(), {
      'a-com-card-0': {
        devices: [{ hostPath: '/dev/0', containerPath: '/dev/0', permissions: 'rwm' }],
        ...{ deviceRequests: [], mounts: [], environment: {} },
      },
    });
    runtime.offerDevices({ cdiFolders: [join(folder, 'cdi')], drivers: [] });
    const requested = (id: string) => [{ driver: 'cdi', ids: [id], capabilities: [] }];
    const byEngine = await look();
    assert.deepEqual(byEngine['a-com-card-0']?.deviceRequests, requested('a.com/card=0'));
    assert.deepEqual(byEngine['a-com-card-hooked']?.deviceRequests, requested('a.com/card=hooked'));
    runtime.offerDevices({ cdiFolders: [join(folder, 'cdi')], cdiDevices: ['a.com/card=hooked'], drivers: [] });
    assert.deepEqual(Object.keys(await look()), ['a-com-card-hooked']);
  });

  it('takes what is declared for what was found', async () => {
    await write('cdi/card.json', spec(card('0'), card('1')));
    await write('devices.yaml', declare('- { name: big, cdi: ["a.com/card=1"], capacity: { memory: 8Gi } }'));
    const found = await look();
    assert.deepEqual(Object.keys(found).sort(), ['a-com-card-0', 'big']);
    assert.deepEqual(
      found.big?.devices.map(({ hostPath }) => hostPath),
      ['/dev/1'],
    );
  });

  it('says which declared device this engine cannot hand out', async () => {
    await write('cdi/card.json', spec(hooked));
    await write('devices.yaml', declare('- { name: big, cdi: ["a.com/card=hooked"] }'));
    assert.deepEqual(await look(), {});
    assert.deepEqual(inventory.troubles, ['device big: the engine hands out no CDI devices']);
  });

  it('goes on with what was declared when a mistake is made, and forgets it when the file goes', async () => {
    await write('devices.yaml', declare('- { name: fuse, nodes: [{ path: /dev/fuse }] }'));
    assert.equal(await inventory.refresh(), true);
    assert.equal(await inventory.refresh(), false);
    await write('devices.yaml', declare('- { name: fuse, nodes: [{ path: dev }] }'));
    assert.deepEqual(Object.keys(await look()), ['fuse']);
    assert.match(inventory.troubles[0] ?? '', /devices\.yaml: devices\[0\]\.nodes\[0\]\.path: Invalid value/);
    await rm(join(folder, 'devices.yaml'));
    assert.deepEqual(await look(), {});
    assert.deepEqual(inventory.troubles, []);
  });

  it('reads the other specs when one is broken, huge, or no file at all', async () => {
    await write('cdi/a.json', '{');
    await write('cdi/b.yaml', 'x'.repeat(2 ** 20 + 1));
    await mkdir(join(folder, 'cdi/c.yaml'));
    await write('cdi/d.yaml', spec(card('0')));
    await write('cdi/e.txt', 'not a spec');
    assert.deepEqual(Object.keys(await look()), ['a-com-card-0']);
    assert.equal(inventory.troubles.length, 3);
  });
});
