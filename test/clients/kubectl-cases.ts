/**
 * What kubectl does against the API alone (no controllers, no nodes): each case runs one command as people use it and
 * checks what it printed and what it did. `kubectl.test.ts` runs all of them with every kubectl there is.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { dump } from 'js-yaml';
import { findKindByName } from '../../api/kinds.ts';
import type { Client } from '../../client/client.ts';
import { eventually } from '../support/eventually.ts';
import type { Kubectl, KubectlOptions, KubectlResult } from '../support/kubectl.ts';

/** A cluster as one kubectl sees it, with a namespace of its own. */
export class Trial {
  readonly kubectl: Kubectl;
  readonly client: Client;
  readonly namespace: string;
  /** Kept out of names of cluster-scoped objects of other versions. */
  readonly suffix: string;

  constructor(kubectl: Kubectl, client: Client, namespace: string) {
    this.kubectl = kubectl;
    this.client = client;
    this.namespace = namespace;
    this.suffix = kubectl.version.replace('.', '-');
  }

  get minor(): number {
    return Number(this.kubectl.version.split('.')[1]);
  }

  run(command: string, options: KubectlOptions = {}): Promise<KubectlResult> {
    return this.kubectl.run(['-n', this.namespace, ...splitWords(command)], options);
  }

  /** Runs it, expects success, returns what it printed. */
  async ok(command: string, options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options);
    assert.equal(code, 0, `kubectl ${command}: ${stderr}`);
    return stdout;
  }

  /** Runs it, expects refusal, returns what it said. */
  async refused(command: string, options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options);
    assert.notEqual(code, 0, `kubectl ${command} did not fail: ${stdout}`);
    return stderr;
  }

  /** The object as the API has it now. */
  async read(kind: string, name: string, apiVersion = 'v1'): Promise<Loose> {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const row = findKindByName({ group: group ?? '', version: version ?? '', kind });
    assert.ok(row, `no kind ${kind}`);
    const key = row.namespaced ? { namespace: this.namespace, name } : { name };
    return (await this.client.get(row, key)) as unknown as Loose;
  }

  /** Writes an object's status, as a controller or kubelet would. */
  async setStatus(path: string, status: object): Promise<void> {
    await this.client.raw('PATCH', `${path}/status`, {
      body: { status },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  }
}

/** JSON of unknown shape, read by path: `at(pod, 'spec.containers.0.image')`. */
export type Loose = Record<string, unknown>;

export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Loose | undefined)?.[key], value);
}

/** Splits at spaces outside single quotes. */
function splitWords(command: string): string[] {
  return [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));
}

export interface KubectlCase {
  readonly name: string;
  /** First minor version of kubectl that has it. */
  readonly since?: number;
  run(trial: Trial): Promise<void>;
}

export const pod = (name: string, labels: Record<string, string> = { app: name }): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { containers: [{ name: 'c', image: 'registry.local/app:1' }] },
  });

export const deployment = (name: string, replicas = 2, image = 'registry.local/app:1'): string => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: { app: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
      - name: app
        image: ${image}
        env:
        - { name: MODE, value: fast }
`;

export const configMap = (name: string, data: Record<string, string>): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

export const kubectlCases: readonly KubectlCase[] = [
  {
    name: 'version names the server',
    async run(t) {
      assert.match(await t.ok('version'), /Server Version:.*v1\.\d+\.\d+.*longshore/s);
    },
  },
  {
    name: 'api-versions and api-resources list everything served',
    async run(t) {
      const versions = (await t.ok('api-versions')).split('\n');
      for (const one of ['v1', 'apps/v1', 'batch/v1', 'discovery.k8s.io/v1']) assert.ok(versions.includes(one), one);
      const resources = await t.ok('api-resources');
      assert.match(resources, /^pods +po +v1 +true +Pod/m);
      assert.match(resources, /^namespaces +ns +v1 +false +Namespace/m);
      assert.match(await t.ok('api-resources --namespaced=false -o name'), /^nodes$/m);
    },
  },
  {
    name: 'cluster-info and get --raw reach the server',
    async run(t) {
      assert.match(await t.ok('cluster-info'), /127\.0\.0\.1|localhost/);
      assert.equal(JSON.parse(await t.ok('get --raw /version')).major, '1');
      assert.equal(await t.ok('get --raw /readyz'), 'ok');
    },
  },
  {
    name: 'create -f stores an object once',
    async run(t) {
      assert.equal(await t.ok('create -f -', { stdin: pod('created') }), 'pod/created created\n');
      assert.equal(at(await t.read('Pod', 'created'), 'spec.containers.0.image'), 'registry.local/app:1');
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
      await assert.rejects(t.read('Pod', 'typo'), /not found/);
    },
  },
  {
    name: 'create --dry-run=server stores nothing',
    async run(t) {
      assert.match(await t.ok('create -f - --dry-run=server -o yaml', { stdin: pod('dry') }), /uid: /);
      await assert.rejects(t.read('Pod', 'dry'), /not found/);
    },
  },
  {
    name: 'create TYPE makes each type',
    async run(t) {
      const s = t.suffix;
      await t.ok('create configmap cm --from-literal=a=1 --from-literal=b=two');
      assert.deepEqual(at(await t.read('ConfigMap', 'cm'), 'data'), { a: '1', b: 'two' });
      await t.ok('create secret generic sec --from-literal=password=x');
      assert.deepEqual(at(await t.read('Secret', 'sec'), 'data'), { password: 'eA==' });
      await t.ok(`create namespace made-${s}`);
      assert.equal(at(await t.read('Namespace', `made-${s}`), 'status.phase'), 'Active');
      await t.ok('create serviceaccount robot');
      await t.ok('create service clusterip svc --tcp=80:8080');
      assert.equal(at(await t.read('Service', 'svc'), 'spec.ports.0.targetPort'), 8080);
      await t.ok('create deployment dep --image=registry.local/app:1');
      assert.equal(at(await t.read('Deployment', 'dep', 'apps/v1'), 'spec.replicas'), 1);
      await t.ok('create job once --image=registry.local/app:1 -- true');
      assert.deepEqual(at(await t.read('Job', 'once', 'batch/v1'), 'spec.template.spec.containers.0.command'), [
        'true',
      ]);
      await t.ok('create quota q --hard=pods=3');
      assert.equal(at(await t.read('ResourceQuota', 'q'), 'spec.hard.pods'), '3');
      await t.ok('create role reader --verb=get,list --resource=pods');
      assert.deepEqual(at(await t.read('Role', 'reader', 'rbac.authorization.k8s.io/v1'), 'rules.0.verbs'), [
        'get',
        'list',
      ]);
      await t.ok('create rolebinding readers --role=reader --user=ann');
      await t.ok(`create clusterrole reader-${s} --verb=get --resource=nodes`);
      await t.ok(`create clusterrolebinding readers-${s} --clusterrole=reader-${s} --group=ops`);
      await t.ok(`create priorityclass high-${s} --value=1000`);
      assert.equal(at(await t.read('PriorityClass', `high-${s}`, 'scheduling.k8s.io/v1'), 'value'), 1000);
    },
  },
  {
    name: 'create cronjob, ingress and poddisruptionbudget',
    since: 25,
    async run(t) {
      await t.ok("create cronjob nightly --image=registry.local/app:1 '--schedule=0 3 * * *' -- true");
      assert.equal(at(await t.read('CronJob', 'nightly', 'batch/v1'), 'spec.schedule'), '0 3 * * *');
      await t.ok("create ingress web '--rule=shop.example/*=svc:80'");
      assert.equal(at(await t.read('Ingress', 'web', 'networking.k8s.io/v1'), 'spec.rules.0.host'), 'shop.example');
      await t.ok('create poddisruptionbudget budget --selector=app=x --min-available=1');
      assert.equal(at(await t.read('PodDisruptionBudget', 'budget', 'policy/v1'), 'spec.minAvailable'), 1);
    },
  },
  {
    name: 'apply creates, changes and leaves alone',
    async run(t) {
      assert.match(await t.ok('apply -f -', { stdin: deployment('applied') }), /deployment.apps\/applied created/);
      assert.match(await t.ok('apply -f -', { stdin: deployment('applied') }), /unchanged/);
      const changed = deployment('applied', 3, 'registry.local/app:2').replace(/ +env:\n.*\n/, '');
      assert.match(await t.ok('apply -f -', { stdin: changed }), /configured/);
      const object = await t.read('Deployment', 'applied', 'apps/v1');
      assert.equal(at(object, 'spec.replicas'), 3);
      assert.equal(at(object, 'spec.template.spec.containers.0.image'), 'registry.local/app:2');
      assert.equal(at(object, 'spec.template.spec.containers.0.env'), undefined, 'apply takes away what left the file');
    },
  },
  {
    name: 'apply --server-side owns fields and conflicts',
    since: 22,
    async run(t) {
      await t.ok('apply --server-side --field-manager=one -f -', { stdin: configMap('shared', { a: '1', b: '1' }) });
      const refusal = await t.refused('apply --server-side --field-manager=two -f -', {
        stdin: configMap('shared', { a: '2' }),
      });
      assert.match(refusal, /conflict with "one": \.data\.a/);
      await t.ok('apply --server-side --force-conflicts --field-manager=two -f -', {
        stdin: configMap('shared', { a: '2' }),
      });
      assert.deepEqual(at(await t.read('ConfigMap', 'shared'), 'data'), { a: '2', b: '1' });
    },
  },
  {
    name: 'apply --prune deletes what left the set',
    async run(t) {
      const labelled = (name: string): string =>
        dump({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { set: 'p' } } });
      await t.ok('apply -f -', { stdin: `${labelled('stays')}\n---\n${labelled('goes')}` });
      const allow = t.minor >= 26 ? '--prune-allowlist=core/v1/ConfigMap' : '--prune-whitelist=core/v1/ConfigMap';
      await t.ok(`apply --prune -l set=p ${allow} -f -`, { stdin: labelled('stays') });
      await t.read('ConfigMap', 'stays');
      await assert.rejects(t.read('ConfigMap', 'goes'), /not found/);
    },
  },
  {
    name: 'diff shows the change and changes nothing',
    async run(t) {
      await t.ok('apply -f -', { stdin: configMap('compared', { a: '1' }) });
      assert.equal((await t.run('diff -f -', { stdin: configMap('compared', { a: '1' }) })).code, 0);
      const { code, stdout } = await t.run('diff -f -', { stdin: configMap('compared', { a: '2' }) });
      assert.equal(code, 1);
      assert.match(stdout, /^-\s+a: "1"\n\+\s+a: "2"$/m);
      assert.deepEqual(at(await t.read('ConfigMap', 'compared'), 'data'), { a: '1' });
    },
  },
  {
    name: 'replace',
    async run(t) {
      await t.ok('create -f -', { stdin: configMap('replaced', { a: '1', b: '1' }) });
      await t.ok('replace -f -', { stdin: configMap('replaced', { a: '2' }) });
      assert.deepEqual(at(await t.read('ConfigMap', 'replaced'), 'data'), { a: '2' });
      assert.match(await t.refused('replace -f -', { stdin: configMap('absent', {}) }), /NotFound/);
    },
  },
  {
    name: 'patch: strategic, merge and JSON',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('patched') });
      await t.ok(
        `patch deployment patched -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"}]}}}}'`,
      );
      await t.ok(`patch deployment patched --type=merge -p '{"spec":{"paused":true}}'`);
      await t.ok(`patch deployment patched --type=json -p '[{"op":"replace","path":"/spec/replicas","value":5}]'`);
      const object = await t.read('Deployment', 'patched', 'apps/v1');
      const names = (at(object, 'spec.template.spec.containers') as Loose[]).map(({ name }) => name).sort();
      assert.deepEqual(names, ['app', 'side']);
      assert.equal(at(object, 'spec.paused'), true);
      assert.equal(at(object, 'spec.replicas'), 5);
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
      await t.ok(`patch deployment sub --subresource=scale --type=merge -p '{"spec":{"replicas":7}}'`);
      assert.equal(at(await t.read('Deployment', 'sub', 'apps/v1'), 'spec.replicas'), 7);
      assert.match(await t.ok('get deployment sub --subresource=scale -o yaml'), /kind: Scale/);
    },
  },
  {
    name: 'label and annotate',
    async run(t) {
      await t.ok('create -f -', { stdin: configMap('tagged', {}) });
      await t.ok('label configmap tagged tier=web');
      assert.match(await t.refused('label configmap tagged tier=db'), /already has a value/);
      await t.ok('label --overwrite configmap tagged tier=db');
      await t.ok('annotate configmap tagged note=seen');
      assert.equal(at(await t.read('ConfigMap', 'tagged'), 'metadata.labels.tier'), 'db');
      assert.equal(at(await t.read('ConfigMap', 'tagged'), 'metadata.annotations.note'), 'seen');
      await t.ok('label configmap tagged tier-');
      assert.equal(at(await t.read('ConfigMap', 'tagged'), 'metadata.labels'), undefined);
    },
  },
  {
    name: 'edit',
    async run(t) {
      await t.ok('create -f -', { stdin: configMap('edited', { word: 'before' }) });
      await t.ok('edit configmap edited', { env: { KUBE_EDITOR: 'sed -i s/before/after/' } });
      assert.deepEqual(at(await t.read('ConfigMap', 'edited'), 'data'), { word: 'after' });
    },
  },
  {
    name: 'set image, env, resources and serviceaccount',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('tuned') });
      await t.ok('set image deployment/tuned app=registry.local/app:9');
      await t.ok('set env deployment/tuned COLOR=red MODE-');
      await t.ok('set resources deployment/tuned --limits=cpu=200m,memory=64Mi');
      await t.ok('set serviceaccount deployment tuned robot-2');
      const spec = at(await t.read('Deployment', 'tuned', 'apps/v1'), 'spec.template.spec');
      assert.equal(at(spec, 'containers.0.image'), 'registry.local/app:9');
      assert.deepEqual(at(spec, 'containers.0.env'), [{ name: 'COLOR', value: 'red' }]);
      assert.equal(at(spec, 'containers.0.resources.limits.memory'), '64Mi');
      assert.equal(at(spec, 'serviceAccountName'), 'robot-2');
    },
  },
  {
    name: 'scale, with and without a precondition',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('scaled') });
      await t.ok('scale deployment scaled --replicas=4');
      assert.equal(at(await t.read('Deployment', 'scaled', 'apps/v1'), 'spec.replicas'), 4);
      await t.ok('scale deployment scaled --current-replicas=4 --replicas=1');
      assert.match(
        await t.refused('scale deployment scaled --current-replicas=4 --replicas=9'),
        /Expected replicas to be 4, was 1/,
      );
    },
  },
  {
    name: 'autoscale, expose and run',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('served') });
      await t.ok('autoscale deployment served --min=1 --max=5 --cpu-percent=80');
      assert.match(await t.ok('get hpa served'), /Deployment\/served/);
      await t.ok('expose deployment served --port=80 --target-port=8080');
      assert.deepEqual(at(await t.read('Service', 'served'), 'spec.selector'), { app: 'served' });
      await t.ok('run solo --image=registry.local/app:1 --labels=run=solo');
      assert.equal(at(await t.read('Pod', 'solo'), 'metadata.labels.run'), 'solo');
    },
  },
  {
    name: 'rollout status, history, pause, resume, restart',
    async run(t) {
      await t.ok('create -f -', { stdin: deployment('rolled', 1) });
      const path = `/apis/apps/v1/namespaces/${t.namespace}/deployments/rolled`;
      const following = t.ok('rollout status deployment/rolled --timeout=30s');
      const generation = at(await t.read('Deployment', 'rolled', 'apps/v1'), 'metadata.generation');
      await t.setStatus(path, {
        observedGeneration: generation,
        replicas: 1,
        updatedReplicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
      });
      assert.match(await following, /successfully rolled out/);
      assert.match(await t.ok('rollout history deployment/rolled'), /REVISION|No rollout history/i);
      await t.ok('rollout pause deployment/rolled');
      assert.equal(at(await t.read('Deployment', 'rolled', 'apps/v1'), 'spec.paused'), true);
      await t.ok('rollout resume deployment/rolled');
      await t.ok('rollout restart deployment/rolled');
      const annotations = at(await t.read('Deployment', 'rolled', 'apps/v1'), 'spec.template.metadata.annotations');
      assert.ok((annotations as Loose)['kubectl.kubernetes.io/restartedAt']);
    },
  },
  {
    name: 'wait for a condition and for deletion',
    async run(t) {
      await t.ok('create -f -', { stdin: pod('awaited') });
      const ready = t.ok('wait --for=condition=Ready pod/awaited --timeout=30s');
      await t.setStatus(`/api/v1/namespaces/${t.namespace}/pods/awaited`, {
        conditions: [{ type: 'Ready', status: 'True' }],
      });
      assert.match(await ready, /condition met/);
      await waitForDeletion(t, 'awaited');
    },
  },
  {
    name: 'wait for a JSON path',
    since: 23,
    async run(t) {
      await t.ok('create -f -', { stdin: pod('phased') });
      const running = t.ok("wait '--for=jsonpath={.status.phase}=Running' pod/phased --timeout=30s");
      await t.setStatus(`/api/v1/namespaces/${t.namespace}/pods/phased`, { phase: 'Running' });
      assert.match(await running, /condition met/);
    },
  },
  {
    name: 'get in all its forms',
    async run(t) {
      await t.ok('create -f -', { stdin: pod('seen', { app: 'seen', tier: 'a' }) });
      await t.ok('create -f -', { stdin: pod('seen-too', { app: 'seen', tier: 'b' }) });
      assert.match(await t.ok('get pods -l app=seen'), /^NAME +READY +STATUS +RESTARTS +AGE\nseen +0\/1 +Pending +0 +/);
      assert.match(await t.ok('get pods -l app=seen -o wide'), /NOMINATED NODE +READINESS GATES/);
      assert.equal(await t.ok("get pods -l 'tier in (a),app' -o name"), 'pod/seen\n');
      assert.equal(
        await t.ok("get pods -l app=seen --sort-by=.metadata.name -o 'jsonpath={.items[*].metadata.name}'"),
        'seen seen-too',
      );
      assert.match(await t.ok('get pods -l app=seen -L tier'), /TIER\n.* a\n/);
      assert.match(await t.ok('get pods -l app=seen --show-labels'), /app=seen,tier=a/);
      assert.match(await t.ok('get pods -l app=seen -o custom-columns=N:.metadata.name'), /^N\nseen\nseen-too\n$/);
      assert.equal(await t.ok('get pods --field-selector metadata.name=seen -o name'), 'pod/seen\n');
      assert.match(await t.ok('get pods -A'), /^NAMESPACE +NAME/);
      assert.match(await t.ok('get pod/seen service/kubernetes -n default --ignore-not-found'), /kubernetes/);
      assert.match(await t.ok('get all'), /pod\/seen/);
      assert.match(await t.refused('get pods absent'), /Error from server \(NotFound\): pods "absent" not found/);
      assert.match(await t.refused('get bogus'), /the server doesn't have a resource type "bogus"/);
      assert.match(await t.refused("get pods -l 'app in'"), /selector|parse/);
    },
  },
  {
    name: 'get -w follows changes',
    async run(t) {
      const child = t.kubectl.start(['-n', t.namespace, 'get', 'configmaps', '-w', '-o', 'name', '-l', 'followed=yes']);
      const lines: string[] = [];
      let wake = (): void => {};
      child.stdout.on('data', (chunk: Buffer) => {
        lines.push(...chunk.toString().split('\n').filter(Boolean));
        wake();
      });
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'followed', labels: { followed: 'yes' } },
      });
      await t.ok('create -f -', { stdin: body });
      await t.ok('annotate configmap followed a=b');
      const timer = setTimeout(() => child.kill(), 30_000);
      while (lines.length < 2 && child.exitCode === null && !child.killed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          child.once('exit', () => resolve());
        });
      }
      clearTimeout(timer);
      child.kill();
      assert.ok(lines.length >= 1 && lines.every((line) => line === 'configmap/followed'), lines.join());
    },
  },
  {
    name: 'describe',
    async run(t) {
      await t.ok('create -f -', { stdin: pod('described') });
      await t.ok('create -f -', { stdin: deployment('described') });
      await t.ok('create service clusterip described --tcp=80');
      assert.match(await t.ok('describe pod described'), /Image: +registry\.local\/app:1/);
      assert.match(await t.ok('describe deployment described'), /Replicas: +2 desired/);
      assert.match(await t.ok('describe service described'), /Type: +ClusterIP/);
      assert.match(await t.ok(`describe namespace ${t.namespace}`), /Status: +Active/);
    },
  },
  {
    name: 'explain reads the schema, with descriptions',
    async run(t) {
      assert.match(await t.ok('explain pods.spec.containers.image'), /FIELD: +image.*<string>.*DESCRIPTION:\s+\S+/s);
      assert.match(await t.ok('explain deployment --recursive'), /maxSurge/);
      assert.match(await t.refused('explain pods.spec.bogus'), /field "bogus" does not exist/);
    },
  },
  {
    name: 'delete by name, label, all; with options',
    async run(t) {
      for (const name of ['d1', 'd2', 'd3', 'd4', 'd5']) {
        const body = {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, labels: { doomed: name < 'd4' ? 'yes' : 'no' } },
        };
        await t.ok('create -f -', { stdin: JSON.stringify(body) });
      }
      await t.ok('delete configmap d1 --dry-run=server');
      await t.read('ConfigMap', 'd1');
      assert.match(await t.ok('delete configmap d1'), /configmap "d1" deleted/);
      await t.ok('delete configmaps -l doomed=yes');
      assert.equal((await t.ok('get configmaps -o name')).match(/\/d[1-5]/g)?.join(), '/d4,/d5');
      await t.ok('delete -f -', { stdin: configMap('d4', {}) });
      assert.match(await t.refused('delete configmap d4'), /NotFound/);
      await t.ok('delete configmap d4 --ignore-not-found');
      await t.ok('create -f -', { stdin: pod('forced') });
      await t.ok('delete pod forced --force --grace-period=0');
      await t.ok('create -f -', { stdin: deployment('orphaning') });
      await t.ok('delete deployment orphaning --cascade=orphan --wait=false');
    },
  },
  {
    name: 'cordon, taint, drain and uncordon a node',
    async run(t) {
      const name = `node-${t.suffix}`;
      await t.ok('create -f -', { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name } }) });
      const bound = JSON.parse(pod('drained'));
      bound.spec.nodeName = name;
      await t.ok('create -f -', { stdin: JSON.stringify(bound) });
      await t.ok(`cordon ${name}`);
      assert.equal(at(await t.read('Node', name), 'spec.unschedulable'), true);
      await t.ok(`taint node ${name} dedicated=db:NoSchedule`);
      const taints = at(await t.read('Node', name), 'spec.taints') as Loose[];
      assert.ok(taints.some(({ key, value }) => key === 'dedicated' && value === 'db'));
      await t.ok(`taint node ${name} dedicated-`);
      const drained = t.ok(`drain ${name} --force --timeout=30s`);
      await finishTermination(t, 'drained');
      await drained;
      await t.ok(`uncordon ${name}`);
      assert.equal(at(await t.read('Node', name), 'spec.unschedulable'), undefined);
      assert.match(await t.ok(`describe node ${name}`), /Unschedulable: +false/);
    },
  },
  {
    name: 'certificate approve and deny',
    async run(t) {
      for (const [name, verb] of [
        [`ann-${t.suffix}`, 'approve'],
        [`bob-${t.suffix}`, 'deny'],
      ] as const) {
        await t.ok('create -f -', { stdin: JSON.stringify(signingRequest(name)) });
        await t.ok(`certificate ${verb} ${name}`);
        const type = at(
          await t.read('CertificateSigningRequest', name, 'certificates.k8s.io/v1'),
          'status.conditions.0.type',
        );
        assert.equal(type, verb === 'approve' ? 'Approved' : 'Denied');
      }
    },
  },
  {
    name: 'auth can-i',
    async run(t) {
      assert.equal((await t.ok('auth can-i create pods')).trim(), 'yes');
      assert.match((await t.run('auth can-i create pods --as=nobody')).stdout, /no/);
    },
  },
  {
    name: 'auth whoami and impersonation',
    since: 28,
    async run(t) {
      assert.match(await t.ok('auth whoami'), /system:masters/);
      assert.match(await t.ok('auth whoami --as=ann --as-group=system:masters'), /Username +ann/);
      assert.match(await t.refused('get pods --as=nobody'), /Forbidden.*User "nobody" cannot list resource "pods"/s);
    },
  },
  {
    name: 'events',
    since: 28,
    async run(t) {
      await t.ok('create -f -', { stdin: JSON.stringify(anEvent(t.namespace)) });
      assert.match(await t.ok('events'), /Scheduled +Pod\/web +placed/);
      assert.match(await t.ok('events --for pod/web'), /placed/);
      assert.match(await t.ok('get events --field-selector reason=Scheduled'), /placed/);
    },
  },
  {
    name: 'top says that there are no metrics',
    async run(t) {
      assert.match(await t.refused('top nodes'), /[Mm]etrics/);
    },
  },
];

/** kubectl must have seen the pod before it goes: 1.20 fails for one that is gone already. */
async function waitForDeletion(t: Trial, name: string): Promise<void> {
  const words = ['-n', t.namespace, 'wait', '--for=delete', `pod/${name}`, '--timeout=30s', '-v=6'];
  const child = t.kubectl.start(words);
  const exited = once(child, 'exit');
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  await eventually('kubectl has read the pod', () => new RegExp(`GET .*/pods.*${name}|pods/${name}`).test(told));
  await t.ok(`delete pod ${name} --wait=false`);
  const [code] = (await exited) as [number];
  assert.equal(code, 0, told);
}

/** Deletes the pod for good once somebody asked it to terminate: what its kubelet would do. */
async function finishTermination(t: Trial, name: string): Promise<void> {
  await eventually(
    `${name} is evicted`,
    async () => at(await t.read('Pod', name), 'metadata.deletionTimestamp') !== undefined,
  );
  await t.client.raw('DELETE', `/api/v1/namespaces/${t.namespace}/pods/${name}`, {
    body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 },
  });
}

function signingRequest(name: string): object {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: csrPem, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
  };
}

function anEvent(namespace: string): object {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'web.1', namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace, uid: 'u' },
    reason: 'Scheduled',
    message: 'placed',
    type: 'Normal',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
}

/** A real PKCS #10 request (CN=ann), base64 of its PEM. */
const csrPem =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISk1IQUNBUUF3RGpFTU1Bb0dBMVVFQXd3RFlXNXVNRmt3RXdZSEtvWkl6ajBDQVFZSUtvWkl6ajBEQVFjRApRZ0FFTDNOY2VGY3ZDOUI3QzhEem1OanVRQzFNL08wOXZFVnU4aEUvenJ5ZDJzK2Y5cEZYa1IyOFR4RkFxbjNiCmlvSWZkTzdYcGhtK1k3SzF1cTU1WFo0cmNLQUFNQW9HQ0NxR1NNNDlCQU1DQTBrQU1FWUNJUURVdVJhK09vQUwKZkhzMlIvODJuL3FHSVcxU3FvTUNpR0pFWks2cGhyWGdId0loQUx6UG1Ga2I4Zis4Tm5pVmpxR2xEZm9EYnR5RApvRCtqSkZHVXhXeW1taURuCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';
