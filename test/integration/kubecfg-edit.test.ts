/** kubecfg `edit` with an editor that is a script, `resize` of other workloads, and what a container's tar may not do. */

import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pack } from 'tar-stream';
import { deployments } from '../../api/resources/apps.ts';
import { configMaps } from '../../api/resources/core.ts';
import { unpackTree } from '../../cli/commands/cp/unpack-tree.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';

describe('kubecfg edit, resize, cp', () => {
  let server: TestApiServer;
  let kubecfg: TestKubecfg;
  let folder: string;

  before(async () => {
    server = await startTestApiServer();
    kubecfg = await TestKubecfg.open(server.connection);
    folder = dirname(await kubecfg.file('here', ''));
    await server.client.create(configMaps, { metadata: { name: 'one', namespace }, data: { a: 'old', b: 'kept' } });
  });
  after(async () => {
    await kubecfg.close();
    await server.stop();
  });

  async function edit(script: string, line = 'edit cm one') {
    const editor = await kubecfg.file('editor', `#!/bin/sh\n${script}\n`);
    await chmod(editor, 0o700);
    return await kubecfg.run(line, { environment: { EDITOR: 'false', KUBE_EDITOR: editor } });
  }
  const read = () => server.client.get(configMaps, { namespace, name: 'one' });

  it('edit stores what was changed, in YAML and JSON', async () => {
    const { code, out, errors } = await edit('sed -i "s/a: old/a: new/" "$1"');
    assert.deepEqual([code, out, errors], [0, 'configmap/one edited\n', '']);
    assert.deepEqual((await read()).data, { a: 'new', b: 'kept' });
    await edit(`sed -i 's/"new"/"newer"/' "$1"`, 'edit cm/one -o json');
    assert.deepEqual((await read()).data, { a: 'newer', b: 'kept' });
  });

  it('edit that changes nothing, or empties the file, stores nothing', async () => {
    for (const script of [':', ': > "$1"']) {
      const { code, errors } = await edit(script);
      assert.deepEqual([code, errors], [0, 'Edit cancelled, no changes made.\n']);
    }
  });

  it('edit opens again with the reason what the server refuses, and keeps a copy when that is left', async () => {
    const mark = join(folder, 'again');
    const script = `if [ -e ${mark} ]; then cp "$1" ${mark}; else sed -i 's/^data:/data: 7/' "$1"; touch ${mark}; fi`;
    const { code, errors } = await edit(script);
    assert.equal(code, 1);
    const copy = /A copy of your changes has been stored to "(.+)"/.exec(errors)?.[1] ?? '';
    assert.match(await readFile(copy, 'utf8'), /data: 7/);
    await rm(dirname(copy), { recursive: true });
    assert.match(await readFile(mark, 'utf8'), /^# .*\n[\s\S]*data: 7/);
    assert.equal((await edit('exit 3')).code, 1);
  });

  it('resize takes other workloads by their kind', async () => {
    await kubecfg.must('create deployment web --image=img:1');
    assert.equal(await kubecfg.must('resize deploy/web 3'), 'deployment.apps/web scaled\n');
    assert.equal((await server.client.get(deployments, { namespace, name: 'web' })).spec?.replicas, 3);
  });

  it('cp writes nothing outside its target, makes no link and follows none', async () => {
    const target = join(folder, 'target');
    await mkdir(target);
    const victim = join(folder, 'victim');
    await writeFile(victim, 'untouched');
    await symlink(folder, join(target, 'out'));
    await symlink(victim, join(target, 'alias'));
    const unpack = async (add: (archive: ReturnType<typeof pack>) => void) => {
      const archive = pack();
      add(archive);
      archive.finalize();
      let warned = '';
      const warn = (text: string) => (warned += text);
      const count = await unpackTree(archive, { from: '/tmp/.', to: join(target, 'x', '..'), warn }).catch(String);
      return { warned, count };
    };
    const first = await unpack((archive) => {
      for (const name of ['../victim', '/victim', 'tmp/../../victim', '/etc/../victim', 'tmp/a/../../victim'])
        archive.entry({ name }, 'owned');
      archive.entry({ name: 'tmp/sub', type: 'symlink', linkname: folder });
      archive.entry({ name: 'tmp/hard', type: 'link', linkname: victim });
      archive.entry({ name: 'tmp/fine' }, 'fine');
    });
    assert.equal((first.warned.match(/outside target destination|skipping (sym)?link/g) ?? []).length, 7, first.warned);
    assert.equal(await readFile(victim, 'utf8'), 'untouched');
    assert.equal(await readFile(join(target, 'tmp', 'fine'), 'utf8'), 'fine');
  });

  for (const [what, name] of [
    ['a folder', 'tmp/out/victim'],
    ['a file', 'tmp/alias'],
  ] as const) {
    it(`cp does not write through ${what} that is a link`, async () => {
      const target = join(folder, `linked-${what.replace(' ', '-')}`);
      await mkdir(target);
      const victim = join(folder, 'victim');
      await writeFile(victim, 'untouched');
      await mkdir(join(target, 'tmp'));
      await symlink(folder, join(target, 'tmp', 'out'));
      await symlink(victim, join(target, 'tmp', 'alias'));
      const archive = pack();
      archive.entry({ name }, 'owned');
      archive.finalize();
      await assert.rejects(unpackTree(archive, { from: '/tmp', to: target, warn: () => {} }));
      assert.equal(await readFile(victim, 'utf8'), 'untouched');
    });
  }
});
