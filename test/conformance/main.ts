/**
 * `npm run conformance`: runs the tests that stand for upstream's conformance tests, each under its name, and prints how
 * many of each area hold. Nothing is counted but what passed in this run.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';

/** Tests of each area in upstream's list of 1.37. */
const areas: Readonly<Record<string, number>> = {
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

const conformanceName = /^\[sig-([a-z-]+)\] .*\[Conformance\]$/;

interface Outcome {
  readonly passed: ReadonlySet<string>;
  readonly failures: readonly string[];
}

async function runAll(): Promise<Outcome> {
  const passed = new Set<string>();
  const failures: string[] = [];
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
  const events = run({ files: files.map((name) => join(import.meta.dirname, name)), concurrency: 2 });
  for await (const { type, data } of events) {
    if (type === 'test:pass' && conformanceName.test(data.name) && !data.skip && !data.todo) passed.add(data.name);
    if (type === 'test:fail')
      failures.push(`✗ ${data.name}\n  ${String(data.details.error.cause ?? data.details.error)}`);
  }
  return { passed, failures };
}

function tableOf(passed: ReadonlySet<string>): string {
  const counts = new Map<string, number>();
  for (const name of passed) {
    const area = conformanceName.exec(name)?.[1] ?? '';
    if (areas[area] === undefined) throw new Error(`Upstream has no area ${area}: ${name}`);
    counts.set(area, (counts.get(area) ?? 0) + 1);
  }
  const row = (area: string, count: number, total: number): string =>
    `${area.padEnd(16)}${String(count).padStart(4)} of ${String(total).padStart(3)}`;
  const rows = Object.entries(areas).map(([area, total]) => row(area, counts.get(area) ?? 0, total));
  const sum = Object.values(areas).reduce((all, one) => all + one, 0);
  return [...rows, `${passed.size}/${sum}`].join('\n');
}

const { passed, failures } = await runAll();
for (const failure of failures) process.stdout.write(`${failure}\n`);
process.stdout.write(`${tableOf(passed)}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
