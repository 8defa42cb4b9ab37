/** kubectl patch, label, annotate, edit, set, scale and rollout: parts of objects that are there. */

import assert from 'node:assert/strict';
import { bare, configMap, deployment, many, pod } from './manifests.ts';
import { at, type KubectlCase, type Loose, type Trial } from './trial.ts';

const kind = 'apps/v1 Deployment';

export const changeCases: readonly KubectlCase[] = [
  {
    name: 'patch: strategic, merge and JSON',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('patched') });
      const prints = 'deployment.apps/patched patched\n';
      const side = `{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"}]}}}}`;
      await t.shows(`patch deployment patched -p '${side}'`, {
        prints,
        effect: async () => {
          const containers = at(await t.read('Deployment', 'patched', 'apps/v1'), 'spec.template.spec.containers');
          assert.deepEqual((containers as Loose[]).map(({ name }) => name).sort(), ['app', 'side']);
        },
      });
      await t.shows(`patch deployment patched --type=merge -p '{"spec":{"paused":true}}'`, {
        prints,
        effect: () => t.holds(kind, 'patched', { 'spec.paused': true }),
      });
      await t.shows(`patch deployment patched --type=json -p '[{"op":"replace","path":"/spec/replicas","value":5}]'`, {
        prints,
        effect: () => t.holds(kind, 'patched', { 'spec.replicas': 5 }),
      });
      assert.match(
        await t.refused(`patch deployment patched -p '{"spec":{"replicas":-1}}'`),
        /spec\.replicas: Invalid value: -1/,
      );
    },
  },
  {
    name: 'patch and get --subresource',
    since: 24,
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('sub') });
      await t.shows(`patch deployment sub --subresource=scale --type=merge -p '{"spec":{"replicas":7}}'`, {
        prints: /sub patched\n$/,
        effect: () => t.holds(kind, 'sub', { 'spec.replicas': 7 }),
      });
      await t.shows('get deployment sub --subresource=scale -o yaml', { prints: /kind: Scale/ });
    },
  },
  {
    name: 'a status that only its own path changes',
    since: 27,
    async run(t) {
      await t.ok('create -f -', { stdin: pod('stated') });
      await t.ok(`patch pod stated --subresource=status --type=merge -p '{"status":{"phase":"Running"}}'`);
      assert.match(await t.ok('get pod stated --subresource=status -o yaml'), /phase: Running/);
      await t.ok(`patch pod stated --type=merge -p '{"status":{"phase":"Failed"}}'`);
      await t.holds('Pod', 'stated', { 'status.phase': 'Running' });
    },
  },
  {
    name: 'label and annotate, one and all',
    async run(t) {
      await t.ok('create -f -', { stdin: configMap('tagged', {}) });
      await t.shows('label configmap tagged tier=web', {
        prints: 'configmap/tagged labeled\n',
        effect: () => t.holds('ConfigMap', 'tagged', { 'metadata.labels': { tier: 'web' } }),
      });
      assert.match(await t.refused('label configmap tagged tier=db'), /already has a value/);
      await t.ok('label --overwrite configmap tagged tier=db');
      await t.shows('annotate configmap tagged note=seen', {
        prints: /^configmap\/tagged annotated?\n$/,
        effect: () => t.holds('ConfigMap', 'tagged', { 'metadata.annotations.note': 'seen' }),
      });
      await t.ok('label configmap tagged tier-');
      await t.holds('ConfigMap', 'tagged', { 'metadata.labels': undefined });
      await t.ok('create -f -', { stdin: many(bare('Secret', 'all-a'), bare('Secret', 'all-b')) });
      await t.shows('label secrets --all shelf=low', {
        prints: /^secret\/all-a labeled\nsecret\/all-b labeled\n/,
        effect: () => t.holds('Secret', 'all-b', { 'metadata.labels.shelf': 'low' }),
      });
      await t.ok('annotate secrets -l shelf=low note=seen');
      for (const name of ['all-a', 'all-b']) await t.holds('Secret', name, { 'metadata.annotations.note': 'seen' });
    },
  },
  {
    name: 'edit',
    async run(t) {
      await t.ok('create -f -', { stdin: configMap('edited', { word: 'before' }) });
      await t.shows('edit configmap edited', {
        env: { KUBE_EDITOR: 'sed -i s/before/after/' },
        prints: 'configmap/edited edited\n',
        effect: () => t.holds('ConfigMap', 'edited', { data: { word: 'after' } }),
      });
    },
  },
  {
    name: 'set image, env, resources, serviceaccount, selector and subject',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('tuned') });
      const template = 'spec.template.spec';
      const set = (words: string, said: string, fields: Readonly<Record<string, unknown>>): Promise<string> =>
        t.shows(`set ${words}`, {
          prints: `deployment.apps/tuned ${said} updated\n`,
          effect: () => t.holds(kind, 'tuned', fields),
        });
      await set('image deployment/tuned app=registry.local/app:9', 'image', {
        [`${template}.containers.0.image`]: 'registry.local/app:9',
      });
      await set('env deployment/tuned COLOR=red MODE-', 'env', {
        [`${template}.containers.0.env`]: [{ name: 'COLOR', value: 'red' }],
      });
      await set('resources deployment/tuned --limits=cpu=200m,memory=64Mi', 'resource requirements', {
        [`${template}.containers.0.resources.limits.memory`]: '64Mi',
      });
      await set('serviceaccount deployment tuned robot-2', 'serviceaccount', {
        [`${template}.serviceAccountName`]: 'robot-2',
      });
      await t.ok('create service clusterip chosen --tcp=80');
      await t.shows('set selector service chosen app=other', {
        prints: 'service/chosen selector updated\n',
        effect: () => t.holds('Service', 'chosen', { 'spec.selector': { app: 'other' } }),
      });
      await t.ok('create rolebinding granted --role=any --user=ann');
      await t.shows('set subject rolebinding granted --user=bob', {
        prints: /granted subjects updated\n$/,
        effect: () => t.holds('rbac.authorization.k8s.io/v1 RoleBinding', 'granted', { 'subjects.1.name': 'bob' }),
      });
    },
  },
  {
    name: 'scale, with and without a precondition',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('scaled') });
      const prints = 'deployment.apps/scaled scaled\n';
      await t.shows('scale deployment scaled --replicas=4', {
        prints,
        effect: () => t.holds(kind, 'scaled', { 'spec.replicas': 4 }),
      });
      await t.shows('scale deployment scaled --current-replicas=4 --replicas=1', {
        prints,
        effect: () => t.holds(kind, 'scaled', { 'spec.replicas': 1 }),
      });
      assert.match(
        await t.refused('scale deployment scaled --current-replicas=4 --replicas=9'),
        /Expected replicas to be 4, was 1/,
      );
    },
  },
  {
    name: 'rollout status, pause, resume, restart',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('rolled', 1) });
      const path = `/apis/apps/v1/namespaces/${t.namespace}/deployments/rolled`;
      const following = t.shows('rollout status deployment/rolled --timeout=30s', {
        prints: /successfully rolled out/,
      });
      const generation = at(await t.read('Deployment', 'rolled', 'apps/v1'), 'metadata.generation');
      const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
      await t.setStatus(path, { observedGeneration: generation, ...counts });
      await following;
      await t.shows('rollout pause deployment/rolled', {
        prints: 'deployment.apps/rolled paused\n',
        effect: () => t.holds(kind, 'rolled', { 'spec.paused': true }),
      });
      await t.shows('rollout resume deployment/rolled', {
        prints: 'deployment.apps/rolled resumed\n',
        effect: () => t.holds(kind, 'rolled', { 'spec.paused': undefined }),
      });
      await t.shows('rollout restart deployment/rolled', {
        prints: 'deployment.apps/rolled restarted\n',
        effect: async () => {
          const annotations = at(await t.read('Deployment', 'rolled', 'apps/v1'), 'spec.template.metadata.annotations');
          assert.ok((annotations as Loose)['kubectl.kubernetes.io/restartedAt']);
        },
      });
    },
  },
  { name: 'rollout history and undo', run: undo },
];

/** The replica sets that a deployment controller would keep, one for each revision. */
async function undo(t: Trial): Promise<void> {
  await t.ok('create -f -', { stdin: deployment('undone', 1, 'registry.local/app:2') });
  const { metadata } = (await t.read('Deployment', 'undone', 'apps/v1')) as { metadata: { uid: string } };
  for (const revision of ['1', '2']) {
    const labels = { app: 'undone', 'pod-template-hash': `h${revision}` };
    const body = {
      metadata: {
        name: `undone-h${revision}`,
        labels,
        annotations: {
          'deployment.kubernetes.io/revision': revision,
          'kubernetes.io/change-cause': `cause ${revision}`,
        },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'undone', uid: metadata.uid, controller: true },
        ],
      },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'app', image: `registry.local/app:${revision}` }] },
        },
      },
    };
    await t.client.raw('POST', `/apis/apps/v1/namespaces/${t.namespace}/replicasets`, { body });
  }
  await t.ok('annotate deployment undone deployment.kubernetes.io/revision=2');
  await t.shows('rollout history deployment/undone', { prints: /^1 +cause 1\n2 +cause 2$/m });
  assert.match(await t.ok('rollout history deployment/undone --revision=1'), /Image:\s+registry\.local\/app:1/);
  await t.shows('rollout undo deployment/undone', {
    prints: 'deployment.apps/undone rolled back\n',
    effect: () => t.holds(kind, 'undone', { 'spec.template.spec.containers.0.image': 'registry.local/app:1' }),
  });
}
