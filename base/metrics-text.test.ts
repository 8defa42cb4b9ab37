import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { metricsText } from './metrics-text.ts';

describe('the Prometheus text format', () => {
  it('has families with their samples, and none without', () => {
    const text = metricsText([
      {
        name: 'a_total',
        help: 'As.',
        type: 'counter',
        samples: [{ value: 1 }, { labels: { image: 'a "b"\\c\n' }, value: 0.5, at: 7 }],
      },
      { name: 'b', help: 'None.', type: 'gauge', samples: [] },
    ]);
    assert.equal(
      text,
      '# HELP a_total As.\n# TYPE a_total counter\na_total 1\na_total{image="a \\"b\\"\\\\c\\n"} 0.5 7\n',
    );
  });
});
