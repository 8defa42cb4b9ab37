import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventCorrelator, type EventNews } from './event-correlator.ts';

const news = (message: string, name = 'web'): EventNews => ({
  subject: { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name, uid: `uid-${name}` } },
  component: 'kubelet',
  host: 'n1',
  type: 'Warning',
  reason: 'Failed',
  message,
});

describe('event correlator', () => {
  it('counts the same event', () => {
    const correlator = new EventCorrelator();
    assert.equal(correlator.correlate(news('a'), 1000)?.count, 1);
    const again = correlator.correlate(news('a'), 2000);
    assert.deepEqual([again?.count, again?.firstAt], [2, 1000]);
    assert.equal(correlator.correlate(news('a', 'other'), 2000)?.count, 1);
  });

  it('combines from the tenth similar event on', () => {
    const correlator = new EventCorrelator();
    const seen = Array.from({ length: 11 }, (_, i) => correlator.correlate(news(`m${i}`), 1000));
    assert.equal(seen[8]?.news.message, 'm8');
    assert.equal(seen[9]?.news.message, '(combined from similar events): m9');
    assert.equal(seen[10]?.key, seen[9]?.key);
    assert.equal(seen[10]?.count, 2);
  });

  it('starts again after a pause', () => {
    const correlator = new EventCorrelator();
    for (let i = 0; i < 10; i += 1) correlator.correlate(news(`m${i}`), 1000);
    assert.equal(correlator.correlate(news('late'), 700_000)?.news.message, 'late');
  });

  it('holds back a source that says too much about one object', () => {
    const correlator = new EventCorrelator();
    for (let i = 0; i < 25; i += 1) assert.ok(correlator.correlate(news('a'), 1000));
    assert.equal(correlator.correlate(news('a'), 1000), undefined);
    assert.ok(correlator.correlate(news('a', 'other'), 1000));
    assert.ok(correlator.correlate(news('a'), 301_000));
    assert.equal(correlator.correlate(news('a'), 301_000), undefined);
  });
});
