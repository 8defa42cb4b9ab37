import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import type { Session } from '../../runtime/runtime.ts';
import { joinSession, type RemoteChannels, type TerminalSize, TerminalSizeReader } from './remote-command.ts';

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
});
