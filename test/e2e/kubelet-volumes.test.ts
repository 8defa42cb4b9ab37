/** Volumes that need more than a folder, in a whole cluster: of a CSI driver, of images, filled from images, of NFS. */

import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { at, type Json } from '../conformance/api-user.ts';
import { CsiDriver } from '../support/csi-driver.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram } from '../support/local-cluster.ts';
import { ClusterWorld, podsOf, scriptPod } from './conformance/cluster-world.ts';

const contentImage = 'longshore-test/content:1';
const sleep = 'exec sleep 100000';

/** An image with files of several owners and kinds, some of them hostile. */
async function importContent(): Promise<void> {
  const script = `
    set -e
    tree=$(mktemp -d)
    mkdir -p "$tree/data/sub" "$tree/bin"
    install "$(command -v busybox)" "$tree/bin/busybox"
    for applet in sh ls cat stat sleep echo touch id; do ln -s busybox "$tree/bin/$applet"; done
    echo hello >"$tree/data/file"; echo deep >"$tree/data/sub/deep"
    chown 1000:1001 "$tree/data" "$tree/data/file"; chmod 2770 "$tree/data"; chmod 640 "$tree/data/file"
    ln -s /etc/shadow "$tree/data/out"; ln -s ../../../../../../etc/passwd "$tree/data/up"
    ln "$tree/data/file" "$tree/data/hard"
    mknod "$tree/data/null" c 1 3; mkfifo "$tree/data/pipe"
    install -m 4755 "$(command -v busybox)" "$tree/data/suid"
    tar -C "$tree" -c . | docker import -c 'ENV PATH=/bin' - "$0"
    rm -r "$tree"`;
  await runProgram('bash', ['-c', script, contentImage]);
}

describe('volumes', { timeout: 900_000 }, () => {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    await importContent();
    world = await ClusterWorld.start();
    namespace = await world.namespace();
  });
  after(() => world?.stop());

  const gone = async (name: string) => {
    await world.delete(`${podsOf(namespace)}/${name}`, { gracePeriodSeconds: 0 });
    await eventually(`${name} is gone`, async () => {
      const left = await world.list(`${podsOf(namespace)}`);
      return !left.some((pod) => at(pod, 'metadata.name') === name);
    });
  };
  const mountedPaths = async () =>
    (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  const eventOf = (pod: string, reason: string) =>
    eventually(`an event ${reason}`, async () => {
      const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.name=${pod},reason=${reason}`;
      const [event] = await world.list(path);
      return event && String(event.message);
    });

  describe('of images', () => {
    const volumes = [{ name: 'content', image: { reference: contentImage, pullPolicy: 'IfNotPresent' } }];
    const mount = (more: Json = {}): Json => ({ volumeMounts: [{ name: 'content', mountPath: '/content', ...more }] });

    it('show what is in it, for reading alone, and nothing of it runs or reaches out', async () => {
      const script = [
        'cat /content/data/file',
        'stat -c "%u %g %a" /content/data /content/data/file',
        'readlink /content/data/out',
        'touch /content/new 2>/dev/null && echo written',
        '/content/data/suid true 2>/dev/null && echo ran',
        'cat /content/data/null >/dev/null 2>&1 && echo device',
        'true',
      ].join('; ');
      const { log } = await world.runPod(
        namespace,
        scriptPod('image', script, { spec: { volumes }, container: mount() }),
      );
      assert.equal(log, 'hello\n1000 1001 2770\n1000 1001 640\n/etc/shadow\n');
      await gone('image');
    });

    it('show a part of it', async () => {
      const container = mount({ subPath: 'data/sub' });
      const { log } = await world.runPod(
        namespace,
        scriptPod('part', 'cat /content/deep', { spec: { volumes }, container }),
      );
      assert.equal(log, 'deep\n');
      await gone('part');
    });

    it('are kept once for all pods, until the last is gone', async () => {
      const pod = (name: string) => scriptPod(name, sleep, { spec: { volumes }, container: mount() });
      await Promise.all([world.startPod(namespace, pod('one')), world.startPod(namespace, pod('two'))]);
      const folders = () => readdir(join(world.cluster.dataDir, 'kubelet/image-volumes'));
      assert.equal((await folders()).length, 1);
      await gone('one');
      assert.equal(await world.exec(namespace, 'two', 'cat /content/data/file'), 'hello\n');
      await gone('two');
      await eventually('its folder is removed', async () => (await folders()).length === 0);
      const mountPoints = async () => (await mountedPaths()).filter((path) => path.includes('/volumes/image/'));
      await eventually('nothing of it is mounted', async () => (await mountPoints()).length === 0);
    });

    it('wait as containers do for an image that cannot be had', async () => {
      const absent = [{ name: 'content', image: { reference: contentImage.replace(':1', ':2'), pullPolicy: 'Never' } }];
      await world.post(
        podsOf(namespace),
        scriptPod('absent', sleep, { spec: { volumes: absent }, container: mount() }),
      );
      await world.until(`${podsOf(namespace)}/absent`, 'waits', (pod) =>
        JSON.stringify(pod).includes('ErrImageNeverPull'),
      );
      await gone('absent');
    });
  });

  describe('of claims that are filled', () => {
    const filled = async (name: string, script: string, more: Json = {}) => {
      const pod = scriptPod(name, script, {
        spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'filled' } }] },
        container: { image: contentImage, volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      });
      const metadata = { ...(pod.metadata as Json), annotations: { 'longshore.dev/fill-volumes-from-image': 'data' } };
      const { log } = await world.runPod(namespace, { ...pod, metadata, ...more });
      await gone(name);
      return log;
    };

    it('hold what the image has there, with its owners and modes, and are filled once', async () => {
      await world.post(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`, {
        metadata: { name: 'filled' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      });
      const look = 'cd /data; ls -A; stat -c "%u %g %a" . file sub; cat file; echo more >file';
      assert.equal(
        await filled('fill', look),
        'file\nhard\nout\nsub\nsuid\nup\n1000 1001 2770\n1000 1001 640\n0 0 755\nhello\n',
      );
      assert.equal(await filled('again', 'cat /data/file'), 'more\n');
    });
  });

  describe('of a CSI driver', () => {
    let driver: CsiDriver;
    before(async () => {
      driver = new CsiDriver({ pluginRoot: '/var/lib/kubelet', mounts: true });
      await driver.start();
      await eventually('it is registered', () => driver.told.length > 0);
      await world.post('/apis/storage.k8s.io/v1/csidrivers', {
        metadata: { name: driver.name },
        spec: { attachRequired: false, fsGroupPolicy: 'File', volumeLifecycleModes: ['Persistent', 'Ephemeral'] },
      });
      await world.post('/api/v1/persistentvolumes', {
        metadata: { name: 'driven' },
        spec: {
          ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: '' },
          csi: { driver: driver.name, volumeHandle: 'driven', fsType: 'ext4' },
        },
      });
      await world.post(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`, {
        metadata: { name: 'driven' },
        spec: {
          ...{ accessModes: ['ReadWriteOnce'], storageClassName: '', volumeName: 'driven' },
          resources: { requests: { storage: '1Gi' } },
        },
      });
    });
    after(() => driver?.stop());

    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'driven' } }];
    const container = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };

    it('keep what is written, for the group of the pod, and are unmounted with it', async () => {
      const securityContext = { fsGroup: 3000, runAsUser: 1000 };
      const write = scriptPod('write', 'stat -c "%g %a" /data; echo kept >/data/x; stat -c %g /data/x', {
        spec: { volumes, securityContext },
        container,
      });
      assert.equal((await world.runPod(namespace, write)).log, '3000 2775\n3000\n');
      await gone('write');
      await eventually('it is unmounted', async () => !(await mountedPaths()).some((path) => /csi/.test(path)));
      const { log } = await world.runPod(namespace, scriptPod('read', 'cat /data/x', { spec: { volumes }, container }));
      assert.equal(log, 'kept\n');
      await gone('read');
    });

    it('are inside the pod itself', async () => {
      const inline = [{ name: 'data', csi: { driver: driver.name, volumeAttributes: { size: '1' } } }];
      const { log } = await world.runPod(
        namespace,
        scriptPod('inline', 'cat /data/.published', { spec: { volumes: inline }, container }),
      );
      assert.equal(log, '{"size":"1"}');
      await gone('inline');
    });
  });

  describe('of NFS', () => {
    const helper = '/usr/sbin/mount.nfs';
    /** Of the sandbox alone: what is put there is not on the machine. */
    before(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sbin-'));
      for (const part of ['upper', 'work']) await mkdir(join(folder, part));
      const options = `lowerdir=/usr/sbin,upperdir=${folder}/upper,workdir=${folder}/work`;
      await runProgram('mount', ['-t', 'overlay', 'overlay', '-o', options, '/usr/sbin']);
    });
    after(() => runProgram('umount', ['--lazy', '/usr/sbin']));
    const nfsPod = (name: string, script: string) =>
      scriptPod(name, script, {
        spec: { volumes: [{ name: 'data', nfs: { server: 'files.example', path: '/export' } }] },
        container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      });

    it('say what is missing on the node', async () => {
      await world.post(podsOf(namespace), nfsPod('no-helper', sleep));
      assert.match(await eventOf('no-helper', 'FailedMount'), /this node has no program mount\.nfs/);
      await gone('no-helper');
    });

    it('are mounted by the system’s helper', async () => {
      // What a server would export.
      await mkdir('/var/lib/exported', { recursive: true });
      await writeFile('/var/lib/exported/file', 'from afar\n');
      await writeFile(
        helper,
        '#!/bin/sh\n[ "$1" = files.example:/export ] && exec mount --bind /var/lib/exported "$2"\n',
      );
      await chmod(helper, 0o755);
      const { log } = await world.runPod(namespace, nfsPod('nfs', 'cat /data/file'));
      assert.equal(log, 'from afar\n');
      await gone('nfs');
      await eventually('it is unmounted', async () => !(await mountedPaths()).some((path) => path.includes('/nfs/')));
      assert.equal(await readFile('/var/lib/exported/file', 'utf8'), 'from afar\n');
    });
  });
});
