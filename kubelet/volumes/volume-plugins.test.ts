import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { makePod } from '../testing/make-pod.ts';
import { CsiRecords } from './csi/csi-records.ts';
import { CsiVolumes } from './csi/csi-volumes.ts';
import { ImageFolders } from './image-folders.ts';
import { NfsPlugin } from './nfs.ts';
import { PodFolders } from './pod-folders.ts';
import { unusedSources } from './testing/unused-sources.ts';
import type { ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';
import { createVolumePlugins, payloadTypes } from './volume-plugins.ts';

type Source = Omit<ReadonlyVolume, 'name'>;

describe('volume plugins', () => {
  let dataDir: string;
  let plugins: readonly VolumePlugin[];
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'volume-plugins-'));
    const folders = new PodFolders(dataDir);
    const unused = unusedSources();
    const data = { configMap: async () => new Map(), secret: async () => new Map() };
    const records = new CsiRecords(folders);
    plugins = createVolumePlugins({
      ...unused,
      folders,
      csi: new CsiVolumes({ ...unused.csi, clock: new FakeClock(), data, records }),
      nfs: new NfsPlugin(folders),
      images: new ImageFolders(dataDir, unused.imageFiles),
      clock: new FakeClock(),
      data,
      localVolumes: { pathOf: (name) => name },
      fieldsOf: () => ({ nodeIp: '', podIp: '', allocatable: {} }),
    });
  });
  after(() => rm(dataDir, { recursive: true }));

  const sources: readonly [source: Source, plugins: number][] = [
    [{ emptyDir: {} }, 1],
    [{ hostPath: { path: '/x' } }, 1],
    [{ configMap: { name: 'c' } }, 1],
    [{ secret: { secretName: 's' } }, 1],
    [{ downwardAPI: {} }, 1],
    [{ projected: {} }, 1],
    [{ nfs: { server: 's', path: '/' } }, 1],
    [{ csi: { driver: 'd' } }, 1],
    [{ image: { reference: 'i' } }, 1],
    [{ iscsi: { targetPortal: 't', iqn: 'i', lun: 0 } }, 0],
    [{ persistentVolumeClaim: { claimName: 'c' } }, 1],
    [{ ephemeral: { volumeClaimTemplate: { spec: {} } } }, 1],
    [{}, 0],
  ];
  for (const [source, count] of sources)
    it(`for ${JSON.stringify(source)}: ${count}`, () =>
      assert.equal(plugins.filter((plugin) => plugin.supports({ name: 'v', ...source })).length, count));

  const secrets: readonly [source: Source, inMemory: boolean][] = [
    [{ configMap: { name: 'c' } }, false],
    [{ downwardAPI: {} }, false],
    [{ secret: { secretName: 's' } }, true],
    [{ projected: { sources: [{ configMap: { name: 'c' } }] } }, false],
    [{ projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 's' } }] } }, true],
    [{ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }, true],
  ];
  for (const [source, inMemory] of secrets)
    it(`keep ${JSON.stringify(source)} ${inMemory ? 'in memory' : 'on the disk'}`, () => {
      const volume = { name: 'v', ...source };
      const type = payloadTypes.find(({ projectionsOf }) => projectionsOf(volume) !== undefined);
      assert.equal(Boolean(type?.isSecret(volume)), inMemory);
    });

  const folders: readonly [fsGroup: number | undefined, mode: string, gid: number][] = [
    [undefined, '777', 0],
    [2000, '2777', 2000],
  ];
  for (const [fsGroup, mode, gid] of folders)
    it(`make an empty folder for all users with mode ${mode} and group ${gid}`, async () => {
      const pod = makePod(fsGroup === undefined ? {} : { securityContext: { fsGroup } });
      const volume = { name: `empty-${gid}`, emptyDir: {} };
      const plugin = plugins.find((one) => one.supports(volume));
      const mounted = await plugin?.setUp(pod, volume);
      const found = await stat(mounted?.hostPath ?? '');
      assert.deepEqual([(found.mode & 0o7777).toString(8), found.gid, mounted?.readOnly], [mode, gid, false]);
    });

  it('give no huge pages to a pod that asks for none', async () => {
    const volume = { name: 'huge', emptyDir: { medium: 'HugePages' } };
    const plugin = plugins.find((one) => one.supports(volume));
    await assert.rejects(async () => plugin?.setUp(makePod(), volume), {
      message: /requests no huge pages/,
    });
  });
});
