import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fieldRecordings, runFieldCases } from './field-cases.ts';

/**
 * In memory, without admission and allocation: the share that has to be right is a little lower for the kinds whose
 * answers they shape.
 */
const sameShare = 0.97;
const exactShare = 0.88;
const lowerShares: Readonly<Record<string, number>> = { core_services: 0.92, core_resourcequotas: 0.95 };

describe('recorded answers, field by field', () => {
  for (const file of readdirSync(fieldRecordings).filter((name) => name.startsWith('core_'))) {
    const name = file.replace('.jsonl', '');
    it(name, () => {
      const results = [...runFieldCases(join(fieldRecordings, file))];
      const misses = results.filter(({ same }) => !same).map(({ id }) => id);
      const share = lowerShares[name] ?? sameShare;
      assert.ok(
        misses.length <= results.length * (1 - share),
        `${misses.length} of ${results.length}: ${misses.join('\n')}`,
      );
    });
  }

  it('all together, to the word', () => {
    const results = readdirSync(fieldRecordings)
      .filter((name) => name.startsWith('core_'))
      .flatMap((file) => [...runFieldCases(join(fieldRecordings, file))]);
    const exact = results.filter((one) => one.exact).length;
    assert.ok(exact >= results.length * exactShare, `${exact} of ${results.length} exact`);
  });
});
