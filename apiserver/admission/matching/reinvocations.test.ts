import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Reinvocation } from './reinvocations.ts';

describe('who is called a second time', () => {
  it('is who was called before a change, and not who made it', () => {
    const again = new Reinvocation();
    again.called('first');
    again.objectChanged();
    again.called('second');
    assert.deepEqual(
      [again.isWanted('first'), again.isWanted('second'), again.isWanted('never')],
      [true, false, false],
    );
  });

  it('is everybody who was called, when others changed the object after them', () => {
    const again = new Reinvocation();
    again.called('first');
    again.end({ kind: 'Pod' });
    again.begin({ kind: 'Pod' });
    assert.equal(again.isWanted('first'), false);
    again.begin({ kind: 'Pod', metadata: { labels: { a: 'b' } } });
    assert.equal(again.isWanted('first'), true);
  });
});
