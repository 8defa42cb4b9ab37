/** What the conformance suite asks of kubectl where no pod has to run: the newest kubectl of this machine. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { kubeconfigText } from '../clients/kubeconfig-text.ts';
import { eventually } from '../support/eventually.ts';
import { allKubectls, Kubectl } from '../support/kubectl.ts';
import { at, type Json } from './api-user.ts';
import { World } from './world.ts';

let world: World;
let kubectl: Kubectl;
let folder: string;
let namespace: string;

before(async () => {
  world = await World.start();
  namespace = await world.namespace();
  folder = await mkdtemp(join(tmpdir(), 'longshore-conformance-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, kubeconfigText(world.server.connection), { mode: 0o600 });
  const newest = (await allKubectls()).at(-1);
  assert.ok(newest);
  kubectl = await Kubectl.open(newest, kubeconfig);
});

after(async () => {
  await kubectl.close();
  await world.stop();
  await rm(folder, { recursive: true });
});

async function run(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await kubectl.run(['-n', namespace, ...words]);
  assert.equal(code, 0, stderr);
  return stdout;
}

it('[sig-cli] Kubectl client Kubectl api-versions should check if v1 is in available api versions [Conformance]', async () => {
  assert.ok((await run('api-versions')).split('\n').includes('v1'));
});

it('[sig-cli] Kubectl client Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info [Conformance]', async () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
  const plain = (await run('cluster-info')).replace(/\u001b\[[\d;]*m/g, '');
  assert.match(plain, /Kubernetes control plane is running at https:\/\//);
});

it('[sig-cli] Kubectl client Kubectl version should check is all data is printed [Conformance]', async () => {
  const { clientVersion, serverVersion } = JSON.parse(await run('version', '-o', 'json')) as Record<string, Json>;
  for (const version of [clientVersion, serverVersion]) {
    for (const field of ['major', 'minor', 'gitVersion', 'gitCommit', 'platform', 'goVersion', 'buildDate']) {
      assert.equal(typeof at(version, field), 'string', field);
    }
  }
});

const deployment = (image: string, replicas: number): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'httpd-deployment' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'httpd' } },
      template: { metadata: { labels: { app: 'httpd' } }, spec: { containers: [{ name: 'httpd', image }] } },
    },
  });

it('[sig-cli] Kubectl client Kubectl diff should check if kubectl diff finds a difference for Deployments [Conformance]', async () => {
  const [live, wanted] = [join(folder, 'live.json'), join(folder, 'wanted.json')];
  await writeFile(live, deployment('registry.local/httpd:1', 2));
  await writeFile(wanted, deployment('registry.local/busybox:1', 3));
  await run('create', '-f', live);
  const { code, stdout } = await kubectl.run(['-n', namespace, 'diff', '-f', wanted]);
  assert.equal(code, 1);
  assert.match(stdout, /-\s*replicas: 2\n\+\s*replicas: 3/);
  assert.match(stdout, /-\s*-? image: registry\.local\/httpd:1\n/);
  assert.match(stdout, /\+\s*-? image: registry\.local\/busybox:1\n/);
  await run('delete', '-f', live);
});

it('[sig-cli] Kubectl client Kubectl server-side dry-run should check if kubectl can dry-run update Pods [Conformance]', async () => {
  const image = 'registry.local/httpd:1';
  await run('run', 'e2e-test-httpd-pod', `--image=${image}`, '--labels=run=e2e-test-httpd-pod');
  const patch = { spec: { containers: [{ name: 'e2e-test-httpd-pod', image: 'registry.local/busybox:1' }] } };
  await run('patch', 'pod', 'e2e-test-httpd-pod', '-p', JSON.stringify(patch), '--dry-run=server');
  const pod = await world.get(`/api/v1/namespaces/${namespace}/pods/e2e-test-httpd-pod`);
  assert.equal(at(pod, 'spec.containers.0.image'), image);
  await run('delete', 'pods', 'e2e-test-httpd-pod');
});

it('[sig-cli] Kubectl client Kubectl run pod should create a pod from an image when restart is Never [Conformance]', async () => {
  await run('run', 'never', '--restart=Never', '--image=registry.local/httpd:1');
  const pod = await world.get(`/api/v1/namespaces/${namespace}/pods/never`);
  assert.equal(at(pod, 'spec.containers.0.image'), 'registry.local/httpd:1');
  assert.equal(at(pod, 'spec.restartPolicy'), 'Never');
  await run('delete', 'pods', 'never');
});

/** Starts `kubectl proxy`, asks it for `/api/`, and stops it. */
async function throughProxy(flag: string, target: (output: string) => http.RequestOptions | undefined): Promise<Json> {
  const child = kubectl.start(['proxy', flag]);
  try {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const options = await eventually('the proxy listens', () => target(output));
    return await eventually(
      'the proxy answers',
      async () => JSON.parse(await read({ ...options, path: '/api/' })) as Json,
    );
  } finally {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  }
}

function read(options: http.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

it('[sig-cli] Kubectl client Proxy server should support proxy with --port 0 [Conformance]', async () => {
  const versions = await throughProxy('--port=0', (output) => {
    const port = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    return port === undefined ? undefined : { host: '127.0.0.1', port };
  });
  assert.ok((versions.versions as string[]).includes('v1'));
});

it('[sig-cli] Kubectl client Proxy server should support --unix-socket=/path [Conformance]', async () => {
  const socketPath = join(folder, 'proxy.sock');
  const versions = await throughProxy(`--unix-socket=${socketPath}`, (output) =>
    output.includes(socketPath) ? { socketPath, host: 'localhost' } : undefined,
  );
  assert.ok((versions.versions as string[]).includes('v1'));
});
