import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { makePod, type PodSpec } from '../testing/make-pod.ts';
import { unusedSources } from './testing/unused-sources.ts';
import { VolumeError, Volumes } from './volumes.ts';

describe('Volumes', () => {
  let dataDir: string;
  let text = 'one';
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'volumes-'));
  });
  after(() => rm(dataDir, { recursive: true }));

  const open = () =>
    new Volumes({
      dataDir,
      clock: new FakeClock(),
      data: { configMap: async () => new Map([['key', Buffer.from(text)]]), secret: async () => new Map() },
      ...unusedSources(),
      fieldsOf: () => ({ nodeIp: '', podIp: '', allocatable: {} }),
    });

  const podWith = (volumes: NonNullable<PodSpec['volumes']>) =>
    makePod({
      volumes,
      containers: [{ name: 'a', volumeMounts: volumes.map(({ name }) => ({ name, mountPath: `/${name}` })) }],
    });

  it('sets each volume up once, and then keeps to date what it shows', async () => {
    const volumes = open();
    const pod = podWith([
      { name: 'scratch', emptyDir: {} },
      { name: 'config', configMap: { name: 'c' } },
    ]);
    const mounted = await volumes.setUp(pod);
    const [scratch, config] = [mounted.get('scratch')?.hostPath ?? '', mounted.get('config')?.hostPath ?? ''];
    assert.deepEqual(
      [...mounted.values()].map(({ readOnly }) => readOnly),
      [false, true],
    );
    assert.equal(await readFile(join(config, 'key'), 'utf8'), 'one');
    await writeFile(join(scratch, 'own'), 'of the container');
    text = 'two';
    assert.deepEqual(await volumes.setUp(pod, mounted), mounted);
    assert.equal(await readFile(join(config, 'key'), 'utf8'), 'two');
    assert.equal(await readFile(join(scratch, 'own'), 'utf8'), 'of the container');
    await volumes.tearDown(pod.metadata.uid);
    assert.equal(existsSync(volumes.folderOf(pod.metadata.uid)), false);
  });

  it('sets up what a container mounts that came later', async () => {
    const volumes = open();
    const first = { name: 'first', emptyDir: {} };
    const mounted = await volumes.setUp(podWith([first]));
    const all = await volumes.setUp(podWith([first, { name: 'second', emptyDir: {} }]), mounted);
    assert.deepEqual([...all.keys()], ['first', 'second']);
  });

  it('says of a volume whose type it does not know that it cannot be mounted', async () => {
    await assert.rejects(
      open().setUp(podWith([{ name: 'disk', iscsi: { targetPortal: 't', iqn: 'i', lun: 0 } }])),
      (error) => {
        assert.ok(error instanceof VolumeError);
        assert.match(
          error.message,
          /^MountVolume.SetUp failed for volume "disk" : volumes of type iscsi are not supported by this node$/,
        );
        return true;
      },
    );
  });

  it('says each time the same, and no path of the node, of files that cannot be written', async () => {
    const items = [
      { key: 'key', path: 'same' },
      { key: 'key', path: 'same/inner' },
    ];
    const volumes = open();
    const pod = podWith([{ name: 'config', configMap: { name: 'c', items } }]);
    const message =
      'MountVolume.SetUp failed for volume "config" : EEXIST: file already exists, mkdir \'volumes/files/config\'';
    for (let attempt = 0; attempt < 2; attempt += 1) await assert.rejects(volumes.setUp(pod), { message });
    await volumes.tearDown(pod.metadata.uid);
  });
});
