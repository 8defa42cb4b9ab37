/** More of what kubectl does against the API alone: files, applied state, deletion with dependents, pods without nodes. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { at, configMap, deployment, type KubectlCase, type Loose, pod, type Trial } from './kubectl-cases.ts';

const many = (...objects: string[]): string => objects.join('\n');
const names = (text: string): string[] => text.split('\n').filter(Boolean).sort();

export const kubectlObjectCases: readonly KubectlCase[] = [
  {
    name: 'get names several, of several kinds',
    async run(t) {
      await t.ok('create -f -', { stdin: many(configMap('sev-a', {}), configMap('sev-b', {}), pod('sev')) });
      assert.deepEqual(names(await t.ok('get configmap/sev-a configmap/sev-b pod/sev -o name')), [
        'configmap/sev-a',
        'configmap/sev-b',
        'pod/sev',
      ]);
      assert.match(await t.ok('get configmap,pod -o name'), /configmap\/sev-a\n.*pod\/sev/s);
    },
  },
  {
    name: 'apply takes lists and streams in YAML, and edits of last-applied',
    async run(t) {
      const list = JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [JSON.parse(configMap('listed-a', { a: '1' })), JSON.parse(configMap('listed-b', { b: '1' }))],
      });
      assert.equal(names(await t.ok('apply -f -', { stdin: list })).length, 2);
      assert.match(await t.ok('apply view-last-applied configmap/listed-a'), /a: "1"/);
      await t.ok('create -f -', { stdin: configMap('unapplied', { a: '1' }) });
      await t.ok('apply set-last-applied --create-annotation=true -f -', { stdin: configMap('unapplied', { a: '1' }) });
      assert.match(await t.ok('apply view-last-applied configmap/unapplied -o json'), /"a": "1"/);
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
    name: 'apply -k builds a kustomization',
    async run(t) {
      const folder = await mkdtemp(join(tmpdir(), 'longshore-kustomize-'));
      await writeFile(join(folder, 'deployment.yaml'), deployment('base'));
      await writeFile(
        join(folder, 'kustomization.yaml'),
        'namePrefix: k-\nresources: [deployment.yaml]\nconfigMapGenerator:\n- name: conf\n  literals: [a=1]\n',
      );
      assert.match(await t.ok(`apply -k ${folder}`), /deployment\.apps\/k-base created/);
      assert.match(await t.ok('get configmaps -o name'), /configmap\/k-conf-/);
      await t.ok(`delete -k ${folder}`);
      await rm(folder, { recursive: true });
    },
  },
  {
    name: 'replace --force makes it anew',
    async run(t) {
      await t.ok('create -f -', { stdin: configMap('forced', { a: '1' }) });
      const before = at(await t.read('ConfigMap', 'forced'), 'metadata.uid');
      await t.ok('replace --force -f -', { stdin: configMap('forced', { a: '2' }) });
      const after = await t.read('ConfigMap', 'forced');
      assert.notEqual(at(after, 'metadata.uid'), before);
      assert.deepEqual(at(after, 'data'), { a: '2' });
    },
  },
  {
    name: 'label --all and annotate by selector',
    async run(t) {
      const secret = (name: string): string => JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name } });
      await t.ok('create -f -', { stdin: many(secret('all-a'), secret('all-b')) });
      await t.ok('label secrets --all tier=web');
      await t.ok('annotate secrets -l tier=web note=seen');
      for (const name of ['all-a', 'all-b']) {
        assert.equal(at(await t.read('Secret', name), 'metadata.annotations.note'), 'seen');
      }
      const deleted = names(await t.ok('delete secrets -l tier=web -o name'));
      assert.ok(deleted.includes('secret/all-a') && deleted.includes('secret/all-b'), deleted.join());
    },
  },
  {
    name: 'wait --for=create',
    since: 31,
    async run(t) {
      const created = t.ok('wait --for=create configmap/later --timeout=30s');
      await t.ok('create -f -', { stdin: configMap('later', {}) });
      assert.match(await created, /condition met/);
    },
  },
  {
    name: 'delete sends how dependents go',
    async run(t) {
      const path = `/apis/apps/v1/namespaces/${t.namespace}/deployments`;
      for (const [cascade, finalizer] of [
        [t.minor >= 20 ? '--cascade=foreground' : '--cascade=true', 'foregroundDeletion'],
        ['--cascade=orphan', 'orphan'],
      ] as const) {
        const name = `cascade-${finalizer.toLowerCase()}`;
        await t.ok('create -f -', { stdin: deployment(name) });
        await t.ok(`delete deployment ${name} ${cascade} --wait=false`);
        assert.deepEqual(at(await t.read('Deployment', name, 'apps/v1'), 'metadata.finalizers'), [finalizer]);
        const headers = { 'content-type': 'application/merge-patch+json' };
        await t.client.raw('PATCH', `${path}/${name}`, { body: { metadata: { finalizers: null } }, headers });
      }
      await t.ok('create -f -', { stdin: deployment('cascade-background') });
      await t.ok('delete deployment cascade-background --cascade=background');
      await assert.rejects(t.read('Deployment', 'cascade-background', 'apps/v1'), /not found/);
    },
  },
  {
    name: 'a Secret of a megabyte',
    async run(t) {
      const file = join(await mkdtemp(join(tmpdir(), 'longshore-large-')), 'blob');
      await writeFile(file, Buffer.alloc(1024 * 1024 - 1000, 'x'));
      await t.ok(`create secret generic large --from-file=${file}`);
      const data = at(await t.read('Secret', 'large'), 'data.blob') as string;
      assert.equal(Buffer.from(data, 'base64').length, 1024 * 1024 - 1000);
      await writeFile(file, Buffer.alloc(1024 * 1024 + 1, 'x'));
      assert.match(await t.refused(`create secret generic larger --from-file=${file}`), /[Tt]oo long/);
      await rm(file);
    },
  },
  {
    name: 'logs, exec, attach and port-forward say why a pod without a node cannot',
    async run(t) {
      await t.ok('create -f -', { stdin: pod('nowhere') });
      assert.match(await t.refused('exec nowhere -- true'), /does not have a host assigned/);
      assert.match(
        await t.refused('attach nowhere --pod-running-timeout=1s'),
        /does not have a host assigned|timed out|not running/,
      );
      assert.match(
        await t.refused('port-forward pod/nowhere 18080:80 --pod-running-timeout=1s'),
        /not running|timed out|status=Pending/,
      );
      const { code, stdout, stderr } = await t.run('logs nowhere');
      assert.ok(code !== 0 || stdout === '', `${stdout}${stderr}`);
    },
  },
  {
    name: 'debug adds an ephemeral container',
    since: 25,
    async run(t) {
      await t.ok('create -f -', { stdin: pod('debugged') });
      await t.ok('debug debugged --image=registry.local/tools:1 --container=tools --attach=false -- sleep 1');
      const added = at(await t.read('Pod', 'debugged'), 'spec.ephemeralContainers.0') as Loose;
      assert.deepEqual([added.name, added.image], ['tools', 'registry.local/tools:1']);
    },
  },
  {
    name: 'proxy passes requests through',
    run: throughProxy,
  },
  {
    name: 'get --subresource=status, and a status that only its own path changes',
    since: 27,
    async run(t) {
      await t.ok('create -f -', { stdin: pod('stated') });
      await t.ok(`patch pod stated --subresource=status --type=merge -p '{"status":{"phase":"Running"}}'`);
      assert.match(await t.ok('get pod stated --subresource=status -o yaml'), /phase: Running/);
      await t.ok(`patch pod stated --type=merge -p '{"status":{"phase":"Failed"}}'`);
      assert.equal(at(await t.read('Pod', 'stated'), 'status.phase'), 'Running');
    },
  },
];

async function throughProxy(t: Trial): Promise<void> {
  const child = t.kubectl.start(['proxy', '--port=0']);
  try {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const port = await eventually('the proxy listens', () => /127\.0\.0\.1:(\d+)/.exec(output)?.[1]);
    const path = `/api/v1/namespaces/${t.namespace}`;
    const text = await new Promise<string>((resolve, reject) => {
      http
        .get({ host: '127.0.0.1', port, path }, (response) => {
          response
            .setEncoding('utf8')
            .toArray()
            .then((chunks) => resolve(chunks.join('')), reject);
        })
        .on('error', reject);
    });
    assert.equal(at(JSON.parse(text), 'metadata.name'), t.namespace);
  } finally {
    child.kill();
  }
}
