/** Streams of the official JavaScript client on a whole cluster: exec, cp, attach, port-forward, logs. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createGunzip } from 'node:zlib';
import * as k8s from '@kubernetes/client-node';
import { eventually } from '../../support/eventually.ts';
import { bigFileSize, namespace, StreamingCluster } from './streaming-cluster.ts';

/** Keeps what is written. */
class Collector extends Writable {
  readonly chunks: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }
}

/** A terminal, as the client knows one: an output with a size. */
class Terminal extends Collector {
  columns = 123;
  rows = 45;

  resize(columns: number, rows: number): void {
    [this.columns, this.rows] = [columns, rows];
    this.emit('resize');
  }
}

/** The client asks `tar` in the pod for a zipped archive and unpacks it as if it were none. */
class UnzippingExec extends k8s.Exec {
  override exec(...words: Parameters<k8s.Exec['exec']>): ReturnType<k8s.Exec['exec']> {
    const [namespace_, pod, container, command, stdout, ...others] = words;
    const gunzip = createGunzip();
    if (stdout !== null) gunzip.pipe(stdout);
    return super.exec(namespace_, pod, container, command, gunzip, ...others);
  }
}

interface ExecOptions {
  readonly stdin?: Readable | null;
  readonly stdout?: Collector | null;
  readonly tty?: boolean;
  readonly container?: string;
}

/** The WebSocket package says no more than the code of the answer. */
const refusedWith =
  (code: number) =>
  (event: unknown): boolean =>
    (event as { message?: string }).message === `Unexpected server response: ${code}`;

const exitCode = (status: k8s.V1Status): string | undefined =>
  status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;

describe('streams of @kubernetes/client-node', { timeout: 240_000 }, () => {
  let target: StreamingCluster;
  let config: k8s.KubeConfig;
  let core: k8s.CoreV1Api;
  let folder: string;

  before(async () => {
    target = await StreamingCluster.start();
    config = new k8s.KubeConfig();
    config.loadFromFile(target.kubeconfig);
    core = config.makeApiClient(k8s.CoreV1Api);
    folder = await mkdtemp(join(tmpdir(), 'longshore-client-node-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
    await target.remove();
  });

  /** Runs a command to its end. */
  async function exec(pod: string, command: string[], options: ExecOptions = {}) {
    const { stdin = null, stdout = new Collector(), tty = false, container = 'c' } = options;
    const stderr = tty ? null : new Collector();
    const status = await new Promise<k8s.V1Status>((resolve, reject) => {
      new k8s.Exec(config)
        .exec(namespace, pod, container, command, stdout, stderr, stdin, tty, resolve)
        .then((socket) => socket.on('close', () => reject(new Error('closed without a status'))), reject);
    });
    return { status, stdout: stdout?.bytes ?? Buffer.alloc(0), stderr: stderr?.text ?? '' };
  }

  it('exec keeps both outputs apart and says success', async () => {
    const { status, stdout, stderr } = await exec('streams', ['sh', '-c', 'echo out; echo err >&2']);
    assert.equal(status.status, 'Success');
    assert.equal(stdout.toString(), 'out\n');
    assert.equal(stderr, 'err\n');
  });

  it('exec has the exit code of a command that fails', async () => {
    const { status } = await exec('streams', ['sh', '-c', 'exit 7']);
    assert.equal(status.status, 'Failure');
    assert.equal(status.reason, 'NonZeroExitCode');
    assert.equal(exitCode(status), '7');
  });

  it('exec says that there is no such program', async () => {
    const { status } = await exec('streams', ['/bin/absent']);
    assert.equal(status.status, 'Failure');
    assert.match(status.message ?? '', /absent.*no such file/);
  });

  it('exec is refused for a container that does not exist, and for a pod', async () => {
    await assert.rejects(exec('streams', ['true'], { container: 'other' }), refusedWith(400));
    await assert.rejects(exec('absent', ['true']), refusedWith(404));
  });

  it('exec brings megabytes in and back, until the input ends', async () => {
    const bytes = randomBytes(6 * 1024 * 1024);
    const { status, stdout } = await exec('streams', ['cat'], { stdin: Readable.from(chunksOf(bytes)) });
    assert.equal(status.status, 'Success');
    assert.ok(stdout.equals(bytes), `${stdout.length} of ${bytes.length} bytes`);
  });

  it('exec leaves an effect', async () => {
    const { status } = await exec('streams', ['sh', '-c', 'cat >/tmp/noted'], { stdin: Readable.from(['from js']) });
    assert.equal(status.status, 'Success');
    assert.equal((await exec('streams', ['cat', '/tmp/noted'])).stdout.toString(), 'from js');
  });

  it('exec in a terminal has its size and follows it', async () => {
    const stdout = new Terminal();
    const stdin = new PassThrough();
    const script =
      'echo begun; until [ "$(stty size)" = "45 123" ]; do sleep 0.1; done; echo small; read word; ' +
      'until [ "$(stty size)" = "50 200" ]; do sleep 0.1; done; echo "large, $word"; test -t 0 && exit 4';
    const running = exec('streams', ['sh', '-c', script], { stdin, stdout, tty: true });
    await eventually('the first size', () => stdout.text.includes('small\r\n'));
    stdout.resize(200, 50);
    stdin.write('typed\n');
    assert.equal(exitCode((await running).status), '4');
    assert.match(stdout.text, /typed\r\nlarge, typed\r\n/);
  });

  it('attach talks to the running program, both outputs apart', async () => {
    const [stdout, stderr, stdin] = [new Collector(), new Collector(), new PassThrough()];
    const socket = await new k8s.Attach(config).attach(namespace, 'streams', 'c', stdout, stderr, stdin, false);
    stdin.write('from js\n');
    await eventually('it has heard', () => stdout.text.includes('heard from js\n'));
    await eventually('it has noted', () => stderr.text.includes('noted from js\n'));
    await eventually('it goes on', () => /tick \d+\n/.test(stdout.text));
    socket.close();
    const { status } = await target.read('streams');
    assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
  });

  it('attach to a terminal resizes it', async () => {
    const [stdout, stdin] = [new Terminal(), new PassThrough()];
    const socket = await new k8s.Attach(config).attach(namespace, 'terminal', 'c', stdout, null, stdin, true);
    await eventually('the size arrives', () => {
      stdin.write('size?\n');
      return stdout.text.includes('heard size? at 45 123\r\n');
    });
    stdout.resize(90, 33);
    await eventually('the new size arrives', () => {
      stdin.write('now?\n');
      return stdout.text.includes('heard now? at 33 90\r\n');
    });
    socket.close();
  });

  it('attach ends when the program does', async () => {
    await target.createEnding('attached-js');
    const stdout = new Collector();
    const socket = await new k8s.Attach(config).attach(namespace, 'attached-js', 'c', stdout, null, null, false);
    const closed = once(socket, 'close');
    await exec('attached-js', ['touch', '/go']);
    await closed;
    assert.match(stdout.text, /^(first\n)?last\n$/);
  });

  it('cp brings files there and back', async () => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    const bytes = randomBytes(3 * 1024 * 1024);
    await mkdir(from);
    await writeFile(join(from, 'blob'), bytes);
    await exec('streams', ['mkdir', '-p', '/tmp/js']);
    await new k8s.Cp(config).cpToPod(namespace, 'streams', 'c', from, '/tmp/js');
    const wanted = createHash('sha256').update(bytes).digest('hex');
    await eventually('the file is there', async () =>
      (await exec('streams', ['sha256sum', '/tmp/js/blob'])).stdout.toString().startsWith(wanted),
    );
    await mkdir(to);
    await new k8s.Cp(config, new UnzippingExec(config)).cpFromPod(namespace, 'streams', 'c', 'blob', to, '/tmp/js');
    await eventually('the file is back', async () => (await readFile(join(to, 'blob'))).equals(bytes));
  });

  /** A local port that carries each connection to a port of the pod: what the client's documentation shows. */
  async function listenFor(port: number): Promise<{ readonly url: string; readonly port: number; close(): void }> {
    const forward = new k8s.PortForward(config);
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      forward.portForward(namespace, 'streams', [port], socket, null, socket).then(
        (opened) => {
          const webSocket = typeof opened === 'function' ? opened() : opened;
          webSocket?.on('close', () => socket.end());
          socket.on('close', () => webSocket?.close());
        },
        () => socket.destroy(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: localPort } = server.address() as net.AddressInfo;
    return { url: `http://127.0.0.1:${localPort}`, port: localPort, close: () => void server.close() };
  }

  const fetchOnce = async (url: string): Promise<Buffer> => {
    const response = await fetch(url, { headers: { connection: 'close' } });
    assert.equal(response.status, 200);
    return Buffer.from(await response.arrayBuffer());
  };

  it('port-forward brings HTTP of several ports, of loopback too', async () => {
    const heard: string[] = [];
    for (const port of [8080, 8081, 8082]) {
      const local = await listenFor(port);
      heard.push((await fetchOnce(`${local.url}/`)).toString());
      local.close();
    }
    assert.deepEqual(heard, ['I am streams\n', 'another port\n', 'another port\n']);
  });

  it('port-forward brings a big file whole, to many at once', async () => {
    const local = await listenFor(8080);
    const [sum] = (await exec('streams', ['sha256sum', '/www/a/big'])).stdout.toString().split(' ');
    const files = await Promise.all([1, 2, 3].map(() => fetchOnce(`${local.url}/big`)));
    for (const file of files) {
      assert.equal(file.length, bigFileSize);
      assert.equal(createHash('sha256').update(file).digest('hex'), sum);
    }
    local.close();
  });

  it('port-forward says that nobody listens, and hangs up', async () => {
    const [output, errors, input] = [new Collector(), new Collector(), new PassThrough()];
    const opened = await new k8s.PortForward(config).portForward(namespace, 'streams', [9], output, errors, input);
    assert.ok(typeof opened !== 'function');
    const closed = once(opened, 'close');
    await closed;
    assert.match(errors.text, /error forwarding port 9 to pod.*refused/i);
    assert.equal(output.text, '');
  });

  it('log follows until the container ends', async () => {
    await target.createEnding('logged-js');
    const stream = new Collector();
    const log = new k8s.Log(config);
    await log.log(namespace, 'logged-js', 'c', stream, { follow: true });
    await eventually('the first line', () => stream.text === 'first\n');
    const finished = once(stream, 'finish');
    await exec('logged-js', ['touch', '/go']);
    await finished;
    assert.deepEqual(stream.text.split('\n').sort(), ['', 'complaint', 'first', 'last']);
    const failed = await target.untilPhase('logged-js', 'Failed');
    assert.equal(failed.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 3);
    const tail = new Collector();
    await log.log(namespace, 'logged-js', 'c', tail, { tailLines: 1, timestamps: true });
    await once(tail, 'finish');
    assert.match(tail.text, /^\d{4}-\d\d-\d\dT\S+Z (last|complaint)\n$/);
    const limited = await core.readNamespacedPodLog({ namespace, name: 'logged-js', limitBytes: 3 });
    assert.equal(limited, 'fir');
    await assert.rejects(log.log(namespace, 'logged-js', 'other', new Collector()), { code: 400 });
    await assert.rejects(exec('logged-js', ['true']), refusedWith(500));
  });

  it('log -f is left when the client hangs up', async () => {
    const stream = new Collector();
    const controller = await new k8s.Log(config).log(namespace, 'streams', 'c', stream, { follow: true, tailLines: 1 });
    await eventually('some lines', () => (stream.text.match(/tick/g) ?? []).length > 2);
    controller.abort();
    assert.match(stream.text, /^tick \d+\n/);
  });

  it('an informer sees a pod from creation to its end', async () => {
    const phases: string[] = [];
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const informer = k8s.makeInformer(config, path, () => core.listNamespacedPod({ namespace }));
    const see = (pod: k8s.V1Pod) => {
      if (pod.metadata?.name === 'informed-js') phases.push(pod.status?.phase ?? '');
    };
    informer.on('add', see);
    informer.on('update', see);
    informer.on('delete', (pod) => pod.metadata?.name === 'informed-js' && phases.push('deleted'));
    await informer.start();
    try {
      await target.createEnding('informed-js');
      await exec('informed-js', ['touch', '/go']);
      await eventually('it has failed', () => phases.at(-1) === 'Failed');
      await core.deleteNamespacedPod({ namespace, name: 'informed-js' });
      await eventually('it is gone', () => phases.at(-1) === 'deleted');
    } finally {
      await informer.stop();
    }
    assert.equal(phases[0], 'Pending');
    assert.ok(phases.includes('Running'));
  });

  it('top sums up what the pods of a node ask for; metrics say what they use', async () => {
    const nodes = await k8s.topNodes(core);
    assert.equal(nodes.length, 1);
    assert.ok(Number(nodes[0]?.CPU.Capacity) > 0);
    const metrics = new k8s.Metrics(config);
    const [node] = (await metrics.getNodeMetrics()).items;
    assert.ok(Number.parseInt(node?.usage.memory ?? '', 10) > 0);
    const talking = await eventually('the pod is measured', async () =>
      (await metrics.getPodMetrics(namespace)).items.find(({ metadata }) => metadata.name === 'streams'),
    );
    assert.ok(Number.parseInt(talking.containers[0]?.usage.memory ?? '', 10) > 0);
    assert.notEqual(talking.containers[0]?.usage.cpu, '0');
  });

  it('the proxy of a pod answers for it', async () => {
    const text = await core.connectGetNamespacedPodProxy({ namespace, name: 'streams:8081' });
    assert.equal(text, 'another port\n');
  });
});

/** As a file would be read. */
function* chunksOf(bytes: Buffer): Generator<Buffer> {
  const size = 64 * 1024;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
