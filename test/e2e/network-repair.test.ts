/**
 * What pods need of the host's network is taken away, piece by piece: bridge, rules, forwarding. Each piece is noticed
 * and mended within seconds, pods that run keep their network, and events say what happened.
 */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { events, nodes, pods, services } from '../../api/resources/core.ts';
import { containerIdentities, importBusybox } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';

const namespace = 'default';
const image = 'longshore-test/busybox:1';
const run = (...words: readonly [string, ...string[]]) => runProgram(words[0], words.slice(1));

describe('the network of pods', () => {
  let cluster: LocalCluster;
  let clusterIp: string;

  before(async () => {
    await importBusybox(image);
    cluster = await LocalCluster.start({ flags: ['--no-demo'] });
    await runPod('web', 'exec nc -ll -p 8080 -e echo served', { app: 'web' });
    await runPod('client', 'exec sleep 100000', {});
    const { spec } = await cluster.client.create(services, {
      metadata: { name: 'web', namespace },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    clusterIp = spec?.clusterIP ?? '';
    await trafficFlows();
  });
  after(() => cluster.remove());

  async function runPod(name: string, script: string, labels: Record<string, string>): Promise<void> {
    const command = ['/bin/sh', '-c', script];
    await cluster.client.create(pods, {
      metadata: { name, namespace, labels },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image, imagePullPolicy: 'Never', command }],
      },
    });
    await eventually(`${name} runs`, async () => {
      const { status } = await cluster.client.get(pods, { namespace, name });
      return status?.phase === 'Running';
    });
  }

  async function idOfClient(): Promise<string> {
    const labels = ['io.kubernetes.pod.name=client', 'io.kubernetes.container.name=main'];
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
    return (await run('docker', 'ps', '-q', ...filters)).trim();
  }

  /** From a pod through a Service to a pod, and from the host. */
  async function trafficFlows(): Promise<void> {
    const client = await idOfClient();
    const fromPod = () => run('docker', 'exec', client, 'nc', '-w', '2', clusterIp, '80');
    const { status } = await cluster.client.get(pods, { namespace, name: 'web' });
    const fromHost = () => run('busybox', 'nc', '-w', '2', status?.podIP ?? '', '8080');
    for (const [what, ask] of [
      ['a pod reaches a Service', fromPod],
      ['the host reaches a pod', fromHost],
    ] as const) {
      await eventually(what, async () => (await ask()).includes('served'), { timeoutMs: 60_000, everyMs: 100 });
    }
  }

  async function tellsEvent(reason: string, message: RegExp): Promise<void> {
    await eventually(`an event ${reason}`, async () => {
      const { items } = await cluster.client.list(events, { namespace });
      return items.some((one) => one.reason === reason && message.test(one.message ?? ''));
    });
  }

  for (const [title, disturb, message] of [
    ['a bridge that was set down', () => run('ip', 'link', 'set', 'longshore', 'down'), /was down and was mended/],
    ['a bridge without its address', () => run('ip', 'address', 'flush', 'dev', 'longshore'), /had lost its address/],
    ['a bridge that was deleted', () => run('ip', 'link', 'delete', 'longshore'), /was deleted and was mended \([1-9]/],
  ] as const) {
    it(`mends ${title}, and no pod is restarted`, async () => {
      const running = await containerIdentities();
      await disturb();
      await tellsEvent('PodNetworkMended', message);
      await trafficFlows();
      await runPod(`after-${title.replaceAll(' ', '-').slice(-10)}`.replace(/-+$/, ''), 'exec sleep 100000', {});
      const after = new Set(await containerIdentities());
      assert.deepEqual(
        running.filter((one) => !after.has(one)),
        [],
      );
    });
  }

  for (const [title, disturb] of [
    ['deleted rules', () => run('nft', 'delete', 'table', 'ip', 'longshore')],
    ['flushed rules', () => run('nft', 'flush', 'table', 'ip', 'longshore')],
    ['an emptied map, which no chain shows', () => run('nft', 'flush', 'map', 'ip', 'longshore', 'services')],
  ] as const) {
    it(`mends ${title}`, async () => {
      await disturb();
      await trafficFlows();
      await tellsEvent('RulesRestored', /changed by another program/);
    });
  }

  it('goes on without disturbing itself', async () => {
    const restored = async () =>
      (await cluster.log()).split('\n').filter((line) => line.includes('changed by another')).length;
    const before = await restored();
    for (let i = 0; i < 3; i += 1) {
      await cluster.client.create(services, {
        metadata: { name: `more-${i}`, namespace },
        spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
      });
      await eventually('its rules are there', () =>
        run('nft', 'list', 'table', 'ip', 'longshore').then((text) => text.includes(`default/more-${i}:`)),
      );
    }
    assert.equal(await restored(), before);
  });

  it('switches forwarding on again', async () => {
    const file = '/proc/sys/net/ipv4/ip_forward';
    await writeFile(file, '0');
    await eventually('it is on', async () => (await readFile(file, 'utf8')).trim() === '1');
    await trafficFlows();
  });

  it('opens FORWARD itself when Docker’s chain is gone and the policy drops', async () => {
    await run('iptables', '-P', 'FORWARD', 'DROP');
    await run('iptables', '-F', 'FORWARD');
    await run('iptables', '-F', 'DOCKER-USER');
    await run('iptables', '-X', 'DOCKER-USER');
    await trafficFlows();
    assert.match(await run('iptables', '-S', 'FORWARD'), /-s 10\.244\.0\.0\/16 .*longshore .*-j ACCEPT/);
  });

  it('says that the network is there in the conditions of the node', async () => {
    const { items } = await cluster.client.list(nodes);
    const found = items[0]?.status?.conditions?.find(({ type }) => type === 'NetworkUnavailable');
    assert.equal(found?.status, 'False');
  });

  it('says so when it cannot mend it, and mends it when it can', async () => {
    // Something else has the name: a bridge cannot be made.
    await run('bash', '-c', 'ip link delete longshore && ip link add longshore type veth peer name other');
    const condition = async (wanted: string) => {
      const { items } = await cluster.client.list(nodes);
      return items[0]?.status?.conditions?.find(({ type }) => type === 'NetworkUnavailable')?.status === wanted;
    };
    await eventually('the node says so', () => condition('True'), { timeoutMs: 60_000 });
    await tellsEvent('PodNetworkBroken', /pod network is broken/);
    await run('ip', 'link', 'delete', 'longshore');
    await eventually('and when it is over', () => condition('False'), { timeoutMs: 60_000 });
    await trafficFlows();
  });

  it('mends all of it at once', async () => {
    const script = [
      'ip link delete longshore',
      'nft delete table ip longshore',
      'iptables -F DOCKER-USER 2>/dev/null || true',
      'echo 0 > /proc/sys/net/ipv4/ip_forward',
    ];
    await run('bash', '-c', script.join('\n'));
    await eventually('the bridge is there', () => run('ip', 'address', 'show', 'longshore').then(() => true), {
      everyMs: 50,
    });
    await trafficFlows();
  });

  it('makes the network again that Docker pruned while its bridge stayed', async () => {
    await cluster.client.deleteCollection(pods, { namespace });
    const isUnused = async () => (await run('docker', 'ps', '-aq', '--filter', 'network=longshore')).trim() === '';
    await eventually('no pod is on it', isUnused, { timeoutMs: 60_000 });
    await run('docker', 'network', 'prune', '-f');
    await assert.rejects(run('docker', 'network', 'inspect', 'longshore'));
    await run('ip', 'link', 'show', 'longshore');
    await runPod('after-prune', 'exec sleep 100000', {});
    await tellsEvent('PodNetworkMended', /the network longshore was gone and was made again/);
  });
});
