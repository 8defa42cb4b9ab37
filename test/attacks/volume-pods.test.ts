/** Pods that try to leave their volumes, to read what is not theirs, to change the node's kernel and to use it up. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { at, type Json } from '../conformance/api-user.ts';
import { ClusterWorld, image, podsOf, scriptPod } from '../e2e/conformance/cluster-world.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram } from '../support/local-cluster.ts';

/** Fewer than by default, for the sake of whoever runs this. */
const maxPids = 512;
const sleep = 'exec sleep 100000';

describe('pods', { timeout: 480_000 }, () => {
  let world: ClusterWorld;
  let namespace: string;
  /** A folder of the node that no pod has to do with. */
  let outside: string;
  before(async () => {
    world = await ClusterWorld.start({
      flags: ['--allowed-unsafe-sysctls', 'kernel.msg*', '--pod-max-pids', `${maxPids}`],
    });
    await chmod(world.cluster.dataDir, 0o755); // as the default one is
    namespace = await world.namespace();
    outside = await mkdtemp(join(tmpdir(), 'outside-'));
    await writeFile(join(outside, 'host-file'), 'secret');
  });
  after(async () => {
    await world.stop();
    await rm(outside, { recursive: true });
    assert(!(await readFile('/proc/self/mountinfo', 'utf8')).includes(world.cluster.dataDir), 'a mount is left');
  });

  const pathOf = (name: string) => `${podsOf(namespace)}/${name}`;
  const emptyVolume = { name: 'v', emptyDir: {} };
  const container = (name: string, script: string, more: Json = {}): Json => ({
    ...{ name, image, command: ['sh', '-c', script] },
    ...more,
  });

  const waitingOf = (pod: Json, index = 0) =>
    at(pod, `status.containerStatuses.${index}.state.waiting`) as Json | undefined;

  it('get nothing of the node by links that they put into a volume', async () => {
    const links = [
      `ln -s ${outside} /v/out`,
      'ln -s / /v/root',
      'ln -s ../../../../../../.. /v/up',
      'ln -s /none /v/none',
    ];
    const prepare = container('prepare', [...links, 'mkdir -p /v/real/deep', 'ln -s real /v/inside'].join('; '), {
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    });
    const paths = ['out', 'out/made', 'root/proc', 'up/etc', 'none', 'none/made'];
    const thieves = paths.map((subPath, index) =>
      container(`c${index}`, sleep, { volumeMounts: [{ name: 'v', mountPath: '/m', subPath }] }),
    );
    const honest = container('honest', 'touch /m/deep/written; exec sleep 100000', {
      volumeMounts: [{ name: 'v', mountPath: '/m', subPath: 'inside' }],
    });
    const spec = { initContainers: [prepare], containers: [...thieves, honest], volumes: [emptyVolume] };
    await world.post(podsOf(namespace), scriptPod('links', sleep, { spec }));
    const pod = await world.until(
      pathOf('links'),
      'is refused but for what stays inside',
      (one) =>
        thieves.every((_, index) => waitingOf(one, index)?.reason === 'CreateContainerConfigError') &&
        at(one, `status.containerStatuses.${thieves.length}.state.running`) !== undefined,
    );
    for (const index of thieves.keys())
      assert.equal(
        waitingOf(pod, index)?.message,
        `failed to prepare subPath for volumeMount "v" of container "c${index}"`,
      );
    assert.deepEqual(await readdir(outside), ['host-file']);
    await world.delete(pathOf('links'));
  });

  it('get nothing of the node by changing a folder while the kubelet looks at it', async () => {
    const [mounts, containers] = [8, 12];
    const reset = `rm -rf /v/d /v/l /v/f; mkdir /v/d; ln -s ${outside} /v/l`;
    const turn = 'mv /v/d /v/f && mv -T /v/l /v/d && mv /v/d /v/l && mv /v/f /v/d && usleep 2000';
    const swapper = container('swapper', `${reset}; while true; do { ${turn}; } 2>/tmp/log || { ${reset}; }; done`, {
      restartPolicy: 'Always',
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    });
    const volumeMounts = Array.from({ length: mounts }, (_, index) => ({
      ...{ name: 'v', mountPath: `/m${index}`, subPath: 'd' },
    }));
    const looks = 'for m in /m*; do [ -e $m/host-file ] && echo escaped; touch $m/written; done; echo looked';
    const all = Array.from({ length: containers }, (_, index) => container(`c${index}`, looks, { volumeMounts }));
    const spec = { initContainers: [swapper], containers: all, volumes: [emptyVolume] };
    await world.post(podsOf(namespace), scriptPod('race', sleep, { spec }));
    let looked = 0;
    await eventually(
      'a third of the containers have run',
      async () => {
        const statuses = (at(await world.get(pathOf('race')), 'status.containerStatuses') ?? []) as Json[];
        looked = statuses.filter((one) => at(one, 'state.terminated') !== undefined).length;
        return looked >= containers / 3;
      },
      { timeoutMs: 120_000 },
    );
    for (const { name } of all) {
      const log = await world.log(pathOf('race'), String(name)).catch(() => '');
      assert(!log.includes('escaped'), log);
    }
    assert.deepEqual(await readdir(outside), ['host-file']);
    await world.delete(pathOf('race'));
  });

  it('leave no volume by a path that is put together from their environment', async () => {
    for (const [name, way] of [
      ['backsteps', 'x/../../..'],
      ['absolute', '/etc'],
    ] as const) {
      const more = {
        env: [{ name: 'WAY', value: way }],
        volumeMounts: [{ name: 'v', mountPath: '/m', subPathExpr: '$(WAY)' }],
      };
      await world.post(
        podsOf(namespace),
        scriptPod(name, sleep, { spec: { volumes: [emptyVolume] }, container: more }),
      );
      const pod = await world.until(pathOf(name), 'is refused', (one) => waitingOf(one)?.message !== undefined);
      assert.equal(waitingOf(pod)?.reason, 'CreateContainerConfigError');
      assert.match(String(waitingOf(pod)?.message), /must not (contain '\.\.'|be an absolute path)/);
      await world.delete(pathOf(name));
    }
  });

  it('start with any characters in their paths', async () => {
    const hostPath = join(outside, 'h:o,st');
    const more = {
      terminationMessagePath: '/tmp/m:sg',
      volumeMounts: [
        { name: 'v', mountPath: '/a:b', subPath: 'x:y/ro' },
        { name: 'h', mountPath: '/h:ro' },
      ],
    };
    const volumes = [emptyVolume, { name: 'h', hostPath: { path: hostPath } }];
    const script = 'echo 1 >"/a:b/file" && echo 2 >"/h:ro/file" && echo done >"/tmp/m:sg"';
    const { pod } = await world.runPod(namespace, scriptPod('colons', script, { spec: { volumes }, container: more }));
    assert.equal(at(pod, 'status.containerStatuses.0.state.terminated.message'), 'done\n');
    assert.equal(await readFile(join(hostPath, 'file'), 'utf8'), '2\n');
    await rm(hostPath, { recursive: true });
  });

  describe('with a Secret', () => {
    const [old, next] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')];
    const name = 'with-secret';
    const secrets = () => `/api/v1/namespaces/${namespace}/secrets`;
    const show = async () => await inContainer('cat /s/key');

    async function inContainer(script: string): Promise<string> {
      const id = await runProgram('docker', ['ps', '-q', '--filter', `name=k8s_c_${name}_`]);
      return await runProgram('docker', ['exec', id.trim(), 'sh', '-c', script]);
    }

    /** Files below the kubelet's folder that hold the text, as `user` finds them on the node. */
    async function filesWith(text: string, user = 0): Promise<string[]> {
      return await asUser(user, `grep -rl ${text} ${join(world.cluster.dataDir, 'kubelet')} 2>&1 || true`);
    }

    const mountsOfPod = async (uid: string) =>
      (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(uid));

    /** As folders may be that an earlier version made. */
    async function openToAll(): Promise<void> {
      const own = ['pki', 'etcd', 'kubelet', 'kubelet/pods'].map((path) => join(world.cluster.dataDir, path));
      for (const path of own) await chmod(path, 0o755);
      await chmod(join(world.cluster.dataDir, 'longshore.log'), 0o644);
    }

    /** Nobody but root reads keys, kubeconfigs, the cluster's objects, logs or volumes. */
    async function assertClosed(): Promise<void> {
      const search = `find ${world.cluster.dataDir} -type f -readable 2>&1 | grep -v 'Permission denied' || true`;
      const readable = await asUser(65534, search);
      assert(readable.length > 0, 'the data directory itself can be entered');
      assert.deepEqual(
        readable.filter((path) => /\/(pki|etcd|kubelet)\/|\.(kubeconfig|log|key)$/.test(path)),
        [],
      );
    }

    async function asUser(user: number, script: string): Promise<string[]> {
      const words = ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', 'sh', '-c', script];
      const lines = (await runProgram('setpriv', words)).split('\n');
      return lines.filter((line) => line !== '').sort();
    }

    it('show it to nobody else on the node, keep it off the disk, and forget old versions', async () => {
      await assertClosed();
      await world.post(secrets(), { metadata: { name: 's' }, stringData: { key: old } });
      const volumes = [{ name: 's', secret: { secretName: 's' } }];
      const volumeMounts = [
        { name: 's', mountPath: '/s' },
        { name: 's', mountPath: '/missing', subPath: 'no-such-key' },
        { name: 's', mountPath: '/file', subPath: 'key' },
      ];
      const pod = await world.startPod(
        namespace,
        scriptPod(name, sleep, { spec: { volumes }, container: { volumeMounts } }),
      );
      assert.equal(await inContainer('cat /s/key /file; ls /missing'), old + old);
      assert.match((await filesWith(old, 65534)).join(), /^grep: .*Permission denied$/);
      const uid = String(at(pod, 'metadata.uid'));
      const isVolume = (line: string) => line.includes('/volumes/');
      const mounts = (await mountsOfPod(uid)).filter(isVolume);
      // The Secret's, and that of the pod's own token.
      for (const mount of mounts) assert.match(mount, / - tmpfs /);
      assert.ok(mounts.length > 0);

      await world.cluster.kill();
      await openToAll();
      await world.cluster.start();
      await assertClosed();
      await world.patch(`${secrets()}/s`, { stringData: { key: next } });
      await world.patch(pathOf(name), { metadata: { labels: { look: 'again' } } }); // files are looked at when labels change
      await eventually('the new version', async () => (await show()) === next, { timeoutMs: 90_000 });
      await eventually('the old version is only where a container has it mounted', async () =>
        (await filesWith(old)).every((path) => path.includes('/sub-paths/')),
      );
      assert.equal((await mountsOfPod(uid)).filter(isVolume).length, mounts.length);

      await world.delete(pathOf(name));
      await eventually('its mounts are gone', async () => (await mountsOfPod(uid)).length === 0);
      await eventually('its folder is gone', () => !existsSync(join(world.cluster.dataDir, 'kubelet/pods', uid)));
    });
  });

  it('whose Secret is in use leave its values nowhere but in memory, and in Docker what their environment is', async () => {
    const [environment, file] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    const [path, name] = [`/api/v1/namespaces/${namespace}/secrets`, 'canary'];
    await world.post(path, { metadata: { name }, stringData: { environment, file } });
    const env = [{ name: 'CANARY', valueFrom: { secretKeyRef: { name, key: 'environment' } } }];
    const volumes = [{ name: 's', secret: { secretName: name } }];
    const more = { env, volumeMounts: [{ name: 's', mountPath: '/s' }] };
    const made = await world.startPod(namespace, scriptPod(name, sleep, { spec: { volumes }, container: more }));
    const id = (await runProgram('docker', ['ps', '-q', '--no-trunc', '--filter', `name=k8s_c_${name}_`])).trim();
    const shown = await runProgram('docker', ['exec', id, 'sh', '-c', 'cat /s/file; echo $CANARY']);
    assert.equal(shown.trim(), `${file}${environment}`);
    // An update of the Secret, and a Secret that a pod waits for, are told of as well.
    await world.patch(`${path}/${name}`, { metadata: { labels: { look: 'again' } } });

    const formsOf = (text: string) => [text, Buffer.from(text).toString('base64')];
    const forms = [environment, file].flatMap(formsOf);
    const search = async (folder: string, texts: readonly string[]): Promise<string[]> => {
      const words = texts.flatMap((one) => ['-e', one]).join(' ');
      // Not what is mounted below: Secrets' own folders are in memory.
      const script = `find ${folder} -xdev -type f -exec grep -lF ${words} {} + 2>/dev/null; true`;
      return (await runProgram('sh', ['-c', script])).split('\n').filter((line) => line !== '');
    };
    // etcd's database and log, the cluster's logs, certificates, records and the folders of its pods.
    assert.deepEqual(await search(world.cluster.dataDir, forms), []);
    const dockerRoot = (await runProgram('docker', ['info', '--format', '{{.DockerRootDir}}'])).trim();
    assert.deepEqual(await search(dockerRoot, formsOf(file)), []);
    // What a container is started with, Docker and its containerd keep: docs/secrets.md says so.
    const kept = (await search(dockerRoot, formsOf(environment))).map((path) => path.slice(dockerRoot.length));
    assert(kept.includes(`/containers/${id}/config.v2.json`), kept.join());
    const others = kept.filter((path) => !/^\/containers\/|\/io\.containerd\.metadata\.v1\.bolt\/meta\.db$/.test(path));
    assert.deepEqual(others, []);
    assert.equal(((await stat(join(dockerRoot, 'containers', id))).mode & 0o007).toString(8), '0');

    const commandLines = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "; true';
    const said = [
      await runProgram('sh', ['-c', commandLines]),
      JSON.stringify(await world.list('/api/v1/events')),
      JSON.stringify(await world.list('/apis/events.k8s.io/v1/events')),
      JSON.stringify(made),
      JSON.stringify(await world.list('/api/v1/pods')),
      (await world.client.raw('GET', '/metrics')).text,
      world.cluster.output,
    ];
    for (const [index, text] of said.entries())
      assert.deepEqual(
        forms.filter((one) => text.includes(one)),
        [],
        `place ${index}`,
      );
    await world.delete(pathOf(name));
  });

  describe('that ask for kernel settings', () => {
    const asking = (name: string, setting: string, value: string, more: Json = {}) =>
      scriptPod(name, `cat /proc/sys/${setting.replaceAll('.', '/')}`, {
        spec: { securityContext: { sysctls: [{ name: setting, value }] }, ...more },
      });

    it('get those that are safe, and those that the administrator allows', async () => {
      const safe = await world.runPod(namespace, asking('safe', 'net.ipv4.tcp_fin_timeout', '17'));
      assert.equal(safe.log, '17\n');
      const allowed = await world.runPod(namespace, asking('allowed', 'kernel.msgmax', '4321'));
      assert.equal(allowed.log, '4321\n');
    });

    it('fail with others before anything of them runs', async () => {
      await world.post(podsOf(namespace), asking('unsafe', 'net.core.somaxconn', '1'));
      const pod = await world.until(pathOf('unsafe'), 'has failed', ({ status }) => at(status, 'phase') === 'Failed');
      const { phase, reason, message, containerStatuses } = pod.status as Json;
      const words = 'Pod was rejected: forbidden sysctl: "net.core.somaxconn" not allowlisted';
      assert.deepEqual([phase, reason, message, containerStatuses], ['Failed', 'SysctlForbidden', words, undefined]);
      const events = await eventually('its event', async () => {
        const found = await world.list(`/api/v1/namespaces/${namespace}/events`);
        return found.find((event) => event.reason === 'SysctlForbidden');
      });
      assert.deepEqual(
        [events.type, events.message],
        ['Warning', 'forbidden sysctl: "net.core.somaxconn" not allowlisted'],
      );
    });
  });

  it('with a fork bomb leave the node as usable as it was', { timeout: 240_000 }, async () => {
    const bomb = 'b() { b & b & wait; }; while true; do (b) 2>/dev/null; done';
    await world.post(podsOf(namespace), scriptPod('bomb', bomb, { spec: { restartPolicy: 'Always' } }));
    let most = 0;
    const isFull = async () => {
      const [id = ''] = (await runProgram('docker', ['ps', '-q', '--filter', 'name=k8s_c_bomb_'])).split('\n');
      if (id === '') return false;
      most = Math.max(most, Number(await runProgram('docker', ['stats', '--no-stream', '--format', '{{.PIDs}}', id])));
      return most > maxPids / 2;
    };
    await eventually('it has what it can get', isFull, { timeoutMs: 120_000, everyMs: 500 });
    assert(most <= maxPids, `${most} processes`);
    const { log } = await world.runPod(namespace, scriptPod('neighbour', 'echo usable'));
    assert.equal(log, 'usable\n');
    await world.delete(pathOf('bomb'));
    await world.isGone(pathOf('bomb'));
  });
});
