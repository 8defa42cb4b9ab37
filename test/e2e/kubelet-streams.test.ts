/**
 * Exec, attach and logs, from a client through the API server and the kubelet to a real engine: what was sent arrives,
 * whichever side closes first, in every protocol.
 */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources/core.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { RunningKubelet } from '../../kubelet/kubelet.ts';
import {
  type CommandClient,
  openSpdyCommand,
  openWebSocketCommand,
  spdyProtocols,
  webSocketProtocols,
} from '../support/command-client.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil, startTestKubelet } from '../support/test-kubelet.ts';

const podCidr = '10.244.203.0/24';
const image = 'busybox:1';
const megabyte = 1 << 20;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Streams as kubectl asks for them. */
type Streams = readonly ('stdin' | 'stdout' | 'stderr')[];

interface Command {
  readonly pod: string;
  /** For exec; without, it is an attach. */
  readonly script?: string;
  readonly streams: Streams;
  readonly tty?: boolean;
}

/** A protocol with what carries it. */
interface Way {
  readonly name: string;
  readonly hasObjects: boolean;
  open(command: Command): Promise<CommandClient>;
}

describe('streams of pods', { timeout: 300_000 }, () => {
  let engine: TestEngine;
  let server: TestApiServer;
  let kubelet: RunningKubelet;

  before(async () => {
    engine = await startTestEngine({ podCidr });
    await engine.importBusybox(image);
    server = await startTestApiServer();
    kubelet = await startTestKubelet({ engine, server, podCidr });
    await Promise.all([
      create('worker', { command: ['sleep', '100000'] }),
      create('listener', { command: ['sh', '-c', 'sleep 1; cat >/tmp/heard'], stdin: true }),
    ]);
  });

  after(async () => {
    await kubelet?.stop();
    await server?.stop();
    await engine?.stop();
  });

  type Container = NonNullable<NonNullable<Pod['spec']>['containers']>[number];

  async function create(name: string, container: Partial<Container>, restartPolicy = 'Never'): Promise<void> {
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name },
      spec: {
        nodeName: 'node-1',
        restartPolicy,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image, ...container }],
      },
    });
    await podUntil(server, name, ({ status }) => !['Pending', undefined].includes(status?.phase));
  }

  function pathOf({ pod, script, streams, tty = false }: Command): string {
    const query = new URLSearchParams(streams.map((name): [string, string] => [name, 'true']));
    if (tty) query.set('tty', 'true');
    for (const word of script === undefined ? [] : ['sh', '-c', script]) query.append('command', word);
    return `/api/v1/namespaces/default/pods/${pod}/${script === undefined ? 'attach' : 'exec'}?${query}`;
  }

  const ways: Way[] = [
    ...webSocketProtocols.map((protocol) => ({
      name: `WebSocket ${protocol || 'without a protocol'}`,
      hasObjects: /^v[45]/.test(protocol),
      open: (command: Command) =>
        openWebSocketCommand({ connection: server.connection, path: pathOf(command), protocol }),
    })),
    ...spdyProtocols.map((protocol) => ({
      name: `SPDY ${protocol || 'without a protocol'}`,
      hasObjects: /^v[45]/.test(protocol),
      open: (command: Command) =>
        openSpdyCommand({ connection: server.connection, path: pathOf(command), protocol }, command.streams),
    })),
  ];

  async function run(way: Way, command: Command) {
    return await (await way.open(command)).heard;
  }

  async function output(script: string): Promise<string> {
    const [way] = ways.filter(({ name }) => name.endsWith('v4.channel.k8s.io'));
    assert.ok(way !== undefined);
    return (await run(way, { pod: 'worker', script, streams: ['stdout'] })).stdout.toString();
  }

  async function sendAll(client: CommandClient, bytes: Buffer): Promise<void> {
    const size = 32 * 1024;
    for (let at = 0; at < bytes.length; at += size) await client.send(bytes.subarray(at, at + size));
  }

  for (const way of ways) {
    describe(way.name, () => {
      it('gives a process all of its input when the client hangs up at once', async () => {
        const bytes = randomBytes(4 * megabyte);
        const client = await way.open({
          pod: 'worker',
          script: 'rm -f /tmp/got; sleep 0.5; cat >/tmp/part; mv /tmp/part /tmp/got',
          streams: ['stdin'],
        });
        await sendAll(client, bytes);
        client.close();
        const sum = await eventually('the input is there', async () => {
          const [line] = (await output('sha256sum /tmp/got')).split(' ');
          return line || undefined;
        });
        assert.equal(sum, sha256(bytes));
        await output('rm /tmp/got');
      });

      it('gives all output of a process that does not read', async () => {
        const client = await way.open({
          pod: 'worker',
          script: `head -c ${2 * megabyte} /dev/zero; echo "the end" >&2; exit 3`,
          streams: ['stdin', 'stdout', 'stderr'],
        });
        client.pause();
        void sendAll(client, Buffer.alloc(3 * megabyte));
        // Its input is on the way while its output waits.
        await eventually('it is over', async () => (await output('ps | grep -c "[h]ead -c"')).trim() === '0');
        client.resume();
        const { stdout, stderr, error } = await client.heard;
        assert.equal(stdout.length, 2 * megabyte);
        assert.equal(stderr.toString(), 'the end\n');
        assert.match(error, /command terminated with exit code 3/);
      });

      it('says how it ended, whatever streams there are', async () => {
        for (const streams of [['stdin'], ['stdout'], ['stderr'], ['stdin', 'stdout', 'stderr']] as Streams[]) {
          const [success, failure] = await Promise.all([
            run(way, { pod: 'worker', script: 'true', streams }),
            run(way, { pod: 'worker', script: 'exit 7', streams }),
          ]);
          if (way.hasObjects) {
            assert.equal(JSON.parse(success.error).status, 'Success');
            const { message, reason, details } = JSON.parse(failure.error);
            assert.equal(message, 'command terminated with exit code 7');
            assert.equal(reason, 'NonZeroExitCode');
            assert.deepEqual(details, { causes: [{ reason: 'ExitCode', message: '7' }] });
          } else {
            assert.equal(success.error, '');
            assert.equal(failure.error, 'command terminated with exit code 7');
          }
        }
      });
    });
  }

  const withEnds = ways.filter(({ name }) => name.startsWith('SPDY') || name.includes('v5'));

  it('tells a process that its input ends, and the client what it made of it', async () => {
    const bytes = randomBytes(megabyte);
    for (const way of withEnds) {
      const client = await way.open({ pod: 'worker', script: 'cat', streams: ['stdin', 'stdout'] });
      await sendAll(client, bytes);
      client.endInput();
      const { stdout } = await client.heard;
      assert.equal(sha256(stdout), sha256(bytes), way.name);
    }
  });

  it('waits for a process that has closed its outputs', async () => {
    for (const way of withEnds) {
      const script = 'exec >&- 2>&-; sleep 1; exit 5';
      const { error } = await run(way, { pod: 'worker', script, streams: ['stdout'] });
      assert.match(error, /exit code 5/, way.name);
    }
  });

  it('attach gives a container all that was sent before the client hung up', async () => {
    const sent: Buffer[] = [];
    for (const way of ways) {
      const bytes = randomBytes(megabyte);
      const client = await way.open({ pod: 'listener', streams: ['stdin'] });
      await sendAll(client, bytes);
      client.close();
      await client.heard;
      sent.push(bytes);
      // The next one must not overtake it.
      await eventually(`all of ${way.name} has arrived`, async () => {
        const { stdout } = await run(way, { pod: 'listener', script: 'wc -c </tmp/heard', streams: ['stdout'] });
        return Number(stdout.toString()) >= sent.length * megabyte - 4096;
      });
    }
    const end = randomBytes(8192);
    const [way] = ways;
    const client = await way?.open({ pod: 'listener', streams: ['stdin'] });
    await client?.send(end);
    client?.close();
    const all = Buffer.concat([...sent, end]);
    // What cat holds back of the end is less than a page.
    const size = all.length - 4096;
    const sum = await eventually('the rest has arrived', async () => {
      const script = `test $(wc -c </tmp/heard) -ge ${size} && head -c ${size} /tmp/heard | sha256sum`;
      const { stdout } = await run(way as Way, { pod: 'listener', script, streams: ['stdout'] });
      return stdout.toString().split(' ')[0] || undefined;
    });
    assert.equal(sum, sha256(all.subarray(0, size)));
  });

  it('refuses what asks for no stream, and protocols that nobody speaks', async () => {
    const { connection } = server;
    for (const streams of [[], ['tty']]) {
      const path = `/api/v1/namespaces/default/pods/worker/exec?command=true${streams.map((name) => `&${name}=1`)}`;
      await assert.rejects(openWebSocketCommand({ connection, path, protocol: 'v4.channel.k8s.io' }), /400/);
    }
    const path = pathOf({ pod: 'worker', script: 'touch /tmp/ran', streams: ['stdout'] });
    await assert.rejects(openSpdyCommand({ connection, path, protocol: 'v9.channel.k8s.io' }, []), /403/);
    await assert.rejects(openWebSocketCommand({ connection, path, protocol: 'v9.channel.k8s.io' }), /400/);
    assert.equal(await output('ls /tmp/ran 2>/dev/null'), '');
  });

  describe('logs', () => {
    /** Prints lines of so many euro signs, each after a number: 3 bytes a sign. */
    const euros = (sizes: readonly number[]) =>
      `awk 'BEGIN { ${sizes.map((size, n) => `printf "${n} "; for (i = 0; i < ${size}; i++) printf "€"; print "";`).join(' ')} }'`;
    const linesOf = (sizes: readonly number[]) => sizes.map((size, n) => `${n} ${'€'.repeat(size)}`);
    const sizes = [3, 40_000, 0, 5461, 5462, 100_000, 7];
    const lines = linesOf(sizes);
    const linesText = (some: readonly string[]) => some.map((line) => `${line}\n`).join('');
    const text = linesText(lines);

    async function log(name: string, query = ''): Promise<string> {
      const path = `/api/v1/namespaces/default/pods/${name}/log?${query}`;
      return (await server.client.raw('GET', path)).text;
    }

    /** So that a failure does not print a megabyte. */
    function assertSame(actual: string, expected: string, what: string): void {
      if (actual === expected) return;
      const [a, b] = [actual, expected].map((one) =>
        one.split('\n').map((line) => `${line.slice(0, 40)}… ${line.length}`),
      );
      assert.deepEqual(a, b, what);
      assert.fail(`${what}: differs`);
    }

    const command = (script: string) => ['sh', '-c', script];

    before(async () => {
      await Promise.all([
        create('long', { command: command(euros(sizes)) }),
        create('terminal', { command: command(`stty -opost; ${euros(sizes)}`), tty: true }),
        create('mixed', { command: command(`${euros(sizes)} & ${euros(sizes)} >&2 & wait`) }),
        create('followed', {
          command: command(`${euros(sizes)}; until [ -e /go ]; do sleep 0.1; done; ${euros([50_000])}`),
        }),
        create('unended', { command: command(`${euros([9, 20_000])}; printf 'the end'`) }),
      ]);
      for (const name of ['long', 'terminal', 'mixed', 'unended'])
        await podUntil(server, name, ({ status }) => status?.phase === 'Succeeded');
    });

    for (const name of ['long', 'terminal']) {
      it(`have long lines whole (${name})`, async () => {
        assertSame(await log(name), text, 'all');
        for (const count of [0, 1, 2, 3, 4, 5, 7, 99]) {
          const wanted = linesText(count === 0 ? [] : lines.slice(-count));
          assertSame(await log(name, `tailLines=${count}`), wanted, `the last ${count}`);
        }
      });

      it(`have one time for each line (${name})`, async () => {
        const stamped = await log(name, 'timestamps=true&tailLines=6');
        const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /;
        assertSame(stamped.replace(new RegExp(stamp, 'gm'), ''), linesText(lines.slice(1)), name);
        for (const line of stamped.trimEnd().split('\n')) assert.match(line.slice(0, 40), stamp);
        const [first = ''] = (await log(name, 'timestamps=true')).split(' ');
        assertSame(await log(name, `sinceTime=${first.slice(0, 19)}Z`), text, 'since its beginning');
        assertSame(await log(name, `sinceTime=${new Date(Date.now() + 60_000).toISOString()}`), '', 'since later');
      });

      it(`are cut between characters (${name})`, async () => {
        for (const limit of [1, 10, 16_384, 16_385, 16_386, 99_999]) {
          const cut = await log(name, `limitBytes=${limit}`);
          const size = Buffer.byteLength(cut);
          assert.ok(text.startsWith(cut) && size <= limit && size > limit - 4, `${size} of ${limit}`);
        }
      });
    }

    it('keep the lines of both outputs apart', async () => {
      const all = (await log('mixed')).trimEnd().split('\n');
      assertSame(all.sort().join('\n'), [...lines, ...lines].sort().join('\n'), 'both');
      const whole = new Set(lines);
      for (const count of [1, 3, 5, 9, 14]) {
        const last = (await log('mixed', `tailLines=${count}`)).trimEnd().split('\n');
        assert.equal(last.length, count);
        assert.ok(
          last.every((line) => whole.has(line)),
          `the last ${count}`,
        );
      }
    });

    it('have a last line without an end', async () => {
      assertSame(await log('unended', 'tailLines=2'), `1 ${'€'.repeat(20_000)}\nthe end`, 'unended');
    });

    it('are whole of a container that was started again', async () => {
      await create('restarted', { command: command(`${euros(sizes)}; exit 1`) }, 'OnFailure');
      await podUntil(server, 'restarted', ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
      assertSame(await log('restarted', 'previous=true'), text, 'previous');
      assertSame(await log('restarted', 'previous=true&tailLines=3'), linesText(lines.slice(-3)), 'its last');
    });

    it('are followed from their last lines to their end', async () => {
      const following = log('followed', 'follow=true&tailLines=2');
      const way = ways.find(({ name }) => name.includes('v4'));
      assert.ok(way !== undefined);
      await run(way, { pod: 'followed', script: 'touch /go', streams: ['stdout'] });
      const wanted = linesText([...lines.slice(-2), ...linesOf([50_000])]);
      assertSame(await following, wanted, 'followed');
    });
  });
});
