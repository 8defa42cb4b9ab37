/** Keeps managedFields short: beyond ten updaters, the oldest share one entry. */

import { compareText } from '../../base/compare.ts';
import { union } from './field-set.ts';
import { identityOf, type Manager } from './managers.ts';

const maxUpdaters = 10;
const sharedName = 'ancient-changes';

/** Merges the oldest updaters of each version until ten are left. Changes and returns the table. */
export function mergeOldUpdaters(managers: Map<string, Manager>): Map<string, Manager> {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  let excess = updaters.length - maxUpdaters;
  if (excess <= 0) return managers;
  const oldestFirst = updaters.sort(([a, x], [b, y]) => compareText(x.time ?? '', y.time ?? '') || compareText(a, b));
  const firstOfVersion = new Map<string, string>();
  for (const [identity, updater] of oldestFirst) {
    if (excess <= 0) break;
    const first = firstOfVersion.get(updater.apiVersion);
    if (first === undefined) firstOfVersion.set(updater.apiVersion, identity);
    else {
      mergeInto(managers, first, identity, updater);
      excess -= 1;
    }
  }
  return managers;
}

function mergeInto(managers: Map<string, Manager>, first: string, identity: string, updater: Manager): void {
  const shared = { name: sharedName, operation: 'Update', apiVersion: updater.apiVersion, subresource: '' } as const;
  const key = identityOf(shared);
  const former = managers.get(key) ?? managers.get(first);
  managers.delete(first);
  managers.delete(identity);
  // The later of the two times: entries are merged oldest first.
  managers.set(key, { ...shared, time: updater.time, fields: union(former?.fields ?? {}, updater.fields) });
}
