/** kubectl wait and delete. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually } from '../../support/eventually.ts';
import { bare, configMap, deployment, many, pod } from './manifests.ts';
import type { KubectlCase, Trial } from './trial.ts';

export const waitAndDeleteCases: readonly KubectlCase[] = [
  {
    name: 'wait for a condition and for deletion',
    async run(t) {
      await t.ok('create -f -', { stdin: pod('awaited') });
      const ready = t.shows('wait --for=condition=Ready pod/awaited --timeout=30s', {
        prints: 'pod/awaited condition met\n',
      });
      await t.setStatus(`/api/v1/namespaces/${t.namespace}/pods/awaited`, {
        conditions: [{ type: 'Ready', status: 'True' }],
      });
      await ready;
      await waitForDeletion(t, 'awaited');
    },
  },
  {
    name: 'wait for a JSON path',
    since: 23,
    async run(t) {
      await t.ok('create -f -', { stdin: pod('phased') });
      const running = t.shows("wait '--for=jsonpath={.status.phase}=Running' pod/phased --timeout=30s", {
        prints: 'pod/phased condition met\n',
      });
      await t.setStatus(`/api/v1/namespaces/${t.namespace}/pods/phased`, { phase: 'Running' });
      await running;
    },
  },
  {
    name: 'wait --for=create',
    since: 31,
    async run(t) {
      const prints = 'configmap/later condition met\n';
      const created = t.shows('wait --for=create configmap/later --timeout=30s', { prints });
      await t.ok('create -f -', { stdin: configMap('later', {}) });
      await created;
    },
  },
  {
    name: 'delete by name, label, file, all; with options',
    async run(t) {
      const names = ['d1', 'd2', 'd3', 'd4', 'd5'];
      const label = (name: string) => ({ doomed: name < 'd4' ? 'yes' : 'no' });
      await t.ok('create -f -', { stdin: many(...names.map((name) => bare('ConfigMap', name, label(name)))) });
      const gone = (name: string) => () => t.isGone('ConfigMap', name);
      await t.shows('delete configmap d1 --dry-run=server', {
        prints: /^configmap "d1" deleted.*\(server dry run\)\n$/,
        effect: () => t.read('ConfigMap', 'd1'),
      });
      await t.shows('delete configmap d1', { prints: /^configmap "d1" deleted/, effect: gone('d1') });
      await t.shows('delete configmaps -l doomed=yes', {
        prints: /^configmap "d2" deleted.*\nconfigmap "d3" deleted/,
        effect: async () => {
          await t.isGone('ConfigMap', 'd3');
          await t.read('ConfigMap', 'd4');
        },
      });
      await t.shows('delete -f -', {
        stdin: configMap('d4', {}),
        prints: /^configmap "d4" deleted/,
        effect: gone('d4'),
      });
      assert.match(await t.refused('delete configmap d4'), /NotFound/);
      await t.ok('delete configmap d4 --ignore-not-found');
      await t.shows('delete configmap d5 --now', { prints: /^configmap "d5" deleted/, effect: gone('d5') });
      await t.ok('create -f -', { stdin: many(bare('LimitRange', 'all-1'), bare('LimitRange', 'all-2')) });
      await t.shows('delete limitranges --all', {
        prints: /^limitrange "all-1" deleted.*\nlimitrange "all-2" deleted/,
        effect: () => t.isGone('LimitRange', 'all-2'),
      });
      await t.ok('create -f -', { stdin: pod('forced') });
      await t.shows('delete pod forced --force --grace-period=0', {
        prints: /^pod "forced" force deleted/,
        effect: () => t.isGone('Pod', 'forced'),
      });
    },
  },
  {
    name: 'delete namespace begins its end',
    async run(t) {
      const name = `ends-${t.suffix}`;
      await t.ok(`create namespace ${name}`);
      await t.shows(`delete namespace ${name} --wait=false`, {
        prints: new RegExp(`^namespace "${name}" deleted`),
        effect: () => t.holds('Namespace', name, { 'status.phase': 'Terminating' }),
      });
    },
  },
  {
    name: 'delete sends how dependents go',
    async run(t) {
      const path = `/apis/apps/v1/namespaces/${t.namespace}/deployments`;
      for (const [cascade, finalizer] of [
        ['foreground', 'foregroundDeletion'],
        ['orphan', 'orphan'],
      ] as const) {
        const name = `cascade-${cascade}`;
        await t.ok('create -f -', { stdin: deployment(name) });
        await t.shows(`delete deployment ${name} --cascade=${cascade} --wait=false`, {
          prints: new RegExp(`"${name}" deleted`),
          effect: () => t.holds('apps/v1 Deployment', name, { 'metadata.finalizers': [finalizer] }),
        });
        const headers = { 'content-type': 'application/merge-patch+json' };
        await t.client.raw('PATCH', `${path}/${name}`, { body: { metadata: { finalizers: null } }, headers });
      }
      await t.ok('create -f -', { stdin: deployment('cascade-background') });
      await t.shows('delete deployment cascade-background --cascade=background', {
        prints: /"cascade-background" deleted/,
        effect: () => t.isGone('Deployment', 'cascade-background', 'apps/v1'),
      });
    },
  },
];

/** kubectl must have seen the pod before it goes: 1.20 fails for one that is gone already. */
async function waitForDeletion(t: Trial, name: string): Promise<void> {
  const command = `wait --for=delete pod/${name} --timeout=30s -v=6`;
  const child = t.start(command);
  const closed = once(child, 'close');
  let [said, told] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  await eventually('kubectl has read the pod', () => new RegExp(`GET .*/pods.*${name}|pods/${name}`).test(told));
  await t.ok(`delete pod ${name} --wait=false`);
  const [code] = (await closed) as [number];
  assert.equal(code, 0, told);
  assert.match(said, new RegExp(`^pod/${name} (condition met|deleted)\n$`));
  t.note(command);
}
