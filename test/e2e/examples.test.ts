/** Every example works: it is applied as a user would, its pods become ready, and it is deleted again. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources/core.ts';
import { packageRoot } from '../../base/package-root.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster } from '../support/local-cluster.ts';

const folder = join(packageRoot, 'manifests', 'examples');
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const namespace = 'default';

describe('the examples', () => {
  let cluster: LocalCluster;

  before(async () => {
    cluster = await LocalCluster.start(); // with the demo, whose registry has the examples' image
  });
  after(() => cluster.remove());

  const examplePods = async () =>
    (await cluster.client.list(pods, { namespace })).items.filter(({ metadata }) =>
      metadata.name.startsWith('example-'),
    );

  async function podsAreReady(): Promise<void> {
    await eventually('the pods of the example are ready', async () =>
      (await examplePods()).every(({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      ),
    );
  }

  for (const name of examples) {
    it(name, async () => {
      const file = join(folder, name);
      assert.match(await cluster.kubecfg('apply', '-f', file), /created/);
      assert.match(await cluster.kubecfg('apply', '-f', file), /unchanged/);
      await podsAreReady();
      await cluster.kubecfg('delete', '-f', file);
      await eventually('its pods are gone', async () => (await examplePods()).length === 0);
    });
  }

  it('rollingupdate replaces the pods of a controller', async () => {
    await cluster.kubecfg('run', 'localhost:5000/longshore/redis:1', '2', 'example-rolling');
    await eventually('two pods', async () => (await examplePods()).length === 2);
    await podsAreReady();
    const before = (await examplePods()).map(({ metadata }) => metadata.uid);
    await cluster.kubecfg(
      '-u',
      '100ms',
      '-image',
      'localhost:5000/longshore/guestbook:1',
      'rollingupdate',
      'example-rolling',
    );
    const after = await eventually('the old pods have ended', async () => {
      const now = await examplePods();
      return now.length === 2 && now;
    });
    assert.ok(after.every(({ metadata }) => !before.includes(metadata.uid)));
    assert.ok(after.every(({ spec }) => spec?.containers[0]?.image === 'localhost:5000/longshore/guestbook:1'));
    await cluster.kubecfg('stop', 'example-rolling');
    await cluster.kubecfg('rm', 'example-rolling');
  });
});
