import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { KeptLog } from '../kept-logs/log-budget.ts';
import type { PodObject } from '../model/pod.ts';
import type { ContainerState, LogOptions } from '../runtime/runtime.ts';
import { exited, makeContainer, makeContainerStatus, makePod, observedWith, running } from '../testing/make-pod.ts';
import { sendLogs } from './logs.ts';
import { TextError } from './text-error.ts';

const clock = new FakeClock();

interface Case {
  readonly query?: string;
  readonly container?: string;
  readonly pod?: PodObject;
  readonly containers?: readonly ContainerState[];
  readonly waitsFor?: string;
  readonly output?: readonly string[];
  readonly kept?: readonly KeptLog[];
}

/** Which container's log was asked for, with which options, and what came of it. */
async function read({ query = '', container = 'a', pod = makePod(), output = ['log'], ...rest }: Case) {
  const asked: { readonly id: string; readonly options: LogOptions }[] = [];
  const body = new PassThrough();
  const response = Object.assign(body, { writeHead() {}, flushHeaders() {} }) as unknown as ServerResponse; // no more is used
  const runtime = {
    async *logs(id: string, options: LogOptions) {
      asked.push({ id, options });
      for (const text of output) yield Buffer.from(text);
    },
  };
  await sendLogs(response, {
    pod,
    container,
    query: new URLSearchParams(query),
    runtime,
    observed: { get: () => observedWith(...(rest.containers ?? [makeContainer(pod, running)])) },
    workers: { get: () => ({ waitingReasonOf: () => rest.waitsFor }) },
    keptLogs: {
      logsOf: () => [...(rest.kept ?? [])],
      read: async (_, { attempt }) => [Buffer.from(`kept ${attempt}`)],
    },
    clock,
  });
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return { text: Buffer.concat(chunks).toString(), ...asked[0] };
}

const keptLog = (attempt: number): KeptLog => ({ container: 'a', attempt, bytes: 1, keptAt: 0 });

describe('sendLogs', () => {
  it('says what was kept where the runtime has nothing any more', async () => {
    const pod = makePod();
    const kept = [keptLog(2), keptLog(1)];
    const present = makeContainer(pod, running, { attempt: 2 });
    assert.equal((await read({ pod, query: 'previous=true', containers: [present], kept })).text, 'kept 1');
    assert.equal((await read({ pod, query: 'previous=true', containers: [], kept })).text, 'kept 2');
    assert.equal((await read({ pod, containers: [], kept })).text, 'kept 2');
    assert.equal((await read({ pod, containers: [present], kept })).text, 'log');
    await assert.rejects(read({ pod, query: 'previous=true', containers: [present], kept: [keptLog(2)] }), StatusError);
  });

  const options: readonly [query: string, wanted: Partial<LogOptions>][] = [
    ['', { follow: false, timestamps: false, tailLines: undefined, stdout: true, stderr: true }],
    ['follow=true&timestamps=1', { follow: true, timestamps: true }],
    ['tailLines=0', { tailLines: 0 }],
    ['tailLines=7&sinceSeconds=60', { tailLines: 7, since: clock.now() - 60_000 }],
    ['sinceTime=2029-12-31T23:00:00Z', { since: Date.UTC(2029, 11, 31, 23) }],
    ['stream=Stdout', { stdout: true, stderr: false }],
    ['stream=Stderr', { stdout: false, stderr: true }],
    ['stream=All', { stdout: true, stderr: true }],
  ];
  for (const [query, wanted] of options)
    it(`asks for what "${query}" says`, async () => {
      const { options: found } = await read({ query });
      assert.deepEqual({ ...found, ...wanted }, found);
    });

  for (const query of ['tailLines=-1', 'tailLines=x', 'limitBytes=1.5', 'sinceSeconds=x', 'stream=Both'])
    it(`refuses ${query}`, async () => {
      await assert.rejects(read({ query }), (error) => error instanceof TextError && error.code === 400);
    });

  it('sends no more than is asked for, and then asks for no more', async () => {
    let given = 0;
    const endless = {
      *[Symbol.iterator]() {
        for (;;) {
          given += 1;
          yield 'abcde';
        }
      },
    };
    const output = endless as unknown as readonly string[];
    assert.equal((await read({ query: 'limitBytes=12', output })).text, 'abcdeabcdeab');
    assert.equal(given, 3);
  });

  const pod = makePod();
  const [first, second] = [makeContainer(pod, exited(1)), makeContainer(pod, running, { attempt: 1 })];
  const attempts: readonly [words: string, asked: Case, id: string][] = [
    ['the one that runs', { containers: [first, second] }, 'a-1'],
    ['the one before', { containers: [first, second], query: 'previous=true' }, 'a-0'],
    ['the one that ended, while the next waits', { containers: [first] }, 'a-0'],
    [
      'the one that ended as the previous one, while the next waits',
      { containers: [first], query: 'previous=true', waitsFor: 'CrashLoopBackOff' },
      'a-0',
    ],
    [
      'not one that was never started',
      { containers: [first, makeContainer(pod, { type: 'created' }, { attempt: 1 })] },
      'a-0',
    ],
  ];
  for (const [words, asked, id] of attempts) it(`reads ${words}`, async () => assert.equal((await read(asked)).id, id));

  const ended = makePod(
    {},
    {
      status: { containerStatuses: [makeContainerStatus({ state: { terminated: { exitCode: 0 } } })] },
    },
  );
  const shown = makePod(
    {},
    {
      status: { containerStatuses: [makeContainerStatus({ state: { waiting: { reason: 'PodInitializing' } } })] },
    },
  );
  const refused: readonly [asked: Case, message: string][] = [
    [{ container: 'x' }, 'container x is not valid for pod p'],
    [{ query: 'previous=true' }, 'previous terminated container "a" in pod "p" not found'],
    [{ containers: [] }, 'container "a" in pod "p" is waiting to start: ContainerCreating'],
    [{ containers: [], pod: shown }, 'container "a" in pod "p" is waiting to start: PodInitializing'],
    [
      { containers: [], waitsFor: 'ImagePullBackOff' },
      'container "a" in pod "p" is waiting to start: trying and failing to pull image',
    ],
    [
      { containers: [], waitsFor: 'ErrImagePull' },
      'container "a" in pod "p" is waiting to start: trying and failing to pull image',
    ],
    [
      { containers: [], waitsFor: 'InvalidImageName' },
      'container "a" in pod "p" is waiting to start: image name is invalid',
    ],
    [{ containers: [], pod: ended }, 'container "a" in pod "p" ended and was removed with its log'],
  ];
  for (const [asked, message] of refused)
    it(`says ${message}`, async () => {
      await assert.rejects(read(asked), (error) => {
        assert.ok(error instanceof StatusError);
        assert.deepEqual([error.code, error.message], [400, message]);
        return true;
      });
    });
});
