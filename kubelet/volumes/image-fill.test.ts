import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fillVolumesAnnotation } from '../../api/labels.ts';
import { makePod } from '../testing/make-pod.ts';
import { fillsOf, ImageFill } from './image-fill.ts';

describe('fillsOf', () => {
  const pod = makePod(
    {
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'c' } },
        { name: 'scratch', emptyDir: {} },
        { name: 'host', hostPath: { path: '/etc' } },
      ],
    },
    { metadata: { ...makePod().metadata, annotations: { [fillVolumesAnnotation]: 'data, scratch,host' } } },
  );
  const mount = (name: string, more = {}) => ({ name, mountPath: `/${name}`, ...more });
  const rows: readonly [title: string, mounts: Parameters<typeof fillsOf>[1]['volumeMounts'], volumes: string[]][] = [
    ['claims and emptyDirs that are named', [mount('data'), mount('scratch')], ['data', 'scratch']],
    ['nothing of the node', [mount('host')], []],
    ['nothing that is only read', [mount('data', { readOnly: true })], []],
    ['no part of a volume', [mount('data', { subPath: 'a' }), mount('scratch', { subPathExpr: '$(A)' })], []],
  ];
  for (const [title, volumeMounts, volumes] of rows)
    it(`are ${title}`, () =>
      assert.deepEqual(
        fillsOf(pod, { ...(volumeMounts && { volumeMounts }) }).map(({ volume }) => volume),
        volumes,
      ));

  it('are none without the annotation', () => {
    assert.deepEqual(fillsOf({ ...pod, metadata: makePod().metadata }, { volumeMounts: [mount('data')] }), []);
  });
});

describe('ImageFill', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-fill-'));
  });
  after(() => rm(folder, { recursive: true }));

  const { signal } = new AbortController();
  const filler = (copy: (hostFolder: string) => Promise<unknown>) =>
    new ImageFill({
      async copyFromImage({ hostFolder }) {
        await copy(hostFolder);
        return true;
      },
    });
  const wish = () => ({ imageId: 'i', path: '/data', volume: { hostPath: folder, readOnly: false } });
  const writeIn = (name: string) => (hostFolder: string) => writeFile(join(hostFolder, name), name);

  it('begins again what was cut short, then leaves what is there alone', async () => {
    const cutShort = filler(async (hostFolder) => {
      await writeIn('half')(hostFolder);
      throw new Error('killed');
    });
    await assert.rejects(cutShort.fill(wish(), signal), /killed/);
    await filler(writeIn('whole')).fill(wish(), signal);
    assert.deepEqual((await readdir(folder)).sort(), ['half', 'whole']);
    await filler(() => assert.fail('it is not empty')).fill(wish(), signal);
    assert.equal(await readFile(join(folder, 'whole'), 'utf8'), 'whole');
  });

  it('leaves volumes alone that may not be written', async () => {
    const readOnly = { ...wish(), volume: { hostPath: folder, readOnly: true } };
    await filler(() => assert.fail('it is only read')).fill(readOnly, signal);
  });
});
