import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateEtcdError } from './etcd-errors.ts';
import { CompactedError, FutureRevisionError, StoreUnavailableError, ValueTooLargeError } from './store.ts';

const kinds: readonly (readonly [message: string, type: new (...parts: never[]) => Error])[] = [
  ['11 OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted', CompactedError],
  ['11 OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision', FutureRevisionError],
  ['3 INVALID_ARGUMENT: etcdserver: request is too large', ValueTooLargeError],
  ['8 RESOURCE_EXHAUSTED: grpc: received message larger than max (3000078 vs. 2097152)', ValueTooLargeError],
  ['14 UNAVAILABLE: etcdserver: leader changed', StoreUnavailableError],
];

test('translateEtcdError names what the contract has a name for', () => {
  for (const [message, type] of kinds) {
    assert.ok(translateEtcdError(new Error(message), { isWrite: false }) instanceof type, message);
  }
});

const outcomes: readonly (readonly [message: string, unknown: boolean])[] = [
  ['14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED 127.0.0.1:2379', false],
  ['14 UNAVAILABLE: Channel closed before call started', false],
  ['4 DEADLINE_EXCEEDED: Deadline exceeded after 5.001s,name resolution: 0.000s,LB pick: 5.0s', false],
  ['4 DEADLINE_EXCEEDED: Deadline exceeded after 5.001s,LB pick: 0.0s,remote_addr=127.0.0.1:2379', true],
  ['4 DEADLINE_EXCEEDED: Deadline exceeded', true],
  ['8 RESOURCE_EXHAUSTED: etcdserver: too many requests', false],
  ['8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded', false],
  ['14 UNAVAILABLE: Connection dropped', true],
  ['14 UNAVAILABLE: read ECONNRESET', true],
  ['14 UNAVAILABLE: etcdserver: request timed out', true],
  ['14 UNAVAILABLE: etcdserver: leader changed', true],
  ['13 INTERNAL: Received RST_STREAM with code 2', true],
  ['1 CANCELLED: Call cancelled', true],
];

test('a write has an unknown outcome unless it certainly did not happen', () => {
  for (const [message, outcomeUnknown] of outcomes) {
    const error = translateEtcdError(new Error(message), { isWrite: true });
    assert.ok(error instanceof StoreUnavailableError);
    assert.equal(error.outcomeUnknown, outcomeUnknown, message);
    const read = translateEtcdError(new Error(message), { isWrite: false });
    assert.ok(read instanceof StoreUnavailableError && !read.outcomeUnknown);
  }
});

test('a programming error is not dressed up as an outage', () => {
  const error = new TypeError('x is not a function');
  assert.equal(translateEtcdError(error, { isWrite: true }), error);
});
