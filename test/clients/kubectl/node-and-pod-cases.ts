/** kubectl on nodes and pods where no kubelet is: drain, debug, proxy, and why streams cannot be. */

import assert from 'node:assert/strict';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { eventually } from '../../support/eventually.ts';
import { bare, pod } from './manifests.ts';
import { at, type KubectlCase, type Loose, type Trial } from './trial.ts';

const tools = '--image=registry.local/tools:1';

export const nodeAndPodCases: readonly KubectlCase[] = [
  {
    name: 'cordon, taint, drain and uncordon a node',
    async run(t) {
      const name = `node-${t.suffix}`;
      await t.ok('create -f -', { stdin: bare('Node', name) });
      const bound = JSON.parse(pod('drained')) as { spec: Loose };
      bound.spec.nodeName = name;
      await t.ok('create -f -', { stdin: JSON.stringify(bound) });
      await t.shows(`cordon ${name}`, {
        prints: `node/${name} cordoned\n`,
        effect: () => t.holds('Node', name, { 'spec.unschedulable': true }),
      });
      await t.shows(`taint node ${name} dedicated=db:NoSchedule`, {
        prints: `node/${name} tainted\n`,
        effect: async () => {
          const taints = at(await t.read('Node', name), 'spec.taints') as Loose[];
          assert.ok(taints.some(({ key, value }) => key === 'dedicated' && value === 'db'));
        },
      });
      await t.ok(`taint node ${name} dedicated-`);
      const drained = t.shows(`drain ${name} --force --timeout=30s`, {
        prints: new RegExp(`evicting pod ${t.namespace}/drained[^$]*node/${name} (drained|evicted)`),
        effect: () => t.isGone('Pod', 'drained'),
      });
      await finishTermination(t, 'drained');
      await drained;
      await t.shows(`uncordon ${name}`, {
        prints: `node/${name} uncordoned\n`,
        effect: () => t.holds('Node', name, { 'spec.unschedulable': undefined }),
      });
      await t.shows(`describe node ${name}`, { prints: /Unschedulable: +false/ });
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
    name: 'debug adds an ephemeral container, copies a pod, and looks at a node',
    since: 25,
    async run(t) {
      await t.ok('create -f -', { stdin: pod('debugged') });
      await t.shows(`debug debugged ${tools} --container=tools --attach=false -- sleep 1`, {
        prints: '',
        effect: async () => {
          const added = at(await t.read('Pod', 'debugged'), 'spec.ephemeralContainers.0') as Loose;
          assert.deepEqual([added.name, added.image], ['tools', 'registry.local/tools:1']);
        },
      });
      await t.shows(`debug debugged --copy-to=copied ${tools} --container=tools --attach=false -- sleep 1`, {
        prints: '',
        effect: async () => {
          const containers = at(await t.read('Pod', 'copied'), 'spec.containers') as Loose[];
          assert.deepEqual(
            containers.map(({ name }) => name),
            ['c', 'tools'],
          );
        },
      });
      const node = `debugged-${t.suffix}`;
      await t.ok('create -f -', { stdin: bare('Node', node) });
      let debugger_ = '';
      await t.shows(`debug node/${node} ${tools} --attach=false -- sleep 1`, {
        prints: new RegExp(
          `^Creating debugging pod node-debugger-${node}-\\w+ with container debugger on node ${node}`,
        ),
        effect: async () => {
          debugger_ = (await t.ok(`get pods --field-selector spec.nodeName=${node} -o name`))
            .trim()
            .replace('pod/', '');
          await t.holds('Pod', debugger_, { 'spec.hostPID': true, 'spec.volumes.0.hostPath.path': '/' });
        },
      });
    },
  },
  { name: 'proxy passes requests through', run: throughProxy },
];

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

async function throughProxy(t: Trial): Promise<void> {
  const child = t.start('proxy --port=0');
  try {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const port = await eventually('the proxy listens', () => /127\.0\.0\.1:(\d+)/.exec(output)?.[1]);
    const path = `/api/v1/namespaces/${t.namespace}`;
    const answer = await new Promise<string>((resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port, path }, (response) => text(response).then(resolve, reject));
      request.on('error', reject);
    });
    assert.equal(at(JSON.parse(answer), 'metadata.name'), t.namespace);
  } finally {
    child.kill();
  }
  t.note('proxy --port=0');
}
