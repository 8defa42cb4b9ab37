import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAmounts, writeAmounts } from '../../api/amounts.ts';
import { resourceQuotas } from '../../api/resources/core.ts';
import type { ResourceQuota } from '../../api/types/core/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { RecentCharges } from './recent-charges.ts';

const key = 'default/q';
const one = readAmounts({ pods: '1' });

describe('RecentCharges', () => {
  const startedWith = (pods?: string) => {
    const clock = { at: 0, monotonic: () => clock.at };
    const charges = new RecentCharges(clock);
    const note = (used: string | undefined, uid = 'q') => {
      const status = used === undefined ? {} : { used: { pods: used } };
      charges.noteQuota(key, storedObject<ResourceQuota>(resourceQuotas, { metadata: { name: 'q', uid }, status }));
    };
    const pending = () => writeAmounts(charges.pending(key));
    note(pods);
    return { clock, charges, note, pending };
  };

  it('holds a charge until its object is seen', () => {
    const { charges, note, pending } = startedWith();
    note('2');
    assert.deepEqual(pending(), { pods: '2' });
    charges.noteObject(key, one);
    assert.deepEqual(pending(), { pods: '1' });
    charges.noteObject(key, one);
    assert.deepEqual(pending(), {});
  });

  it('takes one for lost after a while, however many others are settled meanwhile', () => {
    const { clock, charges, note, pending } = startedWith();
    note('1');
    clock.at = 6_000;
    note('2');
    charges.noteObject(key, one);
    assert.deepEqual(pending(), { pods: '1' });
    clock.at = 10_001;
    assert.deepEqual(pending(), {});
  });

  it('settles with what was given back', () => {
    const { note, pending } = startedWith();
    note('3');
    note('1');
    assert.deepEqual(pending(), { pods: '1' });
  });

  it('knows an object that was seen before its charge, for a moment', () => {
    const { clock, charges, note, pending } = startedWith();
    charges.noteObject(key, one);
    note('1');
    assert.deepEqual(pending(), {});
    charges.noteObject(key, one);
    clock.at = 3_000;
    note('2');
    assert.deepEqual(pending(), { pods: '1' });
  });

  it('takes what the controller writes itself for no charge', () => {
    const { charges, note, pending } = startedWith();
    charges.noteOwnWrite(key, readAmounts({ pods: '5' }));
    note('5');
    assert.deepEqual(pending(), {});
    charges.noteOwnWrite(key, readAmounts({ pods: '6' }));
    charges.noteOwnWrite(key, undefined);
    note('6');
    assert.deepEqual(pending(), { pods: '1' });
  });

  it('waits only for what is on its way this moment when the limits are changed', () => {
    const { clock, charges, note, pending } = startedWith();
    note('4');
    clock.at = 2_000;
    note('5');
    charges.noteNewLimits(key);
    assert.deepEqual(pending(), { pods: '1' });
  });

  it('takes all that was used when it began for what may be on its way; another quota of the name begins anew', () => {
    const { clock, note, pending } = startedWith('7');
    assert.deepEqual(pending(), { pods: '7' });
    clock.at = 10_001;
    assert.deepEqual(pending(), {});
    note('2', 'another');
    assert.deepEqual(pending(), { pods: '2' });
  });
});
