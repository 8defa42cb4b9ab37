/** Logs that outlive their containers and pods, on a real engine: who reads them, and through what. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { replicaSets } from '../../api/resources/apps.ts';
import { namespaces, pods } from '../../api/resources/core.ts';
import { roleBindings, roles } from '../../api/resources/rbac.ts';
import { isForbidden, isNotFound } from '../../api/status-error.ts';
import type { ReplicaSet } from '../../api/types/apps/v1.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import type { RunningKubelet } from '../../kubelet/kubelet.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil, startTestKubelet, untilPodIsGone } from '../support/test-kubelet.ts';

const podCidr = '10.244.205.0/24';
const image = 'busybox:1';
const labels = { app: 'web' };

interface GonePods {
  readonly items: readonly { readonly name: string; readonly uid: string; readonly nodeName: string }[];
  readonly unreachable: readonly string[];
}

describe('kept logs', { timeout: 300_000 }, () => {
  let engine: TestEngine;
  let server: TestApiServer;
  let kubelet: RunningKubelet;
  let kubecfg: TestKubecfg;

  before(async () => {
    engine = await startTestEngine({ podCidr });
    await engine.importBusybox(image);
    server = await startTestApiServer();
    kubelet = await startTestKubelet({ engine, server, podCidr });
    kubecfg = await TestKubecfg.open(server.connection);
  });

  after(async () => {
    await kubecfg?.close();
    await kubelet?.stop();
    await server?.stop();
    await engine?.stop();
  });

  async function create(name: string, script: string, restartPolicy = 'Never', namespace = 'default'): Promise<void> {
    await server.client.create<Pod>(pods, {
      metadata: { namespace, name, labels },
      spec: {
        nodeName: 'node-1',
        restartPolicy,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image, command: ['sh', '-c', script] }],
      },
    });
  }

  async function read(name: string, query: string, { client } = server, namespace = 'default'): Promise<string> {
    return (await client.raw('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`)).text;
  }

  const gonePods = async (query = ''): Promise<GonePods> =>
    JSON.parse(await read('*', `gone=true&${query}`)) as GonePods;

  it('say what a container wrote before its restart, also when somebody has tidied the engine up', async () => {
    await create('crash', 'echo "run $(cat /proc/uptime)"; exit 1', 'Always');
    await podUntil(server, 'crash', ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2);
    const before = await eventually('there is a log of before', () => read('crash', 'previous=true'));
    assert.match(before, /^run \d+/);
    await eventually('the previous log is read after the container was removed', async () => {
      for (const { Id, State } of await engine.docker.listContainers({ all: true, filters: { name: ['k8s_c_crash'] } }))
        if (State === 'exited')
          await engine.docker
            .getContainer(Id)
            .remove()
            .catch(() => undefined);
      return /^run \d+/.test(await read('crash', 'previous=true'));
    });
  });

  it('say what a pod wrote that is gone, to who may read logs in its namespace and to nobody else', async () => {
    await create('first', 'echo one; echo two >&2; sleep 1; echo three');
    await podUntil(server, 'first', ({ status }) => status?.phase === 'Succeeded');
    await server.client.delete(pods, { namespace: 'default', name: 'first' });
    await untilPodIsGone(server, 'first');
    const gone = await eventually('its log was kept', async () =>
      (await gonePods('labelSelector=app=web')).items.find(({ name }) => name === 'first'),
    );
    assert.deepEqual((await gonePods('labelSelector=app=other')).items, []);
    const place = `gone=true&node=${gone.nodeName}&uid=${gone.uid}&container=c`;
    assert.equal((await read('first', place)).split('\n').sort().join(' '), ' one three two');
    assert.equal(await read('first', `${place}&tailLines=1`), 'three\n');
    assert.match(await read('first', `${place}&tailLines=1&timestamps=true`), /^\d{4}-\d\d-\d\dT\S+Z three\n$/);
    for (const [name, query] of [
      ['second', place],
      ['first', place.replace('container=c', 'container=d')],
      ['first', place.replace(gone.uid, '..')],
    ] as const)
      await assert.rejects(read(name, query), isNotFound, query);

    const { code, out, errors } = await kubecfg.run('logs first');
    assert.deepEqual([code, out.split('\n').sort().join(' ')], [0, ' one three two']);
    assert.match(errors, /^pod\/first is gone; this is what node-1 has kept of it\n$/);
    assert.match((await kubecfg.run('logs first --gone=false')).errors, /pods "first" not found/);
    assert.match((await kubecfg.run('logs never')).errors, /pods "never" not found/);

    await server.client.create(namespaces, { metadata: { name: 'other' } });
    await assert.rejects(read('first', place, server, 'other'), isNotFound);
    const connection = await server.connectAs('reader');
    const reader = { ...server, client: createRestClient(connection, { userAgent: 'test', logger: silentLogger }) };
    try {
      const rule = { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] };
      const subjects = [{ kind: 'User', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' }];
      const grant = async (name: string, rules: readonly object[]) => {
        const metadata = { namespace: 'default', name };
        await server.client.create(roles, { metadata, rules: [...rules] } as never);
        const roleRef = { kind: 'Role', name, apiGroup: 'rbac.authorization.k8s.io' };
        await server.client.create(roleBindings, { metadata, subjects, roleRef });
      };
      await assert.rejects(read('first', place, reader), isForbidden);
      await grant('one', [{ ...rule, resourceNames: ['first'] }]);
      await eventually('the role is known', () => read('first', place, reader));
      await assert.rejects(read('*', 'gone=true', reader), isForbidden);
      await grant('all', [rule]);
      await eventually('the role is known', () => read('*', 'gone=true', reader));
      await assert.rejects(read('*', 'gone=true', reader, 'other'), isForbidden);
    } finally {
      await reader.client.close();
    }
  });

  it('are not those of a namespace that somebody else had under the name', async () => {
    const path = '/api/v1/namespaces/again';
    const goneOf = async (): Promise<GonePods['items']> =>
      (JSON.parse(await read('*', 'gone=true', server, 'again')) as GonePods).items;
    await server.client.create(namespaces, { metadata: { name: 'again' } });
    await create('tenant', 'echo mine', 'Never', 'again');
    const logOf = (query: string) => read('tenant', query, server, 'again');
    await eventually('it has written', async () => (await logOf('').catch(() => '')).includes('mine'));
    await server.client.delete(pods, { namespace: 'again', name: 'tenant' });
    const [gone] = await eventually('its log was kept', async () => {
      const items = await goneOf();
      return items.length > 0 && items;
    });
    const place = `gone=true&node=${gone?.nodeName}&uid=${gone?.uid}&container=c`;
    assert.equal(await logOf(place), 'mine\n');

    const { metadata } = await server.client.get(namespaces, { name: 'again' });
    await server.client.delete(namespaces, { name: 'again' });
    const emptied = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'again', uid: metadata.uid }, spec: {} };
    await server.client.raw('PUT', `${path}/finalize`, { body: emptied });
    // Times of objects are whole seconds.
    const isLater = () => Date.now() > Date.parse(metadata.creationTimestamp ?? '') + 2_000;
    await eventually('it is another second', async () => isLater());
    await eventually('the namespace can be made again', () =>
      server.client.create(namespaces, { metadata: { name: 'again' } }).catch(() => undefined),
    );
    assert.deepEqual(await goneOf(), []);
    await assert.rejects(logOf(place), isNotFound);
  });

  it('are merged by kubecfg with those of the pods that are there', async () => {
    await server.client.create<ReplicaSet>(replicaSets, {
      metadata: { namespace: 'default', name: 'web' },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } },
      },
    });
    await create('later', 'echo four; sleep 1; echo five; sleep 100000');
    await eventually('all was written', async () => (await read('later', '')).includes('five'));
    const lines = (await kubecfg.must('logs rs/web --since=1h'))
      .split('\n')
      .filter((line) => !line.includes('/crash/'));
    assert.deepEqual(
      lines.filter((line) => /three|four|five/.test(line)),
      ['[pod/first/c] three', '[pod/later/c] four', '[pod/later/c] five'],
    );
    assert.equal(await kubecfg.must('logs rs/web --all-pods=false --tail=1 --gone=false -c c').then(() => ''), '');
    assert.doesNotMatch(await kubecfg.must('logs rs/web --gone=false'), /first/);
    await server.client.delete(pods, { namespace: 'default', name: 'crash' });
    await untilPodIsGone(server, 'crash');
  });
});
