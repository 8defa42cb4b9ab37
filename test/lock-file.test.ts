/** `npm ci` refuses a lock file that leaves out optional packages of other platforms, which some npm installs do. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../base/package-root.ts';

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

it('the lock file names the optional packages of all platforms, and no registry', () => {
  const text = readFileSync(join(packageRoot, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as LockFile;
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
    ),
  );
  assert.deepEqual(missing, []);
  assert.doesNotMatch(text, /"resolved"/);
});
