import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../base/package-root.ts';
import { readManifests } from './manifest-files.ts';

const examples = join(packageRoot, 'manifests', 'examples');

describe('the examples', () => {
  it('say the same in JSON and YAML', async () => {
    const folder = join(examples, 'guestbook');
    assert.deepEqual(
      await readManifests([join(folder, 'guestbook.json')]),
      await readManifests([join(folder, 'guestbook.yaml')]),
    );
  });
});
