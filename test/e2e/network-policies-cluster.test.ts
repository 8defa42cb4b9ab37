/** Policies in a cluster of two hosts, as users meet them: objects come and go, and pods reach each other or do not. */

import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { events, namespaces, pods, services } from '../../api/resources/core.ts';
import { networkPolicies } from '../../api/resources/networking.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { NetworkPolicySpec } from '../../api/types/networking/v1.ts';
import { importBusybox } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';
import { type HostRun, masterAddress, prepareWorkerHosts, WorkerHost } from '../support/worker-hosts.ts';

const image = 'longshore-test/busybox:1';
const shop = 'shop';
const other = 'other';
const table = ['table', 'ip', 'longshore-policies'];

interface Place {
  readonly namespace: string;
  readonly name: string;
  readonly node: 'm1' | 'w1';
}

/** The server is on the worker; one client beside it, the others on the master. */
const server: Place = { namespace: shop, name: 'server', node: 'w1' };
const near: Place = { namespace: shop, name: 'near', node: 'w1' };
const far: Place = { namespace: shop, name: 'far', node: 'm1' };
const stranger: Place = { namespace: other, name: 'stranger', node: 'm1' };

describe('policies in a cluster', () => {
  let cluster: LocalCluster;
  let worker: WorkerHost;
  let joined: HostRun;
  const addresses = new Map<Place, string>();

  before(async () => {
    await prepareWorkerHosts();
    const flags = ['--no-demo', '--node-ip', masterAddress, '--node-name', 'm1'];
    [cluster, worker] = await Promise.all([LocalCluster.start({ flags }), WorkerHost.start({ number: 1 })]);
    await importBusybox(image);
    const archive = join(process.env.LONGSHORE_SANDBOX ?? '', 'busybox.tar');
    await runProgram('docker', ['save', '-o', archive, image]);
    for await (const _ of await worker.docker.loadImage(createReadStream(archive)));
    const line = (await cluster.kubecfg('token', 'create')).trim();
    joined = worker.kubecfg([...line.split(' ').slice(2), '--foreground', '--node-name', 'w1']);
    await eventually('the host is a worker', () => joined.output().includes('This host is the worker'));
    for (const name of [shop, other])
      await cluster.client.create(namespaces, { metadata: { name, labels: { team: name } } });
    const serve = 'nc -ll -p 8081 -e echo served & exec nc -ll -p 8080 -e echo served';
    await Promise.all([start(server, serve), ...[near, far, stranger].map((one) => start(one, 'exec sleep 100000'))]);
    await cluster.client.create(services, {
      metadata: { namespace: shop, name: 'server' },
      spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
  });
  after(async () => {
    joined?.process.kill('SIGTERM');
    await joined?.ended;
    await cluster.remove();
    await worker.stop();
  });

  async function start(place: Place, script: string): Promise<void> {
    const { namespace, name, node } = place;
    const isServer = name === 'server';
    await cluster.client.create<Pod>(pods, {
      metadata: { namespace, name, labels: { app: name } },
      spec: {
        ...{ nodeName: node, terminationGracePeriodSeconds: 0, restartPolicy: 'Never' },
        containers: [
          {
            ...{ name: 'main', image, imagePullPolicy: 'Never', command: ['/bin/sh', '-c', script] },
            ...(isServer && { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }),
          },
        ],
      },
    });
    const address = await eventually(`${name} runs`, async () => {
      const { status } = await cluster.client.get<Pod>(pods, { namespace, name });
      return status?.phase === 'Running' && status.podIP;
    });
    addresses.set(place, address);
  }

  /** Runs a script in a pod. */
  async function inPod({ namespace, name, node }: Place, script: string): Promise<string> {
    const engine = node === 'w1' ? ['-H', worker.socket] : [];
    const labels = [
      `io.kubernetes.pod.namespace=${namespace}`,
      `io.kubernetes.pod.name=${name}`,
      'io.kubernetes.container.name=main',
    ];
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
    const id = (await runProgram('docker', [...engine, 'ps', '-q', ...filters])).trim();
    return await runProgram('docker', [...engine, 'exec', id, '/bin/sh', '-c', script]);
  }

  async function reaches(from: Place, address: string, port: number): Promise<boolean> {
    return (await inPod(from, `nc -w 2 ${address} ${port} </dev/null 2>&1 || true`)).includes('served');
  }

  /** Who of the clients reaches the server, in time. */
  async function onlyReach(port: number, wanted: readonly Place[]): Promise<void> {
    const address = addresses.get(server) ?? '';
    await eventually(`${wanted.map(({ name }) => name)} reach port ${port}, and no others`, async () => {
      const found = await Promise.all([near, far, stranger].map((one) => reaches(one, address, port)));
      const names = [near, far, stranger].filter((_, i) => found[i]).map(({ name }) => name);
      assert.deepEqual(
        names,
        wanted.map(({ name }) => name),
      );
      return true;
    });
  }

  async function setPolicy(name: string, spec: NetworkPolicySpec, namespace = shop): Promise<void> {
    await removePolicy(name, namespace);
    await cluster.client.create(networkPolicies, { metadata: { namespace, name }, spec });
  }

  async function removePolicy(name: string, namespace = shop): Promise<void> {
    await cluster.client.deleteCollection(networkPolicies, { namespace, fieldSelector: `metadata.name=${name}` });
  }

  it('have no rules while there is none', async () => {
    await onlyReach(8080, [near, far, stranger]);
    assert.doesNotMatch(await worker.run('nft', 'list', 'tables'), /policies/);
  });

  it('deny all, and leave probes alone', async () => {
    await setPolicy('deny', { podSelector: {} });
    await onlyReach(8080, []);
    const { status } = await cluster.client.get<Pod>(pods, server);
    assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  });

  it('allow by namespace and pod, over the hosts, in a range of ports', async () => {
    const from = [
      { namespaceSelector: { matchLabels: { team: other } } },
      { podSelector: { matchLabels: { app: 'near' } } },
    ];
    await setPolicy('allow', {
      podSelector: { matchLabels: { app: 'server' } },
      ingress: [{ from, ports: [{ port: 8000, endPort: 8080 }] }],
    });
    await onlyReach(8080, [near, stranger]);
    await onlyReach(8081, []);
    await cluster.client.patch(
      namespaces,
      { name: other },
      { type: 'merge', body: { metadata: { labels: { team: 'x' } } } },
    );
    await onlyReach(8080, [near]);
  });

  it('allow blocks without exceptions', async () => {
    const except = [`${addresses.get(far)}/32`];
    await setPolicy('allow', {
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: '10.244.0.0/16', except } }] }],
    });
    await onlyReach(8080, [near, stranger]);
  });

  it('judge what goes out, names and Services too', async () => {
    await removePolicy('allow');
    await removePolicy('deny');
    await onlyReach(8080, [near, far, stranger]);
    const asks = async () =>
      (await inPod(far, 'nslookup server.shop.svc.cluster.local 10.96.0.10 2>&1 || true')).includes(
        'server.shop.svc.cluster.local\n',
      );
    const byService = async () =>
      (await inPod(far, 'nc -w 2 server.shop.svc.cluster.local 80 </dev/null 2>&1 || true')).includes('served');
    await eventually('the name is known', asks);
    const policyTypes = ['Egress'];
    await setPolicy('egress', { podSelector: { matchLabels: { app: 'far' } }, policyTypes });
    await onlyReach(8080, [near, stranger]);
    await eventually('the name is not', async () => !(await asks()));
    const dns = {
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
      ],
      ports: [{ protocol: 'UDP', port: 53 }],
    };
    const toServer = { to: [{ podSelector: { matchLabels: { app: 'server' } } }], ports: [{ port: 8080 }] };
    await setPolicy('egress', { podSelector: { matchLabels: { app: 'far' } }, policyTypes, egress: [dns, toServer] });
    await eventually('the Service is reached by its name', byService);
    await eventually('but not its other port', async () => !(await reaches(far, addresses.get(server) ?? '', 8081)));
    assert.ok(await byService());
    await removePolicy('egress');
  });

  it('are there before a new pod can send anything', async () => {
    const podSelector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['new', 'far'] }] };
    await setPolicy('deny', { podSelector, policyTypes: ['Egress'] });
    await onlyReach(8080, [near, stranger]);
    const tries = `for i in 1 2 3 4 5 6; do nc -w 1 ${addresses.get(server)} 8080 </dev/null; done`;
    const fresh: Place = { namespace: shop, name: 'new', node: 'm1' };
    await start(fresh, `(${tries}) 2>&1; echo over; exec sleep 100000`);
    const log = () => cluster.kubecfg('logs', '--namespace', shop, 'new');
    await eventually('it has tried', async () => (await log()).includes('over'), { timeoutMs: 60_000 });
    assert.doesNotMatch(await log(), /served/);
    await removePolicy('deny');
    assert.ok(await eventually('it may', () => reaches(fresh, addresses.get(server) ?? '', 8080)));
  });

  it('are made again when somebody takes the rules away', async () => {
    await setPolicy('deny', { podSelector: {} });
    await onlyReach(8080, []);
    for (const words of [
      ['flush', ...table],
      ['delete', ...table],
      ['flush', 'map', 'ip', 'longshore-policies', 'ingress'],
    ]) {
      await worker.run('nft', ...words);
      await eventually(`rules after ${words[0]}`, async () =>
        (await worker.run('nft', 'list', 'map', 'ip', 'longshore-policies', 'ingress')).includes(
          addresses.get(server) ?? '-',
        ),
      );
      await onlyReach(8080, []);
    }
    await eventually('an event tells', async () =>
      (await cluster.client.list(events)).items.some(({ message }) =>
        message?.includes('The rules of NetworkPolicies were changed'),
      ),
    );
  });

  it('stay while the proxy is away, and hold of what changed meanwhile when it is back', async () => {
    await cluster.kill();
    assert.equal(await reaches(near, addresses.get(server) ?? '', 8080), false);
    await cluster.start();
    await onlyReach(8080, []);
    await removePolicy('deny');
    await onlyReach(8080, [near, far, stranger]);
    await eventually(
      'no table is left',
      async () =>
        !(await worker.run('nft', 'list', 'tables')).includes('policies') &&
        !(await runProgram('nft', ['list', 'tables'])).includes('policies'),
    );
  });
});
