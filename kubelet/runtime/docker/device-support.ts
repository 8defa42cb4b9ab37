/**
 * What devices an engine can hand out, by its own account (`GET /info`). What the engines say:
 *
 *   20.10 … 24   nothing but their OCI runtimes; GPUs by the driver `nvidia`, where its hook is installed
 *   25 … 28.1    `CDISpecDirs` as well: empty, unless CDI is switched on
 *   28.2 …       `CDISpecDirs`, on from the start, and `DiscoveredDevices` from API 1.50 on
 */

import { isRecord, type JsonRecord, own } from '../../../api/json-record.ts';
import type { DeviceSupport } from '../runtime.ts';

/** A device id is short; a list of more than these is no list of a machine's devices. */
const most = { ids: 4_096, idLength: 512 };

export function readDeviceSupport(info: unknown): DeviceSupport {
  const facts: JsonRecord = isRecord(info) ? info : {};
  const cdiFolders = textsOf(own(facts, 'CDISpecDirs')).filter((folder) => folder.startsWith('/'));
  const runtimes = own(facts, 'Runtimes');
  const hasNvidia = isRecord(runtimes) && Object.hasOwn(runtimes, 'nvidia');
  const discovered = own(facts, 'DiscoveredDevices');
  return {
    cdiFolders,
    ...(Array.isArray(discovered) && { cdiDevices: cdiIdsOf(discovered) }),
    drivers: hasNvidia ? ['nvidia'] : [],
  };
}

const cdiIdsOf = (discovered: readonly unknown[]): string[] =>
  textsOf(discovered.map((one) => (isRecord(one) && own(one, 'Source') === 'cdi' ? own(one, 'ID') : undefined)));

function textsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((one): one is string => typeof one === 'string' && one !== '' && one.length <= most.idLength)
    .slice(0, most.ids);
}
