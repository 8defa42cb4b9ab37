import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPullMessage } from './pull-messages.ts';

describe('messages of a pull', () => {
  const id = 'a1b2';
  const detail = (current: unknown, total: unknown) => ({
    id,
    status: 'Downloading',
    progressDetail: { current, total },
  });
  for (const [words, message, read] of [
    ['a layer that waits', { id, status: 'Waiting' }, { id, state: 'waiting' }],
    ['one on its way', detail(10, 20), { id, state: 'downloading', bytes: 10, totalBytes: 20 }],
    ['one of unknown size', detail(10, undefined), { id, state: 'downloading', bytes: 10 }],
    ['sizes that are none', detail('10', -1), { id, state: 'downloading' }],
    ['one that is unpacked', { id, status: 'Extracting', progressDetail: { current: 1 } }, { id, state: 'unpacking' }],
    ['one that was there', { id, status: 'Already exists' }, { id, state: 'done' }],
    ['a tag', { id: 'latest', status: 'Pulling from library/busybox' }, undefined],
    ['the end', { status: 'Status: Downloaded newer image for busybox:1' }, undefined],
    ['no such status', { id, status: 'constructor' }, undefined],
    ['no message', 'text', undefined],
  ] as const)
    it(`are read: ${words}`, () => assert.deepEqual(readPullMessage(message), read));
});
