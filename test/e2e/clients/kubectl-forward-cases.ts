/** Port-forward of kubectl: several ports, big transfers, ends of one direction, and ports where nobody listens. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import type { Trial } from '../../clients/kubectl/trial.ts';
import { collect, type StreamCase, until } from './stream-trial.ts';
import { bigFileSize } from './streaming-cluster.ts';

/** Forwards from free local ports while `use` runs; it gets them in the order of the ports. */
async function forwarding(
  trial: Trial,
  command: string,
  use: (ports: readonly number[], errors: () => string) => Promise<void>,
): Promise<void> {
  const child = trial.start(command);
  const [stdout, stderr, closed] = [collect(child.stdout), collect(child.stderr), once(child, 'close')];
  try {
    const remote = [...command.matchAll(/ :(\d+)/g)].map(([, port = '']) => port);
    const local: number[] = [];
    for (const port of remote) {
      const wanted = new RegExp(`127\\.0\\.0\\.1:(\\d+) -> ${command.includes('service/') ? '8080' : port}\\b`);
      local.push(Number((await until(`it listens for ${port}`, stdout, wanted))[1]));
    }
    await use(local, stderr);
  } finally {
    child.kill();
    await closed;
  }
}

async function fetchBytes(port: number | undefined, path = '/'): Promise<Buffer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

/** Sends all, ends its direction, and reads what comes until the other side ends. */
async function converse(port: number | undefined, bytes: Buffer): Promise<string> {
  const socket = net.connect({ port: port ?? 0, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(bytes);
  return Buffer.concat(await socket.toArray()).toString();
}

export const forwardCases: readonly StreamCase[] = [
  {
    name: 'port-forward brings HTTP of several ports, again and again',
    run: ({ trial }) =>
      forwarding(trial, 'port-forward pod/streams :8080 :8081 :8082', async (ports) => {
        for (let round = 0; round < 3; round += 1) {
          const heard = await Promise.all(ports.map(async (port) => (await fetchBytes(port)).toString()));
          assert.deepEqual(heard, ['I am streams\n', 'another port\n', 'another port\n']);
        }
        trial.note('port-forward pod/streams :8080 :8081 :8082');
      }),
  },
  {
    name: 'port-forward to a service brings a big file whole, to many at once',
    run: ({ trial }) =>
      forwarding(trial, 'port-forward service/streams :80', async ([port]) => {
        const [sum] = (await trial.ok('exec streams -- sha256sum /www/a/big')).split(' ');
        for (const file of await Promise.all([1, 2, 3].map(() => fetchBytes(port, '/big')))) {
          assert.equal(file.length, bigFileSize);
          assert.equal(createHash('sha256').update(file).digest('hex'), sum);
        }
        trial.note('port-forward service/streams :80');
      }),
  },
  {
    name: 'port-forward carries megabytes in, and the end of one direction',
    run: ({ trial }) =>
      forwarding(trial, 'port-forward pod/streams :8083', async ([port]) => {
        const bytes = randomBytes(5 * 1024 * 1024);
        const sum = createHash('md5').update(bytes).digest('hex');
        assert.equal(await converse(port, bytes), `${sum}  -\n`);
      }),
  },
  {
    name: 'port-forward says that nobody listens',
    run: ({ trial }) =>
      forwarding(trial, 'port-forward pod/streams :9', async ([port], errors) => {
        assert.equal(await converse(port, Buffer.from('hello?')), '');
        await until('it says why', errors, /error forwarding port 9 to pod.*refused/i);
      }),
  },
];
