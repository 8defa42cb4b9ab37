import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StartTroubles } from './start-troubles.ts';

describe('StartTroubles', () => {
  function start() {
    const told: (string | undefined)[] = [];
    const troubles: StartTroubles = new StartTroubles(() => told.push(troubles.reason));
    return { troubles, told };
  }

  it('says that the kubelet is starting as long as nothing is in its way', () => {
    const { troubles } = start();
    assert.deepEqual([troubles.reason, troubles.isStarting], ['the kubelet is starting', true]);
  });

  it('tells the trouble that came first, then what is left of the others', () => {
    const { troubles, told } = start();
    troubles.note('runtime', 'no engine');
    troubles.note('network', 'no pod CIDR');
    assert.equal(troubles.isStarting, false);
    troubles.note('runtime', undefined);
    troubles.note('network', undefined);
    assert.deepEqual(told, ['no engine', 'no engine', 'no pod CIDR', 'the kubelet is starting']);
  });

  it('tells nothing twice', () => {
    const { troubles, told } = start();
    troubles.note('runtime', 'no engine');
    troubles.note('runtime', 'no engine');
    troubles.note('network', undefined);
    assert.equal(told.length, 1);
  });

  it('has no reason once the start is over', () => {
    const { troubles, told } = start();
    troubles.end();
    assert.deepEqual([told, troubles.isStarting], [[undefined], false]);
  });
});
