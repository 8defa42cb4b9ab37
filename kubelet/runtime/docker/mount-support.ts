/**
 * Whether an engine can make mounts read-only recursively, by its own account (`GET /info`): from API 1.44 on it tells
 * what its OCI runtimes can do, and the kernel has to be of 5.12 or newer.
 */

import { isRecord, type JsonRecord, own } from '../../../api/json-record.ts';

const featuresKey = 'org.opencontainers.runtime-spec.features';

export function readRecursiveReadOnly(info: unknown): boolean {
  const facts = recordOf(info);
  const kernel = own(facts, 'KernelVersion');
  if (typeof kernel !== 'string' || !isKernelNewEnough(kernel)) return false;
  const runtime = own(recordOf(own(facts, 'Runtimes')), String(own(facts, 'DefaultRuntime')));
  const features = own(recordOf(own(recordOf(runtime), 'status')), featuresKey);
  return typeof features === 'string' && mountOptionsOf(features).includes('rro');
}

const recordOf = (value: unknown): JsonRecord => (isRecord(value) ? value : {});

/** `mount_setattr` came with Linux 5.12. */
function isKernelNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > 5 || (major === 5 && minor >= 12);
}

function mountOptionsOf(features: string): readonly unknown[] {
  try {
    const options = own(recordOf(JSON.parse(features)), 'mountOptions');
    return Array.isArray(options) ? options : [];
  } catch {
    return []; // what cannot be read promises nothing
  }
}
