/** docs/compatibility.md speaks of every kind there is, once, and of no others. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../base/package-root.ts';
import { kinds } from '../kinds/kind-table.ts';

it('docs/compatibility.md has a row for each kind', () => {
  const text = readFileSync(join(packageRoot, 'docs/compatibility.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (\w+) \| ([\w.]+) \| (acted on|stored) \|/gm)].map(
    ([, kind, group]) => `${group}/${kind}`,
  );
  const known = new Set(kinds.map(({ group, kind }) => `${group === '' ? 'core' : group}/${kind}`));
  assert.deepEqual([...new Set(rows)].sort(), [...known].sort());
  assert.equal(rows.length, known.size, 'no kind has two rows');
});
