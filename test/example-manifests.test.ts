import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { apiVersionOf } from '../api/resource.ts';
import { packageRoot } from '../base/package-root.ts';
import { readManifests } from '../cli/manifest-files.ts';
import { kinds } from '../kinds/kind-table.ts';

const examples = join(packageRoot, 'manifests/examples');

describe('the examples', () => {
  for (const name of readdirSync(examples)) {
    it(`${name} is of kinds that there are`, async () => {
      for (const { apiVersion, kind } of await readManifests([join(examples, name)])) {
        assert.ok(
          kinds.some((one) => one.kind === kind && apiVersionOf(one) === apiVersion),
          `${apiVersion} ${kind}`,
        );
      }
    });
  }
});
