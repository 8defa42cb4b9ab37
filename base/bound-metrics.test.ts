import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';

test('bound counters and histograms are scraped as prom-client writes its own', async () => {
  const metrics = new Metrics();
  const own = metrics.histogram({ name: 'theirs', help: 'h', labels: ['verb'], buckets: [0.1, 1] });
  const bound = metrics.boundHistogram({ name: 'ours', help: 'h', buckets: [0.1, 1] }).bind({ verb: 'GET "x"' });
  for (const value of [0.05, 0.1, 0.5, 1, 7]) {
    own.observe({ verb: 'GET "x"' }, value);
    bound.observe(value);
  }
  const total = metrics.counter({ name: 'theirs_total', help: 'h', labels: ['verb'] });
  const boundTotal = metrics.boundCounter({ name: 'ours_total', help: 'h' });
  const series = boundTotal.bind({ verb: 'GET' });
  boundTotal.bind({ verb: 'PUT' });
  for (let n = 0; n < 3; n += 1) {
    total.inc({ verb: 'GET' });
    series.inc();
  }
  total.inc({ verb: 'PUT' }, 0);
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '');
  const sorted = (name: string): string[] =>
    lines
      .filter((line) => line.includes(name))
      .map((line) =>
        line.replaceAll(name, 'x').replace(/\{(.*)\}/, (_, labels: string) => labels.split(',').sort().join()),
      )
      .sort();
  assert.equal(sorted('ours').length, 11);
  assert.deepEqual(sorted('ours'), sorted('theirs'));
});
