/**
 * Hosts join a cluster by one line, run pods that reach each other, and go without a trace. The joins that must fail
 * because of the token or of the host are here; those that fail because of the server are in
 * `test/integration/refused-joins.test.ts`.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isNodeReady } from '../../api/nodes.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { ifPresent } from '../../client/if-present.ts';
import { importBusybox } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';
import { type HostRun, masterAddress, prepareWorkerHosts, WorkerHost } from '../support/worker-hosts.ts';

const image = 'longshore-test/busybox:1';
const namespace = 'default';

describe('hosts that join', () => {
  let cluster: LocalCluster;
  let w1: WorkerHost;
  let w2: WorkerHost;
  const running: HostRun[] = [];
  let usedUp: string;
  let before2: string;

  before(async () => {
    await prepareWorkerHosts();
    const flags = ['--no-demo', '--node-ip', masterAddress, '--node-name', 'm1'];
    [cluster, w1, w2] = await Promise.all([
      LocalCluster.start({ flags }),
      WorkerHost.start({ number: 1 }),
      WorkerHost.start({ number: 2 }),
    ]);
    await importBusybox(image);
    const archive = join(process.env.LONGSHORE_SANDBOX ?? '', 'busybox.tar');
    await runProgram('docker', ['save', '-o', archive, image]);
    for (const host of [w1, w2]) await loadImage(host, archive);
    before2 = await w2.state();
  });
  after(async () => {
    for (const { process: child, ended } of running) {
      child.kill('SIGTERM');
      await ended;
    }
    await cluster.remove();
    for (const host of [w1, w2]) await host.stop();
  });

  async function loadImage(host: WorkerHost, archive: string): Promise<void> {
    const { createReadStream } = await import('node:fs');
    const progress = await host.docker.loadImage(createReadStream(archive));
    for await (const chunk of progress) if (String(chunk).includes('"error"')) throw new Error(String(chunk));
  }

  /** The words after `kubecfg` of the line that is printed. */
  async function makeToken(...flags: string[]): Promise<string[]> {
    const line = (await cluster.kubecfg('token', 'create', ...flags)).trim();
    const [runner, program, ...words] = line.split(' ');
    assert.deepEqual([runner, program], ['npx', 'kubecfg']);
    assert.deepEqual([words.length, words[1], words[2]], [4, masterAddress, '--token']);
    return words;
  }

  const isReady = async (name: string): Promise<boolean> => {
    const node = await ifPresent(cluster.client.get<Node>(nodes, { name }));
    return node !== undefined && isNodeReady(node);
  };

  function start(host: WorkerHost, words: readonly string[], environment: NodeJS.ProcessEnv = {}): HostRun {
    const run = host.kubecfg([...words, '--foreground', '--node-name', host.name], environment);
    running.push(run);
    return run;
  }

  /** Resolves when it says that it is a worker; throws when it ends before. */
  async function joined(run: HostRun): Promise<void> {
    let code: number | null | undefined;
    void run.ended.then((ended) => {
      code = ended;
    });
    await eventually(
      'the host is a worker',
      () => run.output().includes('This host is the worker') || code !== undefined,
    );
    assert.equal(code, undefined, run.output());
  }

  /** What a join says that must fail, and what there is no trace of afterwards. */
  async function refused(
    host: WorkerHost,
    words: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<string> {
    const run = start(host, words, environment);
    assert.equal(await run.ended, 1, run.output());
    assert.ok(!run.output().includes(words[3]?.split('.')[2] ?? '-'), 'the secret is not shown');
    return run.output();
  }

  it('become workers, both by one token, and print each check', async () => {
    const words = await makeToken('--uses', '2');
    usedUp = words[3] ?? '';
    const runs = [start(w1, words), start(w2, words)];
    await Promise.all(runs.map(joined));
    assert.deepEqual(await Promise.all(['m1', 'w1', 'w2'].map(isReady)), [true, true, true]);
    const steps = [
      'Name',
      'Reaching',
      'Certificate is',
      'Clock',
      'Versions',
      'Token',
      'Docker',
      'Master reaches',
      'Pods reach',
    ];
    for (const step of steps) assert.match(runs[0]?.output() ?? '', new RegExp(`✓ ${step}`));
    const { stdout } = await psOf();
    assert.ok(!stdout.includes(usedUp), 'the token is not in the arguments of the processes that run on');
  });

  const psOf = async () => ({ stdout: await runProgram('ps', ['-eo', 'args']) });

  it('run pods that reach each other, whose logs and Services are reached', async () => {
    const addresses = new Map<string, string>();
    for (const nodeName of ['m1', 'w1', 'w2']) {
      const command = ['sh', '-c', 'echo serving; exec nc -ll -p 8080 -e hostname'];
      await cluster.client.create<Pod>(pods, {
        metadata: { name: `web-${nodeName}`, namespace, labels: { app: 'web' } },
        spec: {
          nodeName,
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'main', image, imagePullPolicy: 'Never', command }],
        },
      });
    }
    for (const nodeName of ['m1', 'w1', 'w2']) {
      const { status } = await eventually(`web-${nodeName} runs`, async () => {
        const pod = await cluster.client.get<Pod>(pods, { namespace, name: `web-${nodeName}` });
        return pod.status?.phase === 'Running' && pod.status.podIP !== undefined ? pod : undefined;
      });
      addresses.set(nodeName, status?.podIP ?? '');
    }
    for (const [host, name] of [
      [w1, 'w1'],
      [w2, 'w2'],
    ] as const) {
      for (const [other, address] of addresses) {
        const text = await inPod(host, name, `nc -w 5 ${address} 8080`);
        assert.equal(text.trim(), `web-${other}`, `${name} → ${other}`);
      }
    }
    // The API server believes in the kubelets' certificates, which they got by asking.
    await eventually('logs are read', async () => (await cluster.kubecfg('logs', 'web-w1')).includes('serving'));
  });

  /** Runs a shell command in the pod `web-<name>` by the engine of its host. */
  async function inPod(host: WorkerHost, name: string, command: string): Promise<string> {
    const found = await host.docker.listContainers({
      filters: { label: [`io.kubernetes.pod.name=web-${name}`, 'dev.longshore.type=container'] },
    });
    return await runProgram('docker', ['-H', host.socket, 'exec', found[0]?.Id ?? '', 'sh', '-c', command]);
  }

  it('answer their pods for the names of the cluster, each by itself', async () => {
    for (const [host, name] of [
      [w1, 'w1'],
      [w2, 'w2'],
    ] as const) {
      await eventually(`kubernetes is found on ${name}`, async () => {
        const text = await inPod(host, name, 'nslookup kubernetes.default.svc.cluster.local. 2>&1 || true');
        return text.includes('10.96.0.1\n');
      });
      assert.match(await host.run('ip', '-br', 'address', 'show', 'lo'), /10\.96\.0\.10\/32/);
    }
  });

  it('say that they are workers already when they are told to join again', async () => {
    const words = await makeToken();
    const run = w1.kubecfg([...words, '--foreground']);
    assert.equal(await run.ended, 0, run.output());
    assert.match(run.output(), /is the worker w1 of https:\/\/10.99.0.1:6443 already/);
  });

  it('leave, and are what they were before', async () => {
    const run = w2.kubecfg(['leave', '--force']);
    assert.equal(await run.ended, 0, run.output());
    assert.equal(await running[1]?.ended, 0);
    assert.equal(await w2.state(), before2);
    await eventually(
      'its node is gone',
      async () => (await ifPresent(cluster.client.get(nodes, { name: 'w2' }))) === undefined,
    );
    await eventually('routes to it are gone', async () => !(await w1.run('ip', 'route')).includes(w2.address));
  });

  describe('and are refused', () => {
    const isOn = (what: RegExp) => async (words: Promise<readonly string[]>, environment?: NodeJS.ProcessEnv) =>
      assert.match(await refused(w2, await words, environment), what);
    const wordsWith = async (word: string) => ['join', masterAddress, '--token', word];

    it('with a token that is used up', () =>
      isOn(/token \w+ is used up: it was for 2 hosts.*kubecfg token create/s)(wordsWith(usedUp)));

    it('with a wrong secret', async () => {
      const words = await makeToken();
      const [, , , word = ''] = words;
      await isOn(/does not take the token .*mistyped.*kubecfg token create/s)(
        wordsWith(word.replace(/^(LS1\.\w+\.)\w{16}/, '$1aaaaaaaaaaaaaaaa')),
      );
    });

    it('with a token that was revoked, or has expired', async () => {
      const [revoked, expired] = [await makeToken(), await makeToken('--ttl', '1s')];
      await cluster.kubecfg('token', 'revoke', revoked[3]?.split('.')[1] ?? '');
      await isOn(/The token \w+ was revoked at .*kubecfg token create/s)(Promise.resolve(revoked));
      const id = expired[3]?.split('.')[1] ?? '';
      await eventually('it has expired', async () => !(await cluster.kubecfg('token', 'list')).includes(id));
      await isOn(/The token \w+ expired at .*kubecfg token create/s)(Promise.resolve(expired));
    });

    it('without Docker, and with one that is too old', async () => {
      const words = makeToken();
      await isOn(/docker/i)(words, { DOCKER_HOST: 'unix:///run/no-engine.sock' });
      const socket = join(process.env.LONGSHORE_SANDBOX ?? '', 'old.sock');
      const old = http.createServer((request, response) => {
        const isVersion = request.url?.includes('/version') ?? false;
        const version = { Version: '19.03.15', ApiVersion: '1.40', Components: [{ Name: 'Engine' }] };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(isVersion ? version : []));
      });
      old.listen(socket);
      await once(old, 'listening');
      await isOn(/Docker Engine 19.03.15.*needs 20.10 or newer/)(words, { DOCKER_HOST: `unix://${socket}` });
      old.close();
    });

    it('by the name of a node that is there', async () => {
      const words = [...(await makeToken()), '--foreground', '--node-name', 'w1'];
      const run = w2.kubecfg(words);
      assert.equal(await run.ended, 1);
      assert.match(run.output(), /there is a node w1 already.*kubecfg node remove w1/s);
      await w2.run('rm', '-rf', '/var/lib/longshore/pki');
    });

    it('when the master does not reach the kubelet; the same line succeeds once it does', async () => {
      const words = await makeToken();
      const drop = ['-p', 'tcp', '-s', masterAddress, '--dport', '10250', '-j', 'DROP'];
      await w2.run('iptables', '-I', 'INPUT', ...drop);
      assert.match(
        await refused(w2, words),
        /master does not reach the kubelet of this host at 10.99.0.12:10250: no answer.*Open TCP port 10250/s,
      );
      await w2.run('iptables', '-D', 'INPUT', ...drop);
      await joined(start(w2, words));
    });
  });

  it('are removed by the master, end, and come again with a new token', async () => {
    const run = running.at(-1) ?? assert.fail();
    await cluster.kubecfg('node', 'remove', 'w2', '--force');
    assert.equal(await run.ended, 3, run.output());
    assert.match(run.output(), /node w2 was removed from the cluster/);
    assert.equal(await ifPresent(cluster.client.get(nodes, { name: 'w2' })), undefined);
    await joined(start(w2, await makeToken()));
    assert.equal(await isReady('w2'), true);
  });
});
