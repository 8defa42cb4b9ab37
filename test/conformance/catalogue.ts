/** What upstream's conformance list of 1.37 holds, by area, and where the tests are that stand for it here. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';

/** Tests of each area upstream. */
export const areas: Readonly<Record<string, number>> = {
  'api-machinery': 100,
  apps: 60,
  architecture: 1,
  auth: 27,
  cli: 17,
  instrumentation: 4,
  network: 47,
  node: 104,
  scheduling: 11,
  storage: 91,
};

/** The area of a test that stands for one of upstream's; undefined for any other name. */
export function areaOf(name: string): string | undefined {
  const area = /^\[sig-([a-z-]+)\] .*\[Conformance\](?: \[\w+\])*$/.exec(name)?.[1];
  if (area !== undefined && areas[area] === undefined) throw new Error(`Upstream has no area ${area}: ${name}`);
  return area;
}

/** Of tests that need no running pods. */
export function testFiles(): string[] {
  return sourcesIn('test/conformance').filter(isTestFile);
}

/** Of tests on whole clusters, which run in the sandbox. */
export function clusterTestFiles(): string[] {
  return sourcesIn('test/e2e/conformance').filter(isTestFile);
}

/** All that tests may be written in: suites that share a cluster are no files of their own for the test runner. */
export function sourceFiles(): string[] {
  return ['test/conformance', 'test/e2e/conformance'].flatMap(sourcesIn);
}

const isTestFile = (path: string): boolean => path.endsWith('.test.ts');

function sourcesIn(folder: string): string[] {
  const names = readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(packageRoot, folder, name));
}
