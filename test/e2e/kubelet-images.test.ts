/**
 * Private images on a real engine, from a real registry that wants TLS and a password: who may run them, with whose
 * credentials they are pulled, and another try on request.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaceSelectorAnnotation, registryCredentialsLabel } from '../../api/registry-credentials.ts';
import { configMaps, namespaces, pods, secrets } from '../../api/resources/core.ts';
import { clusterRoleBindings } from '../../api/resources/rbac.ts';
import type { Container, Namespace, Pod, Secret } from '../../api/types/core/v1.ts';
import type { RunningKubelet } from '../../kubelet/kubelet.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { type PrivateRegistry, startPrivateRegistry } from '../support/private-registry.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { ensureNamespace, podUntil, startTestKubelet, untilPodIsGone } from '../support/test-kubelet.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const podCidr = '10.244.203.0/24';
const waits = 'trap "exit 0" TERM; while true; do sleep 0.1; done';

describe('private images', { timeout: 300_000 }, () => {
  let engine: TestEngine;
  let registry: PrivateRegistry;
  let server: TestApiServer;
  let kubelet: RunningKubelet;
  let kubecfg: TestKubecfg;
  let dataDir: string;

  const start = () => startTestKubelet({ engine, server, podCidr, dataDir });

  before(async () => {
    engine = await startTestEngine({ podCidr });
    registry = await startPrivateRegistry(engine);
    await engine.importBusybox('busybox:1');
    for (const name of ['app:1', 'shared:1', 'late:1']) await registry.push(name);
    server = await startTestApiServer();
    dataDir = `${engine.folder}/kubelet`;
    kubelet = await start();
    kubecfg = await TestKubecfg.open(server.connection);
    for (const name of ['kube-system', 'shop', 'elsewhere']) await ensureNamespace(server, name);
    await createSecret({ namespace: 'default', name: 'good' }, registry.password);
    await createSecret({ namespace: 'default', name: 'bad' }, 'wrong');
  });

  after(async () => {
    await kubecfg?.close();
    await kubelet?.stop();
    await server?.stop();
    await registry?.stop();
    await engine?.stop();
  });

  async function createSecret(metadata: Secret['metadata'] & object, password: string): Promise<void> {
    const auth = Buffer.from(`${registry.username}:${password}`).toString('base64');
    const config = JSON.stringify({ auths: { [registry.host]: { auth } } });
    const data = { '.dockerconfigjson': Buffer.from(config).toString('base64') };
    await server.client.create<Secret>(secrets, { metadata, type: 'kubernetes.io/dockerconfigjson', data });
  }

  interface Wanted extends Partial<Container> {
    readonly namespace?: string;
    readonly secretNames?: readonly string[];
  }

  async function create(name: string, { namespace = 'default', secretNames = [], ...rest }: Wanted): Promise<void> {
    const container = { name: 'c', image: registry.nameOf('app:1'), command: ['sh', '-c', waits], ...rest };
    await server.client.create<Pod>(pods, {
      metadata: { namespace, name },
      spec: {
        ...{ nodeName: 'node-1', terminationGracePeriodSeconds: 1, containers: [container] },
        imagePullSecrets: secretNames.map((one) => ({ name: one })),
      },
    });
  }

  const remove = async (...names: string[]) => {
    for (const name of names) await server.client.delete(pods, { namespace: 'default', name });
    for (const name of names) await untilPodIsGone(server, name);
  };
  const stateOf = (pod: Pod) => pod.status?.containerStatuses?.[0];
  const isRunning = (pod: Pod) => stateOf(pod)?.state?.running !== undefined;
  const waitsFor = (reason: string) => (pod: Pod) => stateOf(pod)?.state?.waiting?.reason === reason;
  const podIn = async (namespace: string, name: string, check: (pod: Pod) => boolean) =>
    await eventually(`pod ${namespace}/${name}`, async () => {
      const pod = await server.client.get<Pod>(pods, { namespace, name });
      return check(pod) && pod;
    });

  it('are pulled over TLS with the secrets of the pod, and shown by their digest', async () => {
    await create('owner', { secretNames: ['bad', 'good'] });
    const pod = await podUntil(server, 'owner', isRunning);
    const digest = new RegExp(`^docker-pullable://${registry.nameOf('app')}@sha256:[0-9a-f]{64}$`);
    assert.match(stateOf(pod)?.imageID ?? '', digest);
  });

  it('that are there already run for nobody who could not pull them, also after a restart of the kubelet', async () => {
    const judge = async (suffix: string) => {
      for (const [name, secretNames] of [
        [`nobody${suffix}`, []],
        [`wrong${suffix}`, ['bad']],
      ] as const) {
        await create(name, { secretNames });
        const pod = await podUntil(server, name, waitsFor('ErrImagePull'));
        // In the words of the registry.
        assert.match(stateOf(pod)?.state?.waiting?.message ?? '', /no basic auth credentials|unauthorized/);
      }
      await create(`same${suffix}`, { secretNames: ['good'], imagePullPolicy: 'Never' });
      await podUntil(server, `same${suffix}`, isRunning);
      await remove(`nobody${suffix}`, `wrong${suffix}`, `same${suffix}`);
    };
    await judge('');
    await kubelet.stop();
    kubelet = await start();
    await judge('-later');
    await remove('owner');
  });

  it("are pulled with the cluster's credentials where those are for the namespace, and nowhere else", async () => {
    const labels = { labels: { team: 'a' } };
    await server.client.patch<Namespace>(namespaces, { name: 'shop' }, { type: 'merge', body: { metadata: labels } });
    const metadata = {
      ...{ namespace: 'kube-system', name: 'company-registry', labels: { [registryCredentialsLabel]: 'true' } },
      annotations: { [namespaceSelectorAnnotation]: 'team=a' },
    };
    await createSecret(metadata, registry.password);
    for (const namespace of ['shop', 'elsewhere'])
      await create('shared', { namespace, image: registry.nameOf('shared:1') });
    await podIn('shop', 'shared', isRunning);
    await podIn('elsewhere', 'shared', waitsFor('ErrImagePull'));
    for (const namespace of ['shop', 'elsewhere'])
      await server.client.delete(pods, { namespace, name: 'shared' }, { gracePeriodSeconds: 0 });
  });

  it('are tried again at once when somebody asks for it who may', async () => {
    await create('late', { image: registry.nameOf('late:1'), secretNames: ['late'] });
    await podUntil(server, 'late', waitsFor('ImagePullBackOff'));
    const failed = await kubecfg.run('retry late');
    assert.equal(failed.code, 1, failed.out + failed.errors);
    assert.match(failed.out, /pod\/late: container c: tried now, after ImagePullBackOff: /);
    assert.match(failed.errors, /pod\/late: container c: ErrImagePull: /);
    await createSecret({ namespace: 'default', name: 'late' }, registry.password);
    const done = await kubecfg.must('retry pod/late');
    assert.match(done, /pod\/late: Pulling: Pulling image /);
    assert.match(done, /pod\/late: container c has started\n$/);
    assert.equal(await kubecfg.must('retry late'), 'pod/late: nothing waits to be tried again\n');
    await remove('late');
  });

  it('and so is a container that crashes, and a mount that fails', async () => {
    await create('crashing', { image: 'busybox:1', command: ['sh', '-c', 'exit 3'] });
    const pod = await podUntil(server, 'crashing', waitsFor('CrashLoopBackOff'));
    assert.match(stateOf(pod)?.state?.waiting?.message ?? '', /, next try at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const { code, out, errors } = await kubecfg.run('retry crashing');
    assert.equal(code, 1, out + errors);
    assert.match(out, /tried now, after CrashLoopBackOff: back-off 10s /);
    assert.match(errors, /container c has started and ended with exit code 3 \(Error\)/);
    await remove('crashing');

    const mounted = { name: 'c', image: 'busybox:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] };
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name: 'unmounted' },
      spec: {
        ...{ nodeName: 'node-1', terminationGracePeriodSeconds: 1 },
        volumes: [{ name: 'v', configMap: { name: 'settings' } }],
        containers: [{ ...mounted, command: ['sh', '-c', waits] }],
      },
    });
    const again = await eventually('a mount waits', async () => {
      const { out: text, errors: words } = await kubecfg.run('retry unmounted');
      return text.includes('tried now, after FailedMount') && text + words;
    });
    assert.match(again, /FailedMount: .*configmap "settings" not found/i);
    await server.client.create(configMaps, { metadata: { namespace: 'default', name: 'settings' }, data: { a: 'b' } });
    // An event of the try before may still be on its way, and is told as if it were of this one.
    const { out: told } = await eventually('the retry goes well', async () => {
      const result = await kubecfg.run('retry unmounted');
      return result.code === 0 && result;
    });
    assert.match(told, /container c has started\n$|nothing waits to be tried again\n$/);
    await podUntil(server, 'unmounted', ({ status }) => status?.phase === 'Running');
    await remove('unmounted');
  });

  it('but by nobody whom no role lets', async () => {
    const asked = await kubecfg.run('retry late --as somebody');
    assert.notEqual(asked.code, 0);
    const bind = (role: string) =>
      server.client.create(clusterRoleBindings, {
        metadata: { name: role.replaceAll(':', '-') },
        roleRef: { apiGroup, kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup, kind: 'User', name: 'viewer' }],
      });
    await create('watched', { image: 'busybox:1' });
    await podUntil(server, 'watched', isRunning);
    await bind('system:aggregate-to-view');
    const as = async (check: RegExp) =>
      await eventually(`a viewer reads ${check}`, async () => {
        const { out, errors } = await kubecfg.run('retry watched --as viewer');
        return check.test(out + errors);
      });
    await as(/cannot create resource "pods\/retry"/);
    await bind('longshore:pod-retries');
    await as(/nothing waits to be tried again/);
    await remove('watched');
  });
});
