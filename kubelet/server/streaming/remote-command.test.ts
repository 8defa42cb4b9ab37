import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import type { Session } from '../../runtime/runtime.ts';
import {
  encodeExitStatus,
  joinSession,
  type RemoteChannels,
  type TerminalSize,
  TerminalSizeReader,
} from './remote-command.ts';

describe('terminal sizes', () => {
  const read = (...chunks: string[]): string[] => {
    const reader = new TerminalSizeReader();
    return chunks.flatMap((chunk) => reader.read(Buffer.from(chunk))).map(({ columns, rows }) => `${columns}x${rows}`);
  };

  it('come with names in any case', () => {
    assert.deepEqual(read('{"Width":80,"Height":24}\n'), ['80x24']);
    assert.deepEqual(read('{"height":24,"width":80}'), ['80x24']);
  });

  it('come several at once, and in pieces', () => {
    assert.deepEqual(read('{"Width":80,"Height":24}\n{"Width":81,"Height":25}\n{"Wid', 'th":82,"Height":26}'), [
      '80x24',
      '81x25',
      '82x26',
    ]);
  });

  it('are left out when they are none', () => {
    for (const bad of [
      '{"Width":0,"Height":24}',
      '{"Width":-1,"Height":1}',
      '{"Width":70000,"Height":1}',
      '{}',
      '}}',
      '[1]}',
    ])
      assert.deepEqual(read(bad), [], bad);
    assert.deepEqual(read('nonsense}', '{"Width":80,"Height":24}'), ['80x24']);
  });
});

describe('joinSession', () => {
  it('tells the runtime one size after the other, the last one last', async () => {
    let over: () => void = () => {};
    const told: string[] = [];
    const pending: (() => void)[] = [];
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const session: Session = {
      stdin: undefined,
      stdout,
      stderr,
      resize(columns) {
        told.push(String(columns));
        return new Promise((resolve) => pending.push(resolve));
      },
      done: new Promise((resolve) => {
        over = () => resolve(0);
      }),
      close: () => {},
    };
    let resize: (size: TerminalSize) => void = () => {};
    let status: unknown;
    const channels: RemoteChannels = {
      stdin: undefined,
      write: async () => {},
      onResize: (listener) => {
        resize = listener;
      },
      gone: new AbortController().signal,
      finish: async (ended) => {
        status = ended;
      },
    };
    const joined = joinSession(session, channels);
    for (const columns of [1, 2, 3]) resize({ columns, rows: 1 });
    for (const wanted of [['1'], ['1', '2'], ['1', '2', '3']]) {
      await new Promise(setImmediate);
      assert.deepEqual(told, wanted);
      pending.at(-1)?.();
    }
    stdout.end();
    stderr.end();
    over();
    await joined;
    assert.deepEqual(status, { metadata: {}, status: 'Success' });
  });

  /** A process that takes its input when it is told to, and a caller that has hung up. */
  function abandoned(...input: string[]) {
    const events: string[] = [];
    let take: () => void = () => {};
    let over: () => void = () => {};
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const session: Session = {
      stdin: new Writable({
        write(chunk: Buffer, _encoding, done) {
          take = () => {
            events.push(`took ${chunk.toString()}`);
            done();
          };
        },
      }),
      stdout,
      stderr,
      async resize() {},
      done: new Promise((resolve) => {
        over = () => {
          stdout.end();
          stderr.end();
          resolve(0);
        };
      }),
      close: () => events.push('closed'),
    };
    const gone = new AbortController();
    const stdin = new PassThrough();
    for (const chunk of input) stdin.write(chunk);
    stdin.end();
    const channels: RemoteChannels = {
      stdin,
      write: async () => {},
      onResize: () => {},
      gone: gone.signal,
      finish: async () => void events.push('finished'),
    };
    gone.abort();
    return { joined: joinSession(session, channels), session, stdin, events, take: () => take(), over: () => over() };
  }

  it('gives the process what a caller had sent that hangs up', async () => {
    const { joined, events, take, over } = abandoned('all of it');
    await new Promise(setImmediate);
    assert.deepEqual(events, []);
    take();
    await new Promise(setImmediate);
    assert.deepEqual(events, ['took all of it', 'closed']);
    over();
    await joined;
  });

  it('reads on when the process takes no more', async () => {
    const { joined, session, stdin, events, over } = abandoned(...Array.from({ length: 5 }, () => 'x'.repeat(100_000)));
    await new Promise(setImmediate);
    session.stdin?.destroy();
    await once(stdin, 'end');
    over();
    await joined;
    assert.deepEqual(events, ['closed', 'finished']);
  });
});

describe('how a command ended', () => {
  const success = { metadata: {}, status: 'Success' } as const;
  const failure = { metadata: {}, status: 'Failure', message: 'command terminated with exit code 7' } as const;

  it('is words before the fourth version, and only of a failure', () => {
    for (const protocol of ['', 'channel.k8s.io', 'base64.channel.k8s.io', 'v2.channel.k8s.io', 'v3.channel.k8s.io']) {
      assert.equal(encodeExitStatus(protocol, success), undefined);
      assert.equal(encodeExitStatus(protocol, failure)?.toString(), failure.message);
    }
  });

  it('is an object from then on', () => {
    for (const protocol of ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', 'v5.channel.k8s.io'])
      for (const status of [success, failure])
        assert.deepEqual(JSON.parse(encodeExitStatus(protocol, status)?.toString() ?? ''), status);
  });
});
