/** Informers on a kind of one's own: those of the official JavaScript client, across everything that ends a watch. */

import assert from 'node:assert/strict';
import * as k8s from '@kubernetes/client-node';
import { eventually } from '../support/eventually.ts';
import type { Checks } from './checks.ts';
import { pots } from './pots.ts';
import type { Subject } from './subject.ts';
import type { World } from './world.ts';

const { group, versions, names } = pots.definition.spec;
const target = { group, version: versions[0].name, namespace: 'default', plural: names.plural };
const path = `/apis/${group}/${versions[0].name}/namespaces/default/${names.plural}`;

interface Pot extends k8s.KubernetesObject {
  readonly spec: { readonly clay: string; readonly size?: number };
}

export const informers: Subject = {
  what: 'informers of @kubernetes/client-node on custom objects',
  async prepare() {},
  async run(world, checks) {
    await world.apply(pots.definition);
    await world.kubectl(['wait', '--for=condition=Established', `crd/${pots.definition.metadata.name}`]);
    await checkInformer(world, checks);
    await world.kubectl(['delete', 'crd', pots.definition.metadata.name, '--timeout=60s']);
  },
};

async function checkInformer(world: World, checks: Checks): Promise<void> {
  const config = new k8s.KubeConfig();
  config.loadFromFile(world.cluster.kubeconfig);
  const objects = config.makeApiClient(k8s.CustomObjectsApi);
  const list = async (): Promise<k8s.KubernetesListObject<Pot>> => {
    // What the library says of custom objects is `any`.
    const found: k8s.KubernetesListObject<Pot> = await objects.listNamespacedCustomObject(target);
    return found;
  };
  const informer = k8s.makeInformer<Pot>(config, path, list);
  const sizes = new Map<string, number | undefined>();
  const note = (pot: Pot): void => {
    sizes.set(pot.metadata?.name ?? '', pot.spec.size);
  };
  informer.on('add', note);
  informer.on('update', note);
  informer.on('delete', (pot) => sizes.delete(pot.metadata?.name ?? ''));
  // The library leaves it to its user to start again; whoever does so after its end never ends.
  let isWanted = true;
  const startAgain = (): void => {
    if (isWanted) void informer.start().catch(() => {});
  };
  informer.on('error', () => void setTimeout(startAgain, 500));
  const create = (name: string, size: number) =>
    objects.createNamespacedCustomObject({ ...target, body: pots.named(name, { clay: 'red', size }) });
  try {
    await create('listed', 1);
    await informer.start();
    await checks.check('it lists, and sees creations, patches and deletions', async () => {
      await create('created', 2);
      await eventually('both', () => sizes.get('listed') === 1 && sizes.get('created') === 2);
      const body = [{ op: 'replace', path: '/spec/size', value: 5 }];
      await objects.patchNamespacedCustomObject({ ...target, name: 'created', body });
      await eventually('patched', () => sizes.get('created') === 5);
      await objects.deleteNamespacedCustomObject({ ...target, name: 'listed' });
      await eventually('deleted', () => !sizes.has('listed'));
    });
    await checks.check('a bad object is refused with 422', () => assert.rejects(create('bad', 0), { code: 422 }));
    await checks.check('it goes on when the definition changes', async () => {
      await world.kubectl(['label', 'crd', pots.definition.metadata.name, 'changed=yes']);
      const column =
        '[{"op":"add","path":"/spec/versions/0/additionalPrinterColumns","value":[{"name":"Clay","type":"string","jsonPath":".spec.clay"}]}]';
      await world.kubectl(['patch', 'crd', pots.definition.metadata.name, '--type=json', '-p', column]);
      await create('after-change', 3);
      await eventually('seen', () => sizes.get('after-change') === 3);
    });
    await checks.check('and when the API server was killed', async () => {
      await world.cluster.kill();
      await world.cluster.start();
      await eventually('accepted', () => create('after-kill', 4));
      await eventually('seen', () => sizes.get('after-kill') === 4);
      assert.deepEqual([...sizes.keys()].sort(), ['after-change', 'after-kill', 'created']);
    });
  } finally {
    isWanted = false;
    await informer.stop();
  }
}
