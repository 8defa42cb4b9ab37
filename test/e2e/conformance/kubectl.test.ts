/** What the conformance suite asks of kubectl where pods run: the newest kubectl of this machine on a whole cluster. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { packageRoot } from '../../../base/package-root.ts';
import { at, type Json, nameOf } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { ClusterWorld, image, isReady, podsOf } from './cluster-world.ts';

let world: ClusterWorld;
before(async () => {
  world = await ClusterWorld.start({ demo: true });
});
after(() => world.stop());

const labels = { app: 'primary', role: 'primary' };
const controller = (name: string, replicas: number, script = 'exec sleep 100000'): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: labels,
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name,
              image,
              command: ['sh', '-c', script],
              ports: [{ name: 'server', containerPort: 6379 }],
            },
          ],
        },
      },
    },
  });
const selector = 'app=primary,role=primary';

async function startController(name: string, replicas: number): Promise<string> {
  const namespace = await world.namespace();
  await world.kubectl(namespace, ['create', '-f', '-'], { stdin: controller(name, replicas) });
  await world.readyPods(namespace, selector, replicas);
  return namespace;
}

it('[sig-cli] Kubectl client Update Demo should create and stop a replication controller [Conformance]', async () => {
  const namespace = await startController('update-demo', 2);
  const template = '{{range .items}}{{.metadata.name}} {{(index .status.containerStatuses 0).image}}\n{{end}}';
  const listed = await world.kubectl(namespace, [
    'get',
    'pods',
    '-l',
    selector,
    '-o',
    'template',
    '--template',
    template,
  ]);
  assert.equal(listed.trim().split('\n').length, 2);
  assert.ok(listed.split('\n').every((line) => line === '' || line.endsWith(image)));
  await world.kubectl(namespace, ['delete', '--grace-period=0', '--force', 'rc', 'update-demo']);
  await eventually('nothing is left', async () => {
    const left = await world.kubectl(namespace, ['get', 'rc,pods', '-l', selector, '--no-headers', '-o', 'name']);
    return left === '';
  });
});

it('[sig-cli] Kubectl client Update Demo should scale a replication controller [Conformance]', async () => {
  const namespace = await startController('update-demo', 2);
  for (const replicas of [1, 2]) {
    await world.kubectl(namespace, ['scale', 'rc', 'update-demo', `--replicas=${replicas}`, '--timeout=5m']);
    await world.readyPods(namespace, selector, replicas);
  }
  await world.kubectl(namespace, ['delete', 'rc', 'update-demo']);
});

it('[sig-cli] Kubectl client Kubectl expose should create services for rc [Conformance]', async () => {
  const namespace = await startController('agnhost-primary', 1);
  const isExposed = async (name: string, port: number) => {
    const root = `/api/v1/namespaces/${namespace}`;
    const [pod] = await world.readyPods(namespace, selector, 1);
    await eventually(`the endpoints of ${name}`, async () => {
      const endpoints = await world.get(`${root}/endpoints/${name}`);
      const [ip, target] = [at(endpoints, 'subsets.0.addresses.0.ip'), at(endpoints, 'subsets.0.ports.0.port')];
      return ip === at(pod, 'status.podIP') && target === 6379;
    });
    const service = await world.get(`${root}/services/${name}`);
    assert.equal((at(service, 'spec.ports') as Json[]).length, 1);
    assert.equal(at(service, 'spec.ports.0.port'), port);
    assert.equal(at(service, 'spec.ports.0.targetPort'), 6379);
  };
  await world.kubectl(namespace, [
    'expose',
    'rc',
    'agnhost-primary',
    '--name=rm2',
    '--port=1234',
    '--target-port=6379',
  ]);
  await isExposed('rm2', 1234);
  await world.kubectl(namespace, ['expose', 'service', 'rm2', '--name=rm3', '--port=2345', '--target-port=6379']);
  await isExposed('rm3', 2345);
});

/** Each of them is a line that starts with the first words and has the others, in this order. */
function hasLines(text: string, wanted: readonly (readonly string[])[]): void {
  let rest = text.split('\n');
  for (const [first = '', ...others] of wanted) {
    const found = rest.findIndex(
      (line) => line.trim().startsWith(first) && others.every((word) => line.includes(word)),
    );
    assert.ok(found >= 0, `no line ${[first, ...others].join(' … ')} in:\n${text}`);
    rest = rest.slice(found);
  }
}

it('[sig-cli] Kubectl client Kubectl describe should check if kubectl describe prints relevant information for rc and pods [Conformance]', async () => {
  const namespace = await startController('agnhost-primary', 1);
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'agnhost-primary', labels },
    spec: { selector: labels, ports: [{ port: 6379, targetPort: 'server' }] },
  };
  await world.kubectl(namespace, ['create', '-f', '-'], { stdin: JSON.stringify(service) });
  const [pod] = await world.readyPods(namespace, selector, 1);
  const describe = (...words: string[]) => world.kubectl(namespace, ['describe', ...words]);
  hasLines(await describe('pod', nameOf(pod)), [
    ['Name:', 'agnhost-primary-'],
    ['Namespace:', namespace],
    ['Node:'],
    ['Labels:', 'app=primary'],
    ['role=primary'],
    ['Annotations:'],
    ['Status:', 'Running'],
    ['IP:'],
    ['Controlled By:', 'ReplicationController/agnhost-primary'],
    ['Image:', image],
    ['State:', 'Running'],
    ['QoS Class:', 'BestEffort'],
  ]);
  hasLines(await describe('rc', 'agnhost-primary'), [
    ['Name:', 'agnhost-primary'],
    ['Namespace:', namespace],
    ['Selector:', selector],
    ['Labels:', 'app=primary'],
    ['role=primary'],
    ['Annotations:'],
    ['Replicas:', '1 current', '1 desired'],
    ['Pods Status:', '1 Running', '0 Waiting', '0 Succeeded', '0 Failed'],
    ['Pod Template:'],
    ['Image:', image],
    ['Events:'],
  ]);
  hasLines(await describe('service', 'agnhost-primary'), [
    ['Name:', 'agnhost-primary'],
    ['Namespace:', namespace],
    ['Labels:', 'app=primary'],
    ['role=primary'],
    ['Annotations:'],
    ['Selector:', selector],
    ['Type:', 'ClusterIP'],
    ['IP:'],
    ['Port:', '<unset>', '6379/TCP'],
    ['Endpoints:', String(at(pod, 'status.podIP'))],
    ['Session Affinity:', 'None'],
  ]);
  hasLines(await describe('node', String(at(pod, 'spec.nodeName'))), [
    ['Name:', String(at(pod, 'spec.nodeName'))],
    ['Labels:'],
    ['Annotations:'],
    ['CreationTimestamp:'],
    ['Conditions:'],
    ['Type', 'Status', 'LastHeartbeatTime', 'LastTransitionTime', 'Reason', 'Message'],
    ['Addresses:'],
    ['Capacity:'],
    ['Kernel Version:'],
    ['OS Image:'],
    ['Container Runtime Version:'],
    ['Kubelet Version:'],
    ['Non-terminated Pods:'],
  ]);
  hasLines(await describe('namespace', namespace), [
    ['Name:', namespace],
    ['Labels:'],
    ['Annotations:'],
    ['Status:', 'Active'],
  ]);
});

it('[sig-cli] Kubectl client Kubectl patch should add annotations for pods in rc [Conformance]', async () => {
  const namespace = await startController('agnhost-primary', 1);
  for (const pod of await world.readyPods(namespace, selector, 1)) {
    await world.kubectl(namespace, ['patch', 'pod', nameOf(pod), '-p', '{"metadata":{"annotations":{"x":"y"}}}']);
  }
  for (const pod of await world.readyPods(namespace, selector, 1)) assert.equal(at(pod, 'metadata.annotations.x'), 'y');
});

it("[sig-cli] Kubectl client Kubectl replace should update a single-container pod's image [Conformance]", async () => {
  const namespace = await world.namespace();
  const name = 'e2e-test-httpd-pod';
  const sleep = ['--command', '--', 'sleep', '100000'];
  await world.kubectl(namespace, ['run', name, `--image=${image}`, `--labels=run=${name}`, ...sleep]);
  await world.until(`${podsOf(namespace)}/${name}`, 'is ready', isReady);
  const pod = await world.kubectl(namespace, ['get', 'pod', name, '-o', 'json']);
  const replaced = pod.replaceAll(image, 'registry.local/busybox:1');
  await world.kubectl(namespace, ['replace', '-f', '-'], { stdin: replaced });
  const spec = (await world.get(`${podsOf(namespace)}/${name}`)).spec;
  assert.equal(at(spec, 'containers.0.image'), 'registry.local/busybox:1');
  await world.kubectl(namespace, ['delete', 'pods', name, '--grace-period=0', '--force']);
});

it('[sig-cli] Kubectl client Kubectl label should update the label on a resource [Conformance]', async () => {
  const namespace = await world.namespace();
  await world.kubectl(namespace, ['run', 'pause', `--image=${image}`, '--command', '--', 'sleep', '100000']);
  await world.until(`${podsOf(namespace)}/pause`, 'is ready', isReady);
  const shown = () => world.kubectl(namespace, ['get', 'pod', 'pause', '-L', 'testing-label']);
  await world.kubectl(namespace, ['label', 'pods', 'pause', 'testing-label=testing-label-value']);
  assert.match(await shown(), /testing-label-value/);
  await world.kubectl(namespace, ['label', 'pods', 'pause', 'testing-label-']);
  assert.doesNotMatch(await shown(), /testing-label-value/);
});

it('[sig-cli] Kubectl logs logs should be able to retrieve and filter logs [Conformance]', async () => {
  const namespace = await world.namespace();
  const script = 'for i in $(seq 1 100); do echo "$i of one hundred"; sleep 0.01; done; exec sleep 100000';
  await world.kubectl(namespace, ['run', 'logs', `--image=${image}`, '--command', '--', 'sh', '-c', script]);
  const log = (...flags: string[]) => world.kubectl(namespace, ['logs', 'logs', 'logs', ...flags]);
  await eventually('its last line', async () => (await log()).includes('100 of one hundred\n'), { timeoutMs: 60_000 });
  const lines = (text: string) => text.split('\n').slice(0, -1);
  assert.equal(lines(await log()).length, 100);
  assert.deepEqual(lines(await log('--tail=1')), ['100 of one hundred']);
  assert.equal(await log('--limit-bytes=1'), '1');
  const [stamped = '', ...none] = lines(await log('--tail=1', '--timestamps'));
  assert.deepEqual(none, []);
  const [time = '', ...words] = stamped.split(' ');
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  assert.equal(words.join(' '), '100 of one hundred');
  assert.equal(lines(await log('--since=24h')).length, 100);
  await eventually('nothing is of the last second', async () => lines(await log('--since=1s')).length === 0);
});

/** The guestbook's manifest, without the node port that the demo of this cluster has. */
async function guestbook(): Promise<string> {
  const file = join(packageRoot, 'manifests/examples/guestbook/guestbook.yaml');
  return (await readFile(file, 'utf8')).replace(/^ *nodePort: .*\n/gm, '');
}

it('[sig-cli] Kubectl client Guestbook application should create and stop a working application [Conformance]', async () => {
  const namespace = await world.namespace();
  const manifest = await guestbook();
  await world.kubectl(namespace, ['create', '-f', '-'], { stdin: manifest });
  await world.readyPods(namespace, 'app=guestbook,tier=web', 3);
  await world.readyPods(namespace, 'app=guestbook,tier=storage', 3);
  const page = `/api/v1/namespaces/${namespace}/services/frontend/proxy/`;
  const read = async () => (await world.client.raw('GET', page)).text;
  await eventually('the frontend answers', read, { timeoutMs: 60_000 });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  // It answers with a redirection to itself.
  await world.client.raw('POST', page, { body: 'message=TestEntry', headers }).catch((error: { code?: number }) => {
    if (error.code !== 303) throw error;
  });
  await eventually('the entry is there', async () => (await read()).includes('TestEntry'));
  await world.kubectl(namespace, ['delete', '--grace-period=0', '--force', '-f', '-'], { stdin: manifest });
  await eventually('it has stopped', async () => {
    const left = await world.kubectl(namespace, ['get', 'deploy,svc,pods', '-l', 'app=guestbook', '-o', 'name']);
    return left === '';
  });
});
