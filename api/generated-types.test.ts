import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../base/package-root.ts';

/** Without layout, which the formatter gives the files. */
const words = (text: string): string => text.replace(/[\s|]+/g, ' ').replace(/[( ,]+(?=[)}\]])/g, '');

it('the types are those that the facts give', async () => {
  const { generateTypes, readDefinitions } = await import(join(packageRoot, 'setup/generate-types.mjs'));
  const generated: ReadonlyMap<string, string> = generateTypes(readDefinitions());
  const folder = join(packageRoot, 'api/types');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  assert.deepEqual(files.sort(), [...generated.keys()].sort());
  for (const [name, text] of generated) {
    assert.equal(words(readFileSync(join(folder, name), 'utf8')), words(text), `${name}: npm run generate`);
  }
});
