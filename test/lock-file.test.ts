/**
 * `npm ci` refuses a lock file that does not fit package.json, or leaves out optional packages of other platforms, as
 * some npm installs do.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../base/package-root.ts';

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
}

interface LockFile {
  readonly packages: Readonly<Record<string, Manifest>>;
}

const read = (file: string): string => readFileSync(join(packageRoot, file), 'utf8');

it('the lock file names the optional packages of all platforms, and no registry', () => {
  const text = read('package-lock.json');
  const { packages } = JSON.parse(text) as LockFile;
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
    ),
  );
  assert.deepEqual(missing, []);
  assert.doesNotMatch(text, /"resolved"/);
});

it('the lock file says of this package what package.json says', () => {
  const { dependencies, devDependencies }: Manifest = JSON.parse(read('package.json'));
  const { packages }: LockFile = JSON.parse(read('package-lock.json'));
  assert.deepEqual(packages['']?.dependencies, dependencies);
  assert.deepEqual(packages['']?.devDependencies, devDependencies);
});
