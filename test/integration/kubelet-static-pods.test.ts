/** Static pods and their mirrors: a kubelet without an engine, on a real API server and a folder of manifests. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { events, nodes, pods } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Event, Node, Pod } from '../../api/types/core/v1.ts';
import { systemClock } from '../../base/clock.ts';
import { createManifestSources, type ManifestSettings } from '../../kubelet/static-pods/manifest-sources.ts';
import { eventually } from '../support/eventually.ts';
import { FakeKubelet } from '../support/fake-kubelet.ts';
import { patient } from '../support/kubelet-world.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const manifest = (name: string, spec: object = {}): string =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'c', image: 'busybox:1', imagePullPolicy: 'Never', command: ['sh', '-c', patient] }],
      ...spec,
    },
  });

const sourcesOf = (settings: Partial<ManifestSettings>) =>
  createManifestSources({ nodeName: 'node-1', clock: systemClock, fileCheckMs: 1_000, urlCheckMs: 1_000, ...settings });

const isRunning = ({ status }: Pod): boolean => status?.phase === 'Running';

describe('static pods', { timeout: 400_000 }, () => {
  let server: TestApiServer;
  let kubelet: FakeKubelet;
  let folder: string;

  const put = (file: string, text: string) => writeFile(join(folder, file), text);
  const find = async (name: string): Promise<Stored<Pod> | undefined> => {
    try {
      return await server.client.get<Pod>(pods, { namespace: 'default', name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  const mirrorUntil = (name: string, check: (pod: Stored<Pod>) => boolean = isRunning) =>
    eventually(`mirror ${name}`, async () => {
      const pod = await find(name);
      return pod !== undefined && check(pod) && pod;
    });
  const untilGone = (name: string) =>
    eventually(`${name} is gone`, async () => {
      const { containers } = await kubelet.runtime.list();
      return containers.every(({ pod }) => pod.name !== name) && (await find(name)) === undefined;
    });
  const runningOf = async (name: string) =>
    (await kubelet.runtime.list()).containers.filter(
      ({ pod, status }) => pod.name === name && status.type === 'running',
    );

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-manifests-'));
    server = await startTestApiServer();
    await put('first.yaml', manifest('first'));
    kubelet = await FakeKubelet.start(server, { manifests: sourcesOf({ path: folder }) });
  });

  after(async () => {
    await kubelet.remove();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('have a mirror that the node owns, and tell of themselves there', async () => {
    const mirror = await mirrorUntil('first-node-1');
    const node = await server.client.get<Node>(nodes, { name: 'node-1' });
    const { annotations = {}, ownerReferences, labels } = mirror.metadata;
    assert.deepEqual(ownerReferences, [
      { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: node.metadata?.uid, controller: true },
    ]);
    assert.deepEqual(labels, { app: 'first' });
    assert.equal(annotations['kubernetes.io/config.source'], 'file');
    assert.match(annotations['kubernetes.io/config.hash'] ?? '', /^[0-9a-f]{32}$/);
    assert.equal(annotations['kubernetes.io/config.mirror'], annotations['kubernetes.io/config.hash']);
    assert.ok(!Number.isNaN(Date.parse(annotations['kubernetes.io/config.seen'] ?? '')));
    const [running] = await runningOf('first-node-1');
    assert.equal(running?.pod.uid, annotations['kubernetes.io/config.hash']);
    assert.equal(mirror.status?.containerStatuses?.[0]?.containerID?.endsWith(running?.id ?? '?'), true);
  });

  it('are made again in the API when somebody deletes them, and run on', async () => {
    const before = await mirrorUntil('first-node-1');
    const [container] = await runningOf('first-node-1');
    await server.client.delete(pods, { namespace: 'default', name: 'first-node-1' });
    const again = await mirrorUntil(
      'first-node-1',
      (pod) => pod.metadata.uid !== before.metadata.uid && isRunning(pod),
    );
    await server.client.delete(pods, { namespace: 'default', name: 'first-node-1' }, { gracePeriodSeconds: 0 });
    await mirrorUntil('first-node-1', (pod) => pod.metadata.uid !== again.metadata.uid && isRunning(pod));
    assert.equal((await runningOf('first-node-1'))[0]?.id, container?.id);
  });

  it('come, change and go with their files', async () => {
    await put('web.json', manifest('web'));
    const mirror = await mirrorUntil('web-node-1');
    await put('web.json', manifest('web', { hostNetwork: true }));
    const changed = await mirrorUntil(
      'web-node-1',
      (pod) => pod.metadata.uid !== mirror.metadata.uid && isRunning(pod),
    );
    assert.equal(changed.spec?.hostNetwork, true);
    assert.equal((await runningOf('web-node-1')).length, 1);
    await rm(join(folder, 'web.json'));
    await untilGone('web-node-1');
  });

  it('that cannot be are told of, beside others that run; hidden files and folders do not count', async () => {
    await mkdir(join(folder, 'nested'));
    await put('nested/inner.yaml', manifest('inner'));
    await put('.hidden.yaml', manifest('hidden'));
    await put('broken.yaml', '{ no');
    await put('refers.yaml', manifest('refers', { volumes: [{ name: 's', secret: { secretName: 's' } }] }));
    await put('twice.yaml', manifest('first'));
    await put('good.yaml', manifest('good'));
    await mirrorUntil('good-node-1');
    const told = await eventually('three events', async () => {
      const { items } = await server.client.list<Event>(events, {
        namespace: 'default',
        fieldSelector: 'reason=InvalidStaticPod',
      });
      return items.length >= 3 && items.map(({ message = '' }) => message).sort();
    });
    assert.match(told[0] ?? '', /manifest \S+\/broken.yaml: .*yaml/i);
    assert.match(told[1] ?? '', /\/refers.yaml: static pods may not reference secrets/);
    assert.match(told[2] ?? '', /\/twice.yaml: the pod default\/first-node-1 is described by \S+\/first.yaml already/);
    assert.deepEqual(await Promise.all(['inner-node-1', 'hidden-node-1', 'refers-node-1'].map(find)), [
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('survive a kubelet, and what changed meanwhile is made so', async () => {
    await put('stays.yaml', manifest('stays'));
    await put('goes.yaml', manifest('goes'));
    await put('changes.yaml', manifest('changes'));
    await Promise.all(['stays-node-1', 'goes-node-1', 'changes-node-1'].map((name) => mirrorUntil(name)));
    const [stays] = await runningOf('stays-node-1');
    const [changes] = await runningOf('changes-node-1');
    await kubelet.stop();
    await rm(join(folder, 'goes.yaml'));
    await put('changes.yaml', manifest('changes', { hostPID: true }));
    await kubelet.start({ manifests: sourcesOf({ path: folder }) });
    await untilGone('goes-node-1');
    await mirrorUntil('changes-node-1', (pod) => pod.spec?.hostPID === true && isRunning(pod));
    assert.equal((await runningOf('stays-node-1'))[0]?.id, stays?.id);
    assert.equal((await find('stays-node-1'))?.status?.containerStatuses?.[0]?.restartCount, 0);
    const now = await runningOf('changes-node-1');
    assert.equal(now.length, 1);
    assert.notEqual(now[0]?.id, changes?.id);
  });

  it('start, change and go without an API server', async () => {
    await kubelet.stop();
    await put('alone.yaml', manifest('alone'));
    const connection = { ...(await server.connectAsNode('node-1')), servers: ['https://127.0.0.1:9'] };
    await kubelet.start({ connection, manifests: sourcesOf({ path: folder }) });
    const runs = (name: string, count: number) =>
      eventually(`${count} of ${name} run`, async () => (await runningOf(name)).length === count);
    await runs('alone-node-1', 1);
    await runs('first-node-1', 1);
    const [before] = await runningOf('alone-node-1');
    await put('alone.yaml', manifest('alone', { hostNetwork: true }));
    await eventually('another one runs', async () => {
      const running = await runningOf('alone-node-1');
      return running.length === 1 && running[0]?.id !== before?.id;
    });
    await rm(join(folder, 'alone.yaml'));
    await runs('alone-node-1', 0);
    await kubelet.stop();
    await kubelet.start({ manifests: sourcesOf({ path: folder }) });
    await mirrorUntil('first-node-1');
  });

  it('of a URL are asked for with its headers, and stay while there is no answer', async () => {
    const asked: IncomingHttpHeaders[] = [];
    let answer = manifest('remote');
    const web = createServer((request, response) => {
      asked.push(request.headers);
      response.statusCode = answer === '' ? 503 : 200;
      response.end(answer);
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const address = web.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const url = `http://user:secret@127.0.0.1:${port}/pods?token=hidden`;
    await kubelet.stop();
    await kubelet.start({ manifests: sourcesOf({ path: folder, url, urlHeaders: ['X-One:1,X-Two:2'] }) });
    try {
      const mirror = await mirrorUntil('remote-node-1');
      assert.equal(mirror.metadata.annotations?.['kubernetes.io/config.source'], 'http');
      assert.deepEqual([asked[0]?.['x-one'], asked[0]?.['x-two']], ['1', '2']);
      assert.equal(asked[0]?.authorization, `Basic ${Buffer.from('user:secret').toString('base64')}`);
      const before = await runningOf('remote-node-1');
      answer = '';
      const told = await eventually('an event', async () => {
        const { items } = await server.client.list<Event>(events, {
          namespace: 'default',
          fieldSelector: 'reason=InvalidStaticPod',
        });
        return items.find(({ message = '' }) => message.includes('503'))?.message;
      });
      assert.doesNotMatch(told, /secret|hidden/);
      assert.equal((await runningOf('remote-node-1'))[0]?.id, before[0]?.id);
      answer = JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: [] });
      await untilGone('remote-node-1');
    } finally {
      web.closeAllConnections();
      web.close();
    }
  });
});
