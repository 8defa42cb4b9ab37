/** kubectl create, run and expose: objects that were not there. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployment, pod } from './manifests.ts';
import { at, type KubectlCase, type Trial } from './trial.ts';

const rbac = 'rbac.authorization.k8s.io/v1';

/** `create TYPE …`, what it makes, and what of it is looked at. */
interface Generated {
  readonly words: string;
  /** With its group, as `read` takes it: `apps/v1 Deployment`. */
  readonly kind: string;
  readonly name: string;
  readonly holds: Readonly<Record<string, unknown>>;
}

async function generate(t: Trial, { words, kind, name, holds }: Generated): Promise<void> {
  await t.shows(`create ${words}`, {
    prints: new RegExp(`^[\\w.]+/${name} created\\n$`),
    effect: () => t.holds(kind, name, holds),
  });
}

const generated = (s: string): readonly Generated[] => [
  {
    words: 'configmap cm --from-literal=a=1 --from-literal=b=two',
    kind: 'ConfigMap',
    name: 'cm',
    holds: { data: { a: '1', b: 'two' } },
  },
  {
    words: 'secret generic sec --from-literal=password=x',
    kind: 'Secret',
    name: 'sec',
    holds: { data: { password: 'eA==' }, type: 'Opaque' },
  },
  { words: `namespace made-${s}`, kind: 'Namespace', name: `made-${s}`, holds: { 'status.phase': 'Active' } },
  { words: 'serviceaccount robot', kind: 'ServiceAccount', name: 'robot', holds: { secrets: undefined } },
  {
    words: 'service clusterip svc --tcp=80:8080',
    kind: 'Service',
    name: 'svc',
    holds: { 'spec.ports.0.targetPort': 8080, 'spec.type': 'ClusterIP' },
  },
  {
    words: 'deployment dep --image=registry.local/app:1',
    kind: 'apps/v1 Deployment',
    name: 'dep',
    holds: { 'spec.replicas': 1, 'spec.template.spec.containers.0.image': 'registry.local/app:1' },
  },
  {
    words: 'job once --image=registry.local/app:1 -- true',
    kind: 'batch/v1 Job',
    name: 'once',
    holds: { 'spec.template.spec.containers.0.command': ['true'], 'spec.backoffLimit': 6 },
  },
  { words: 'quota q --hard=pods=3', kind: 'ResourceQuota', name: 'q', holds: { 'spec.hard.pods': '3' } },
  {
    words: 'role reader --verb=get,list --resource=pods',
    kind: `${rbac} Role`,
    name: 'reader',
    holds: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }] },
  },
  {
    words: 'rolebinding readers --role=reader --user=ann',
    kind: `${rbac} RoleBinding`,
    name: 'readers',
    holds: { 'roleRef.name': 'reader', 'subjects.0.name': 'ann' },
  },
  {
    words: `clusterrole reader-${s} --verb=get --resource=nodes`,
    kind: `${rbac} ClusterRole`,
    name: `reader-${s}`,
    holds: { 'rules.0.resources': ['nodes'] },
  },
  {
    words: `clusterrolebinding readers-${s} --clusterrole=reader-${s} --group=ops`,
    kind: `${rbac} ClusterRoleBinding`,
    name: `readers-${s}`,
    holds: { 'roleRef.kind': 'ClusterRole', 'subjects.0.kind': 'Group' },
  },
  {
    words: `priorityclass high-${s} --value=1000`,
    kind: 'scheduling.k8s.io/v1 PriorityClass',
    name: `high-${s}`,
    holds: { value: 1000 },
  },
];

const generatedLater: readonly Generated[] = [
  {
    words: "cronjob nightly --image=registry.local/app:1 '--schedule=0 3 * * *' -- true",
    kind: 'batch/v1 CronJob',
    name: 'nightly',
    holds: { 'spec.schedule': '0 3 * * *' },
  },
  {
    words: "ingress web '--rule=shop.example/*=svc:80'",
    kind: 'networking.k8s.io/v1 Ingress',
    name: 'web',
    holds: { 'spec.rules.0.host': 'shop.example' },
  },
  {
    words: 'poddisruptionbudget budget --selector=app=x --min-available=1',
    kind: 'policy/v1 PodDisruptionBudget',
    name: 'budget',
    holds: { 'spec.minAvailable': 1 },
  },
];

export const createCases: readonly KubectlCase[] = [
  {
    name: 'create -f stores an object once',
    async run(t) {
      await t.shows('create -f -', {
        stdin: pod('created'),
        prints: 'pod/created created\n',
        effect: () => t.holds('Pod', 'created', { 'spec.containers.0.image': 'registry.local/app:1' }),
      });
      assert.match(
        await t.refused('create -f -', { stdin: pod('created') }),
        /AlreadyExists.*pods "created" already exists/s,
      );
    },
  },
  {
    name: 'create -f names an unknown field',
    async run(t) {
      const body = pod('typo').replace('"containers"', '"bogus":1,"containers"');
      assert.match(await t.refused('create -f -', { stdin: body }), /unknown field "(spec\.)?bogus"/);
      await t.isGone('Pod', 'typo');
    },
  },
  {
    name: 'create --dry-run stores nothing',
    async run(t) {
      for (const [where, prints] of [
        ['server', /uid: /],
        ['client', /name: dry/],
      ] as const) {
        const effect = () => t.isGone('Pod', 'dry');
        await t.shows(`create -f - --dry-run=${where} -o yaml`, { stdin: pod('dry'), prints, effect });
      }
    },
  },
  {
    name: 'create TYPE makes each type',
    async run(t) {
      for (const one of generated(t.suffix)) await generate(t, one);
    },
  },
  {
    name: 'create cronjob, ingress and poddisruptionbudget',
    since: 25,
    async run(t) {
      for (const one of generatedLater) await generate(t, one);
    },
  },
  {
    name: 'create token makes one that speaks for the account',
    since: 24,
    async run(t) {
      await t.ok('create serviceaccount speaker');
      const command = 'create token speaker --duration=10m';
      const token = (await t.ok(command)).trim();
      assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
      const { text } = await t.client.raw('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: review });
      assert.equal(at(JSON.parse(text), 'status.user.username'), `system:serviceaccount:${t.namespace}:speaker`);
      t.note(command);
    },
  },
  {
    name: 'a Secret of a megabyte',
    async run(t) {
      const folder = await mkdtemp(join(tmpdir(), 'longshore-large-'));
      const file = join(folder, 'blob');
      await writeFile(file, Buffer.alloc(1024 * 1024 - 1000, 'x'));
      await t.ok(`create secret generic large --from-file=${file}`);
      const data = at(await t.read('Secret', 'large'), 'data.blob') as string;
      assert.equal(Buffer.from(data, 'base64').length, 1024 * 1024 - 1000);
      await writeFile(file, Buffer.alloc(1024 * 1024 + 1, 'x'));
      assert.match(await t.refused(`create secret generic larger --from-file=${file}`), /[Tt]oo long/);
      await rm(folder, { recursive: true });
    },
  },
  {
    name: 'autoscale, expose and run',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('served') });
      await t.shows('autoscale deployment served --min=1 --max=5 --cpu-percent=80', {
        prints: 'horizontalpodautoscaler.autoscaling/served autoscaled\n',
        effect: () =>
          t.holds('autoscaling/v2 HorizontalPodAutoscaler', 'served', {
            'spec.maxReplicas': 5,
            'spec.metrics.0.resource.target.averageUtilization': 80,
          }),
      });
      assert.match(await t.ok('get hpa served'), /Deployment\/served/);
      await t.shows('expose deployment served --port=80 --target-port=8080', {
        prints: 'service/served exposed\n',
        effect: () => t.holds('Service', 'served', { 'spec.selector': { app: 'served' }, 'spec.ports.0.port': 80 }),
      });
      await t.shows('run solo --image=registry.local/app:1 --labels=run=solo', {
        prints: 'pod/solo created\n',
        effect: () => t.holds('Pod', 'solo', { 'metadata.labels.run': 'solo' }),
      });
      await t.shows('run shown --image=registry.local/app:1 --port=80 --expose', {
        prints: 'service/shown created\npod/shown created\n',
        effect: async () => {
          await t.holds('Service', 'shown', { 'spec.ports.0.port': 80 });
          await t.holds('Pod', 'shown', { 'spec.containers.0.ports.0.containerPort': 80 });
        },
      });
    },
  },
];
