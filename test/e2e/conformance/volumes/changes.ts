/** What the conformance suite asks of volumes whose content changes while they are used. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import type { Json } from '../../../conformance/api-user.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ClusterWorld, nextNames, podsOf, scriptPod, sleep } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';
import {
  configMap,
  mounted,
  objectOf,
  pathOf,
  projectedConfigMap,
  projectedSecret,
  type Source,
  secret,
} from './data-sources.ts';
import { downward, field, projected, volumeMounts } from './downward-sources.ts';

export function changes(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  const nextName = nextNames('v');

  const create = (source: Source, name: string, content: Readonly<Record<string, string>>) =>
    world.post(pathOf(source, namespace), objectOf(source, name, content));

  for (const [title, source] of [
    ['[sig-storage] ConfigMap updates should be reflected in volume [Conformance] [NodeConformance]', configMap],
    [
      '[sig-storage] Projected configMap updates should be reflected in volume [Conformance] [NodeConformance]',
      projectedConfigMap,
    ],
  ] as const) {
    it(title, async () => {
      const name = nextName();
      await create(source, name, { 'data-1': 'value-1' });
      const { spec, volumeMounts } = mounted({ volume: source.volume(name, {}) });
      await world.startPod(namespace, scriptPod(name, sleep, { spec, container: { volumeMounts } }));
      const read = () => world.exec(namespace, name, 'cat /etc/volume/data-1');
      assert.equal(await read(), 'value-1');
      await world.patch(`${pathOf(source, namespace)}/${name}`, source.encode({ 'data-1': 'value-2' }));
      await eventually('the new value', async () => (await read()) === 'value-2', { timeoutMs: 120_000, everyMs: 500 });
    });
  }

  for (const [title, source] of [
    [
      '[sig-storage] ConfigMap optional updates should be reflected in volume [Conformance] [NodeConformance]',
      configMap,
    ],
    [
      '[sig-storage] Projected configMap optional updates should be reflected in volume [Conformance] [NodeConformance]',
      projectedConfigMap,
    ],
    ['[sig-storage] Secrets optional updates should be reflected in volume [Conformance] [NodeConformance]', secret],
    [
      '[sig-storage] Projected secret optional updates should be reflected in volume [Conformance] [NodeConformance]',
      projectedSecret,
    ],
  ] as const) {
    it(title, async () => {
      const name = nextName();
      await create(source, `${name}-deleted`, { 'data-1': 'value-1' });
      await create(source, `${name}-updated`, { 'data-1': 'value-1' });
      const volume = (which: string): Json => source.volume(`${name}-${which}`, { optional: true });
      const volumes = { deleted: volume('deleted'), updated: volume('updated'), created: volume('created') };
      const { spec, volumeMounts } = mounted(volumes);
      await world.startPod(namespace, scriptPod(name, sleep, { spec, container: { volumeMounts } }));
      const script = 'cd /etc; ls deleted; cat updated/data-3 created/data-1 2>/bin/null; echo';
      const read = () => world.exec(namespace, name, script);
      assert.equal(await read(), 'data-1\n\n');
      await world.delete(`${pathOf(source, namespace)}/${name}-deleted`);
      await world.patch(`${pathOf(source, namespace)}/${name}-updated`, {
        data: { 'data-1': null, ...(source.encode({ 'data-3': 'value-3' }).data as Json) },
      });
      await create(source, `${name}-created`, { 'data-1': 'value-1' });
      await eventually('all three', async () => (await read()) === 'value-3value-1\n', {
        timeoutMs: 120_000,
        everyMs: 500,
      });
    });
  }

  for (const [title, volume, what] of [
    [
      '[sig-storage] Downward API volume should update labels on modification [Conformance] [NodeConformance]',
      downward,
      'labels',
    ],
    [
      '[sig-storage] Projected downwardAPI should update labels on modification [Conformance] [NodeConformance]',
      projected,
      'labels',
    ],
    [
      '[sig-storage] Downward API volume should update annotations on modification [Conformance] [NodeConformance]',
      downward,
      'annotations',
    ],
    [
      '[sig-storage] Projected downwardAPI should update annotations on modification [Conformance] [NodeConformance]',
      projected,
      'annotations',
    ],
  ] as const) {
    it(title, async () => {
      const name = nextName();
      const spec = { volumes: [{ name: 'podinfo', ...volume([field(what, `metadata.${what}`)]) }] };
      const pod = scriptPod(name, sleep, { spec, container: { volumeMounts } });
      await world.startPod(namespace, { ...pod, metadata: { name, [what]: { key1: 'value1', key2: 'value2' } } });
      const shown = () => world.exec(namespace, name, `cat /etc/podinfo/${what}`);
      assert.match(await shown(), /key1="value1"\nkey2="value2"/);
      await world.patch(`${podsOf(namespace)}/${name}`, { metadata: { [what]: { key3: 'value3' } } });
      await eventually('the new one', async () => (await shown()).includes('key3="value3"'));
    });
  }
}
