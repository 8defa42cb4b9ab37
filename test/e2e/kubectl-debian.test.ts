/** Debian's kubectl 1.20.2, which every machine can get, on a whole cluster: everyday commands, and what they do. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources/core.ts';
import { importSleeper } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { debianKubectl, Kubectl } from '../support/kubectl.ts';
import { LocalCluster } from '../support/local-cluster.ts';

const namespace = 'default';
const image = 'longshore-test/sleeper:1';

const controller = (replicas: number) => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'talkers' },
  spec: {
    replicas,
    selector: { app: 'talkers' },
    template: {
      metadata: { labels: { app: 'talkers' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'talker', image, command: ['sh', '-c', 'echo hello from $HOSTNAME; sleep 100000'] }],
      },
    },
  },
});

describe('kubectl 1.20', () => {
  let cluster: LocalCluster;
  let kubectl: Kubectl;

  before(async () => {
    await importSleeper(image);
    cluster = await LocalCluster.start({ flags: ['--no-demo'] });
    kubectl = await Kubectl.open(await debianKubectl(), cluster.kubeconfig);
  });
  after(async () => {
    await kubectl.close();
    await cluster.remove();
  });

  async function must(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl.run(args);
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
  async function manifest(replicas: number): Promise<string> {
    const file = join(cluster.dataDir, `talkers-${replicas}.json`);
    await writeFile(file, JSON.stringify(controller(replicas)));
    return file;
  }
  const running = (count: number) =>
    eventually(`${count} running pods`, async () => {
      const { items } = await cluster.client.list(pods, { namespace });
      return items.length === count && items.every(({ status }) => status?.phase === 'Running');
    });

  it('get nodes shows this machine Ready', async () => {
    assert.match(await must('get', 'nodes'), /^\S+ +Ready /m);
  });

  it('create, get and get -o wide', async () => {
    assert.match(await must('create', '--validate=false', '-f', await manifest(2)), /talkers created/);
    await running(2);
    assert.match(await must('get', 'rc'), /^NAME +DESIRED +CURRENT +READY +AGE\ntalkers +2 +2 +[0-2] /);
    assert.match(await must('get', 'pods', '-o', 'wide'), /talkers-\w+ +1\/1 +Running +0 +\S+ +10\.244\.\d+\.\d+ /);
  });

  it('apply changes what is there', async () => {
    assert.match(await must('apply', '--validate=false', '-f', await manifest(3)), /talkers configured/);
    await running(3);
  });

  it('scale rc', async () => {
    assert.match(await must('scale', 'rc', 'talkers', '--replicas=1'), /talkers scaled/);
    await running(1);
  });

  it('logs', async () => {
    const [pod] = (await cluster.client.list(pods, { namespace })).items;
    const name = pod?.metadata.name ?? '';
    assert.equal(await must('logs', name), `hello from ${name}\n`);
  });

  it('get -w shows what happens', async () => {
    const watching = kubectl.start(['get', 'pods', '-w']);
    let seen = '';
    watching.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    await eventually('the first lines', () => seen.includes('talkers-'));
    await must('scale', 'rc', 'talkers', '--replicas=2');
    await eventually(
      'the new pod, until it runs',
      () => (seen.match(/ContainerCreating|Pending/) && (seen.match(/Running/g) ?? []).length >= 2) || undefined,
    );
    watching.kill();
  });

  it('delete', async () => {
    assert.match(await must('delete', 'rc', 'talkers'), /"talkers" deleted/);
    await eventually('no pods', async () => (await cluster.client.list(pods, { namespace })).items.length === 0);
  });
});
