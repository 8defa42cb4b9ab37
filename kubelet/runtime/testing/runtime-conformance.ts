/** What every runtime must do. The real one and the fake one run it; a bug found on the real one becomes a case. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { ContainerConfig, ContainerState, Runtime, SandboxConfig, Session } from '../runtime.ts';

export interface RuntimeUnderTest {
  readonly runtime: Runtime;
  /** An image on the machine with a shell. */
  readonly imageName: string;
}

let serial = 0;

function sandboxConfig(): SandboxConfig {
  serial += 1;
  return {
    pod: { namespace: 'default', name: `pod-${serial}`, uid: `uid-${serial}` },
    attempt: 0,
    hostname: `pod-${serial}`,
    network: 'pod',
    pid: 'container',
    ipc: 'pod',
    sysctls: {},
    portMappings: [],
  };
}

async function containerConfig(
  { runtime, imageName }: RuntimeUnderTest,
  { pod }: SandboxConfig,
  script: string,
): Promise<ContainerConfig> {
  const image = await runtime.inspectImage(imageName);
  assert(image !== undefined);
  return {
    pod,
    name: 'main',
    kind: 'main',
    attempt: 0,
    specHash: 'hash',
    image: image.id,
    imageName,
    command: ['sh', '-c', script],
    environment: ['GREETING=hello'],
    mounts: [],
    devices: [],
    deviceRequests: [],
    resources: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0, oomScoreAdj: 1000, maxPids: 0 },
    security: {
      supplementalGroups: [],
      privileged: false,
      addCapabilities: [],
      dropCapabilities: [],
      readOnlyRootFilesystem: false,
      noNewPrivileges: false,
      unmaskedProc: false,
      seLinuxLabels: [],
    },
    pid: 'container',
    ipc: 'pod',
    stdin: false,
    stdinOnce: false,
    tty: false,
    annotations: { note: 'kept' },
  };
}

const waiting = 'trap "exit 3" TERM; while true; do sleep 0.05; done';

/** Both outputs, and the exit code. */
async function readSession({ stdout, stderr, done }: Session): Promise<[string, string, number | undefined]> {
  const read = async (stream: AsyncIterable<Buffer>) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  return await Promise.all([read(stdout), read(stderr), done]);
}

/** Registers the cases in the current suite. `open` is called in each; what it opens is closed by the suite. */
export function testRuntime(open: () => Promise<RuntimeUnderTest>): void {
  async function startPod(script: string, more: Partial<ContainerConfig> = {}) {
    const tested = await open();
    const config = sandboxConfig();
    const sandboxId = await tested.runtime.createSandbox(config);
    const wanted = { ...(await containerConfig(tested, config, script)), ...more };
    const id = await tested.runtime.createContainer(sandboxId, wanted);
    const sandbox = await tested.runtime.startSandbox(sandboxId);
    return { ...tested, config, sandbox, id, started: await tested.runtime.startContainer(id) };
  }

  async function untilExited(runtime: Runtime, id: string): Promise<ContainerState> {
    for (;;) {
      const state = await runtime.inspectContainer(id);
      assert(state !== undefined);
      if (state.status.type === 'exited') return state;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('copies what an image holds into a folder', async () => {
    const { runtime, imageName } = await open();
    const image = await runtime.inspectImage(imageName);
    assert(image !== undefined);
    const { signal } = new AbortController();
    const copy = async (path?: string) => {
      const hostFolder = await mkdtemp(join(tmpdir(), 'image-copy-'));
      try {
        const found = await runtime.copyFromImage({ imageId: image.id, path, hostFolder }, signal);
        return { found, names: await readdir(hostFolder) };
      } finally {
        await rm(hostFolder, { recursive: true });
      }
    };
    const whole = await copy();
    assert.equal(whole.found, true);
    assert(whole.names.includes('bin'), String(whole.names));
    const part = await copy('/bin/');
    assert.equal(part.found, true);
    assert(part.names.includes('sh'), String(part.names));
    assert.deepEqual(await copy('/nowhere'), { found: false, names: [] });
    const { containers, sandboxes } = await runtime.list();
    assert(![...containers, ...sandboxes].some(({ pod }) => pod.uid === ''));
  });

  it('sees what is of its cluster or names none, and nothing of another', async () => {
    const tested = await open();
    const { runtime } = tested;
    const makePod = async () => {
      const config = sandboxConfig();
      const sandbox = await runtime.createSandbox(config);
      return [sandbox, await runtime.createContainer(sandbox, await containerConfig(tested, config, waiting))];
    };
    const unnamed = await makePod();
    runtime.useCluster('a');
    const named = await makePod();
    const seen = async () => {
      const { sandboxes, containers } = await runtime.list();
      const owners = new Map([...sandboxes, ...containers].map(({ id, clusterId }) => [id, clusterId ?? 'none']));
      return [...unnamed, ...named].map((id) => owners.get(id));
    };
    assert.deepEqual(await seen(), ['none', 'none', 'a', 'a']);
    runtime.useCluster('b');
    assert.deepEqual(await seen(), ['none', 'none', undefined, undefined]);
    runtime.useCluster('a');
    for (const id of [...unnamed, ...named].reverse()) await runtime.remove(id);
  });

  it('makes a pod whose parts say what they are', async () => {
    const { runtime, config, sandbox, started } = await startPod(waiting);
    assert.equal(sandbox.running, true);
    assert.match(sandbox.ip ?? '', /^\d+\.\d+\.\d+\.\d+$/);
    assert.deepEqual(started.pod, config.pod);
    assert.equal(started.status.type, 'running');
    assert.equal(started.sandboxId, sandbox.id);
    assert.deepEqual(started.annotations, { note: 'kept' });
    const listed = await runtime.list();
    assert.deepEqual(
      listed.containers.find(({ id }) => id === started.id),
      started,
    );
    assert.deepEqual(
      listed.sandboxes.find(({ id }) => id === sandbox.id),
      sandbox,
    );
  });

  it('says what runs uses, and nothing of what does not', async () => {
    const { runtime, sandbox, started } = await startPod(waiting);
    const ids = [sandbox.id, started.id];
    const [first, second] = [await runtime.stats(ids), await runtime.stats([...ids, 'no-such-container'])];
    assert.deepEqual(first.map(({ id }) => id).sort(), [...ids].sort());
    assert.equal(second.length, 2);
    for (const before of first) {
      const after = second.find(({ id }) => id === before.id);
      assert(after !== undefined && after.at >= before.at && after.cpuNanoseconds >= before.cpuNanoseconds);
      assert(before.workingSetBytes > 0 && before.workingSetBytes <= before.memoryUsageBytes);
      if (before.id === sandbox.id) assert(before.interfaces !== undefined);
    }
    await runtime.stop(started.id, 0);
    assert.deepEqual(
      (await runtime.stats(ids)).map(({ id }) => id),
      [sandbox.id],
    );
  });

  it('keeps the exit code of what ended by itself', async () => {
    const { runtime, id } = await startPod('exit 7');
    const { status } = await untilExited(runtime, id);
    assert(status.type === 'exited');
    assert.equal(status.exitCode, 7);
    assert(status.finishedAt >= status.startedAt && status.startedAt > 0);
  });

  it('gives other amounts to what runs', async () => {
    const { runtime, id, started } = await startPod(waiting);
    const before = (await containerConfig(await open(), sandboxConfig(), '')).resources;
    await runtime.updateResources(id, { ...before, cpuShares: 51, cpuQuota: 5_000, memoryBytes: 32 * 2 ** 20 });
    const after = await runtime.inspectContainer(id);
    assert.deepEqual(after?.status, started.status); // it was not started again
    await runtime.stop(id, 0);
  });

  it('asks before it kills', async () => {
    const { runtime, id } = await startPod(waiting);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await runtime.stop(id, 10);
    const { status } = await untilExited(runtime, id);
    assert.equal(status.type === 'exited' && status.exitCode, 3);
    await runtime.stop(id, 10); // over already: success
  });

  it('kills what does not listen', async () => {
    const { runtime, id } = await startPod('trap "" TERM; while true; do sleep 0.05; done');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await runtime.stop(id, 1);
    const { status } = await untilExited(runtime, id);
    assert.equal(status.type === 'exited' && status.exitCode, 137);
  });

  it('says of a program that cannot be run why', async () => {
    const tested = await open();
    const config = sandboxConfig();
    const sandboxId = await tested.runtime.createSandbox(config);
    await tested.runtime.startSandbox(sandboxId);
    const wanted = { ...(await containerConfig(tested, config, '')), command: ['/not-there'] };
    const id = await tested.runtime.createContainer(sandboxId, wanted);
    const { status } = await tested.runtime.startContainer(id);
    assert(status.type === 'exited');
    assert.equal(status.exitCode, 128);
    assert.match(status.startError ?? '', /not-there/);
    assert.deepEqual((await tested.runtime.inspectContainer(id))?.status, status);
  });

  it('says of what may not be mounted as it is asked for that the container ended so', async () => {
    const tested = await open();
    const config = sandboxConfig();
    const sandboxId = await tested.runtime.createSandbox(config);
    await tested.runtime.startSandbox(sandboxId);
    // The mounts of the machine that tests run on are private.
    const mount = { hostPath: '/opt', containerPath: '/opt', readOnly: true, propagation: 'rslave' } as const;
    const wanted = { ...(await containerConfig(tested, config, waiting)), mounts: [mount] };
    const id = await tested.runtime.createContainer(sandboxId, wanted);
    const { status } = await tested.runtime.startContainer(id);
    assert(status.type === 'exited');
    assert.equal(status.exitCode, 128);
    assert.match(status.startError ?? '', /not a shared or slave mount/);
    assert.deepEqual((await tested.runtime.inspectContainer(id))?.status, status);
  });

  it('hands a device of the node to a container', async () => {
    const devices = [{ hostPath: '/dev/zero', containerPath: '/dev/other-zero', permissions: 'r' }];
    const script = 'test "$(head -c 3 /dev/other-zero | wc -c)" = 3 || exit $?';
    const { runtime, id } = await startPod(script, { devices });
    const { status } = await untilExited(runtime, id);
    assert.equal(status.type === 'exited' && status.exitCode, 0);
  });

  it('says of a device that is not there that the container ended so', async () => {
    const devices = [{ hostPath: '/dev/no-such-device', containerPath: '/dev/x', permissions: 'r' }];
    const { started } = await startPod(waiting, { devices });
    assert(started.status.type === 'exited');
    assert.match(started.status.startError ?? '', /no-such-device.*no such file or directory/);
  });

  it('tells which devices it can hand out beside those of the node', async () => {
    const { cdiFolders, cdiDevices = [], drivers } = await (await open()).runtime.deviceSupport();
    assert.ok(cdiFolders.every((folder) => folder.startsWith('/')));
    assert.ok([...cdiDevices, ...drivers].every((name) => name !== ''));
  });

  it('replaces a leftover of the same name', async () => {
    const tested = await open();
    const config = sandboxConfig();
    const first = await tested.runtime.createSandbox(config);
    const second = await tested.runtime.createSandbox(config);
    assert.notEqual(first, second);
    assert.equal(await tested.runtime.inspectSandbox(first), undefined);
  });

  it('removes what runs, and once more', async () => {
    const { runtime, id, sandbox } = await startPod(waiting);
    await runtime.remove(id);
    await runtime.remove(id);
    await runtime.remove(sandbox.id);
    assert.equal(await runtime.inspectContainer(id), undefined);
    const { containers, sandboxes } = await runtime.list();
    assert(!containers.some((one) => one.id === id) && !sandboxes.some((one) => one.id === sandbox.id));
  });

  it('tells when something ends', { timeout: 20_000 }, async () => {
    const { runtime, id, config } = await startPod(waiting);
    const stop = new AbortController();
    const seen = (async () => {
      for await (const event of runtime.events(stop.signal)) if (event.id === id) return event;
      return undefined;
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await runtime.stop(id, 5);
    assert.deepEqual(await seen, { type: 'container', id, podUid: config.pod.uid });
    stop.abort();
  });

  async function readLog(runtime: Runtime, id: string, tailLines?: number): Promise<string> {
    const options = { follow: false, timestamps: false, stdout: true, stderr: true, tailLines };
    const chunks: Buffer[] = [];
    for await (const chunk of runtime.logs(id, options, new AbortController().signal)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it('gives the log, whole and by its end', async () => {
    const { runtime, id } = await startPod('echo one; echo two; echo three');
    await untilExited(runtime, id);
    assert.equal(await readLog(runtime, id), 'one\ntwo\nthree\n');
    assert.equal(await readLog(runtime, id, 1), 'three\n');
  });

  it('mounts files and folders, whatever characters are in their paths', async () => {
    const hostPath = await mkdtemp(join(tmpdir(), 'a:b,c d=e'));
    try {
      const file = join(hostPath, 'f:ro');
      await writeFile(file, 'text\n');
      const mounts = [
        { hostPath, containerPath: '/in:side, it', readOnly: false },
        { hostPath: file, containerPath: '/file:rw', readOnly: true },
      ];
      const { runtime, id } = await startPod('cat "/in:side, it/f:ro"; cat "/file:rw"', { mounts });
      await untilExited(runtime, id);
      assert.equal(await readLog(runtime, id), 'text\ntext\n');
    } finally {
      await rm(hostPath, { recursive: true });
    }
  });

  it('runs a command inside, with input and exit code', async () => {
    const { runtime, id } = await startPod(waiting);
    const options = { stdin: true, stdout: true, stderr: true, tty: false };
    const session = await runtime.exec(id, ['sh', '-c', 'cat; echo bad >&2; exit 4'], options);
    session.stdin?.end('some input\n');
    assert.deepEqual(await readSession(session), ['some input\n', 'bad\n', 4]);
  });

  it('hears of the end of a command whatever is listened to', async () => {
    const { runtime, id } = await startPod(waiting);
    const none = { stdin: false, stdout: false, stderr: false, tty: false };
    for (const stream of ['stdin', 'stdout', 'stderr'] as const) {
      const session = await runtime.exec(id, ['sh', '-c', 'echo out; echo bad >&2; exit 4'], {
        ...none,
        [stream]: true,
      });
      const expected = [stream === 'stdout' ? 'out\n' : '', stream === 'stderr' ? 'bad\n' : '', 4];
      assert.deepEqual(await readSession(session), expected, stream);
    }
  });

  it('ends an attach to what has ended', { timeout: 20_000 }, async () => {
    const { runtime, id } = await startPod('exit 0');
    await untilExited(runtime, id);
    const session = await runtime.attach(id, { stdin: false, stdout: true, stderr: true, tty: false });
    const [stdout, stderr] = await readSession(session);
    assert.deepEqual([stdout, stderr], ['', '']);
  });

  it('keeps an image that a container is made of, whether it runs or not', async () => {
    const tested = await open();
    const { runtime, imageName } = tested;
    const config = sandboxConfig();
    const sandboxId = await runtime.createSandbox(config);
    const wanted = await containerConfig(tested, config, waiting);
    await runtime.createContainer(sandboxId, wanted);
    assert.equal((await runtime.imagesInUse()).has(wanted.image), true);
    await runtime.removeImage(wanted.image);
    assert.equal((await runtime.inspectImage(imageName))?.id, wanted.image);
  });

  it('says where a container keeps what it wrote, and nothing of one that is not there', async () => {
    const { runtime, started } = await startPod(waiting);
    const files = await runtime.containerFiles(started.id);
    assert(files !== undefined);
    assert.equal(typeof (await runtime.writtenBytes(started.id)), 'number');
    assert.equal(await runtime.containerFiles('no-such-container'), undefined);
    assert.equal(await runtime.writtenBytes('no-such-container'), undefined);
    const { imageFolder, logFolder } = await runtime.storage();
    assert.match(`${imageFolder} ${logFolder}`, /^\/.* \//);
  });

  it('knows which images are not there', async () => {
    const { runtime } = await open();
    assert.equal(await runtime.inspectImage('longshore.test/none:1'), undefined);
  });
}
