import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { defaultDataDir } from '../cluster/cluster-options.ts';
import { findKubeconfig } from './kubeconfig-search.ts';

describe('findKubeconfig', () => {
  let home: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'longshore-home-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  it('takes what was named, there or not', async () => {
    assert.equal((await findKubeconfig('/nowhere', { HOME: home })).path, '/nowhere');
  });

  it('looks at KUBECONFIG, then at the data directory, then at home', async () => {
    const { tried } = await findKubeconfig(undefined, { HOME: home, KUBECONFIG: '/a:/b' });
    assert.deepEqual(tried, ['/a', '/b', join(defaultDataDir, 'admin.kubeconfig'), join(home, '.kube', 'config')]);
  });

  it('takes the first that can be read', async () => {
    const listed = join(home, 'listed');
    await writeFile(listed, '');
    await mkdir(join(home, '.kube'));
    await writeFile(join(home, '.kube', 'config'), '');
    const found = await findKubeconfig(undefined, { HOME: home, KUBECONFIG: `/nowhere:${listed}` });
    assert.equal(found.path, listed);
  });

  it('complains about what KUBECONFIG names rather than about nothing', async () => {
    const { path } = await findKubeconfig(undefined, { HOME: home, KUBECONFIG: '/nowhere' });
    assert.ok(path === '/nowhere' || path === join(defaultDataDir, 'admin.kubeconfig'));
  });
});
