import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bridgeAddressOf, isInNetwork, parseReachability } from './reachability.ts';

describe('parseReachability', () => {
  const cases: readonly (readonly [text: string | undefined, asked: unknown])[] = [
    ['{"asked":"1","kubelet":"connection refused"}', { asked: '1', kubelet: 'connection refused' }],
    ['{"asked":"1","pods":1}', { asked: '1' }],
    ['{"kubelet":"x"}', undefined],
    ['null', undefined],
    ['{', undefined],
    [undefined, undefined],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${text}`, () => assert.deepEqual(parseReachability(text), expected));
  }
});

describe('addresses of the pod network', () => {
  it('are the bridge’s first', () =>
    assert.deepEqual(['10.244.3.0/24', '10.244.3.128/25', 'x', undefined].map(bridgeAddressOf), [
      '10.244.3.1',
      '10.244.3.129',
      undefined,
      undefined,
    ]));
  it('are in it', () =>
    assert.deepEqual(
      ['10.244.3.1', '10.245.3.1', 'x'].map((one) => isInNetwork(one, '10.244.0.0/16')),
      [true, false, false],
    ));
});
