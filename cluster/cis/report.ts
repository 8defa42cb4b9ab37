/** Runs the checks of the benchmark against a running cluster, and tells what came out. */

import { errorText } from '../../base/error-text.ts';
import type { Output } from '../../base/terminal.ts';
import { apiServerChecks } from './api-server-checks.ts';
import { type CisCheck, fail, type Outcome } from './check.ts';
import { controlPlaneChecks } from './control-plane-checks.ts';
import { fileChecks } from './file-checks.ts';
import { kubeletChecks } from './kubelet-checks.ts';
import { policyChecks } from './policy-checks.ts';
import { CisTarget } from './target.ts';

export interface CheckedItem extends Outcome {
  readonly id: string;
  readonly title: string;
}

/** In the benchmark's order. */
export const cisChecks: readonly CisCheck[] = [
  ...fileChecks,
  ...apiServerChecks,
  ...controlPlaneChecks,
  ...kubeletChecks,
  ...policyChecks,
].sort((one, other) => compareIds(one.id, other.id));

/** `1.2.9` comes before `1.2.10`. */
export function compareIds(one: string, other: string): number {
  const [a, b] = [one, other].map((id) => id.split(/[.-]/).map(Number));
  const at = (a ?? []).findIndex((number, index) => number !== b?.[index]);
  return at < 0 ? (a?.length ?? 0) - (b?.length ?? 0) : (a?.[at] ?? 0) - (b?.[at] ?? 0);
}

export async function checkCluster(
  dataDir: string,
  onItem: (item: CheckedItem) => void,
): Promise<readonly CheckedItem[]> {
  const target = await CisTarget.open(dataDir);
  try {
    const items: CheckedItem[] = [];
    for (const { id, title, look } of cisChecks) {
      const outcome = await look(target).catch((error: unknown) =>
        fail(`it could not be looked at: ${errorText(error)}`),
      );
      const item = { id, title, ...outcome };
      items.push(item);
      onItem(item);
    }
    return items;
  } finally {
    await target.close();
  }
}

const marks: Readonly<Record<Outcome['result'], string>> = { pass: '✓', fail: '✗', look: '?', none: '-' };

/** Returns how many items failed. */
export async function printChecks(dataDir: string, out: Output): Promise<number> {
  const items = await checkCluster(dataDir, ({ id, title, result, detail }) => {
    out.write(
      `${marks[result]} ${id.padEnd(12)} ${title}\n               ${result === 'none' ? 'does not apply: ' : ''}${detail}\n`,
    );
  });
  const count = (result: Outcome['result']): number => items.filter((item) => item.result === result).length;
  out.write(
    `\n✓ ${count('pass')} pass, ✗ ${count('fail')} fail, ? ${count('look')} to be looked at by people, ` +
      `- ${count('none')} do not apply\n`,
  );
  return count('fail');
}
