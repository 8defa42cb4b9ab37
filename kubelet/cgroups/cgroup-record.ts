/**
 * Which groups a kubelet made, kept in its data: for whoever takes the cluster down, and for a kubelet whose engine
 * has another parent by now, or that is to make none any more.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { writeAtomically } from '../../base/write-atomically.ts';
import type { CgroupSupport } from '../runtime/runtime.ts';
import type { CgroupWriter } from './cgroup-writer.ts';
import { FileCgroups } from './file-cgroups.ts';
import { SystemdCgroups } from './systemd-cgroups.ts';

const fileIn = (dataDir: string): string => join(dataDir, 'cgroups');

/** Undefined: none were made, or the file was damaged. */
export async function readCgroupRecord(dataDir: string): Promise<CgroupSupport | undefined> {
  const text = await ifFilePresent(readFile(fileIn(dataDir), 'utf8'));
  const [driver, version, top] = (text ?? '').trim().split(' ');
  if ((driver !== 'cgroupfs' && driver !== 'systemd') || (version !== '1' && version !== '2')) return undefined;
  if (top === undefined || !isTop(driver, top)) return undefined;
  return { driver, version: version === '1' ? 1 : 2, top };
}

/** Nothing but groups of pods is ever removed: a damaged file leads nowhere else. */
const isTop = (driver: CgroupSupport['driver'], top: string): boolean =>
  driver === 'cgroupfs'
    ? /^(\/[^/]+)*\/kubepods(_\w+)?$/.test(top) && !top.split('/').includes('..')
    : /^[^/]*\bkubepods(_\w+)?\.slice$/.test(top);

export async function writeCgroupRecord(dataDir: string, { driver, version, top }: CgroupSupport): Promise<void> {
  await writeAtomically(fileIn(dataDir), `${driver} ${version} ${top}\n`, 0o600);
}

export const writerFor = (support: CgroupSupport): CgroupWriter =>
  support.driver === 'systemd' ? new SystemdCgroups(support) : new FileCgroups(support);

/** Once nothing runs any more. Idempotent. */
export async function removeRecordedCgroups(dataDir: string): Promise<void> {
  const record = await readCgroupRecord(dataDir);
  if (record !== undefined) await writerFor(record).remove(record.top);
}
