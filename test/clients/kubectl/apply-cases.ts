/** kubectl apply, diff, replace and kustomize: objects as files say. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bare, configMap, deployment, many } from './manifests.ts';
import { at, type KubectlCase, type Loose } from './trial.ts';

export const applyCases: readonly KubectlCase[] = [
  {
    name: 'apply creates, changes and leaves alone',
    async run(t) {
      const kind = 'apps/v1 Deployment';
      await t.shows('apply -f -', {
        stdin: deployment('applied'),
        prints: 'deployment.apps/applied created\n',
        effect: () => t.holds(kind, 'applied', { 'spec.replicas': 2 }),
      });
      const before = at(await t.read('Deployment', 'applied', 'apps/v1'), 'metadata.resourceVersion');
      await t.shows('apply -f -', {
        stdin: deployment('applied'),
        prints: 'deployment.apps/applied unchanged\n',
        effect: () => t.holds(kind, 'applied', { 'metadata.resourceVersion': before }),
      });
      await t.shows('apply -f -', {
        stdin: deployment('applied', 3, 'registry.local/app:2').replace(/ +env:\n.*\n/, ''),
        prints: 'deployment.apps/applied configured\n',
        effect: () =>
          t.holds(kind, 'applied', {
            'spec.replicas': 3,
            'spec.template.spec.containers.0.image': 'registry.local/app:2',
            'spec.template.spec.containers.0.env': undefined, // what left the file is taken away
          }),
      });
    },
  },
  {
    name: 'apply --server-side owns fields and conflicts',
    since: 22,
    async run(t) {
      await t.shows('apply --server-side --field-manager=one -f -', {
        stdin: configMap('shared', { a: '1', b: '1' }),
        prints: 'configmap/shared serverside-applied\n',
        effect: () => t.holds('ConfigMap', 'shared', { 'metadata.managedFields.0.manager': 'one' }),
      });
      const other = { stdin: configMap('shared', { a: '2' }) };
      const refusal = await t.refused('apply --server-side --field-manager=two -f -', other);
      assert.match(refusal, /conflict with "one": \.data\.a/);
      await t.shows('apply --server-side --force-conflicts --field-manager=two -f -', {
        ...other,
        prints: 'configmap/shared serverside-applied\n',
        effect: () => t.holds('ConfigMap', 'shared', { data: { a: '2', b: '1' } }),
      });
    },
  },
  {
    name: 'apply --server-side takes over what was applied by the client',
    since: 26,
    async run(t) {
      await t.ok('apply -f -', { stdin: configMap('migrated', { a: '1', b: '1' }) });
      await t.ok('apply --server-side -f -', { stdin: configMap('migrated', { a: '2' }) });
      const object = await t.read('ConfigMap', 'migrated');
      assert.deepEqual(at(object, 'data'), { a: '2' });
      const managers = (at(object, 'metadata.managedFields') as Loose[]).map(({ manager }) => manager);
      assert.ok(managers.includes('kubectl') && !managers.includes('kubectl-client-side-apply'), managers.join());
    },
  },
  {
    name: 'apply --prune deletes what left the set',
    async run(t) {
      const labelled = (name: string): string => bare('ConfigMap', name, { set: 'p' });
      await t.ok('apply -f -', { stdin: many(labelled('stays'), labelled('goes')) });
      const allow = t.minor >= 26 ? '--prune-allowlist=core/v1/ConfigMap' : '--prune-whitelist=core/v1/ConfigMap';
      await t.shows(`apply --prune -l set=p ${allow} -f -`, {
        stdin: labelled('stays'),
        prints: /^configmap\/stays unchanged\nconfigmap\/goes pruned\n$/,
        effect: async () => {
          await t.read('ConfigMap', 'stays');
          await t.isGone('ConfigMap', 'goes');
        },
      });
    },
  },
  {
    name: 'apply takes lists, and edits of last-applied',
    async run(t) {
      const items = [configMap('listed-a', { a: '1' }), configMap('listed-b', { b: '1' })].map((one) =>
        JSON.parse(one),
      );
      await t.shows('apply -f -', {
        stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
        prints: 'configmap/listed-a created\nconfigmap/listed-b created\n',
        effect: () => t.holds('ConfigMap', 'listed-b', { data: { b: '1' } }),
      });
      await t.shows('apply view-last-applied configmap/listed-a', { prints: /a: "1"/ });
      const lastApplied = async (): Promise<string> =>
        await t.ok('apply view-last-applied configmap/unapplied -o json');
      await t.ok('create -f -', { stdin: configMap('unapplied', { a: 'first' }) });
      await t.shows('apply set-last-applied --create-annotation=true -f -', {
        stdin: configMap('unapplied', { a: 'first' }),
        prints: /^configmap\/unapplied configured\n$/,
        effect: async () => assert.match(await lastApplied(), /"a": "first"/),
      });
      await t.shows('apply edit-last-applied configmap/unapplied', {
        env: { KUBE_EDITOR: 'sed -i s/first/second/' },
        prints: 'configmap/unapplied edited\n',
        effect: async () => assert.match(await lastApplied(), /"a": "second"/),
      });
    },
  },
  {
    name: 'apply -k and kustomize build a kustomization',
    async run(t) {
      const folder = await mkdtemp(join(tmpdir(), 'longshore-kustomize-'));
      await writeFile(join(folder, 'deployment.yaml'), deployment('base'));
      await writeFile(
        join(folder, 'kustomization.yaml'),
        'namePrefix: k-\nresources: [deployment.yaml]\nconfigMapGenerator:\n- name: conf\n  literals: [a=1]\n',
      );
      await t.shows(`kustomize ${folder}`, { prints: /name: k-base/ });
      await t.shows(`apply -k ${folder}`, {
        prints: /deployment\.apps\/k-base created/,
        effect: async () => assert.match(await t.ok('get configmaps -o name'), /configmap\/k-conf-/),
      });
      await t.ok(`delete -k ${folder}`);
      await t.isGone('Deployment', 'k-base', 'apps/v1');
      await rm(folder, { recursive: true });
    },
  },
  {
    name: 'diff shows the change and changes nothing',
    async run(t) {
      await t.ok('apply -f -', { stdin: configMap('compared', { a: '1' }) });
      assert.equal((await t.run('diff -f -', { stdin: configMap('compared', { a: '1' }) })).code, 0);
      await t.shows('diff -f -', {
        stdin: configMap('compared', { a: '2' }),
        code: 1,
        prints: /^-\s+a: "1"\n\+\s+a: "2"$/m,
        effect: () => t.holds('ConfigMap', 'compared', { data: { a: '1' } }),
      });
    },
  },
  {
    name: 'replace, and replace --force, which makes it anew',
    async run(t) {
      await t.ok('create -f -', { stdin: configMap('replaced', { a: '1', b: '1' }) });
      const uid = at(await t.read('ConfigMap', 'replaced'), 'metadata.uid');
      await t.shows('replace -f -', {
        stdin: configMap('replaced', { a: '2' }),
        prints: 'configmap/replaced replaced\n',
        effect: () => t.holds('ConfigMap', 'replaced', { data: { a: '2' }, 'metadata.uid': uid }),
      });
      assert.match(await t.refused('replace -f -', { stdin: configMap('absent', {}) }), /NotFound/);
      await t.shows('replace --force -f -', {
        stdin: configMap('replaced', { a: '3' }),
        prints: /configmap\/replaced replaced\n$/,
        effect: async () => {
          await t.holds('ConfigMap', 'replaced', { data: { a: '3' } });
          assert.notEqual(at(await t.read('ConfigMap', 'replaced'), 'metadata.uid'), uid);
        },
      });
    },
  },
];
