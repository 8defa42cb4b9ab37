/**
 * Where a cluster is at home. A copy of a data directory knows the same cluster as the original: two of them at work on
 * one machine would end each other's containers. So a directory notes its own path, and a copy finds the path of another.
 */

import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../base/user-error.ts';
import { type ClusterRecord, readRecord, writeRecord } from './cluster-record.ts';
import { ownerOf, runnerOf } from './instance-lock.ts';

export interface HomeQuestion {
  readonly dataDir: string;
  /** Only the id, when the directory has lost what it knew. */
  readonly record: Pick<ClusterRecord, 'id' | 'dataDir'>;
  /** Further directories that may have the cluster, as its network on this machine names them. */
  readonly named: readonly string[];
}

/**
 * The other directory that has this cluster; undefined: this one does. A directory that was moved, or restored to where
 * it was, is no copy: nothing is left at the other path, or the path is its own.
 */
export async function findOtherHome({ dataDir, record, named }: HomeQuestion): Promise<string | undefined> {
  if (await isSameFolder(record.dataDir, dataDir)) return undefined;
  const seen = new Set<string>();
  const waiting = [...(record.dataDir === undefined ? [] : [record.dataDir]), ...named];
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
    if (seen.has(one) || (await isSameFolder(one, dataDir))) continue;
    seen.add(one);
    const there = await readRecordOf(one);
    if (there?.id !== record.id) continue;
    // A directory that another one took over from names that one.
    if (there.dataDir === undefined || (await isSameFolder(there.dataDir, one))) return one;
    waiting.push(there.dataDir);
    if (!(await exists(there.dataDir))) return one;
  }
  return undefined;
}

/** Throws when a process works for the cluster that does not work on this directory: that was moved or copied meanwhile. */
export async function checkNotRunElsewhere(dataDir: string, clusterId: string): Promise<void> {
  const runner = await runnerOf(clusterId);
  if (runner === undefined || runner === process.pid || runner === (await ownerOf(dataDir))) return;
  throw new UserError(
    `The cluster of ${dataDir} runs on this machine already, in process ${runner}, which works on another directory: stop ` +
      'that one first. Nothing was changed.',
  );
}

export function whyNotHome(dataDir: string, other: string): string {
  return (
    `${dataDir} holds the cluster of ${other}, which is still there: one of them is a copy, and both at work on one ` +
    'machine would end each other’s containers. Nothing was changed.'
  );
}

/** Before the cluster is started: answers as `findOtherHome`, and throws when that is not to be taken over. */
export async function checkHome(question: HomeQuestion & { readonly takeOver: boolean }): Promise<string | undefined> {
  const other = await findOtherHome(question);
  if (other === undefined || question.takeOver) await checkNotRunElsewhere(question.dataDir, question.record.id);
  if (other === undefined) return undefined;
  if (!question.takeOver) {
    throw new UserError(
      `${whyNotHome(question.dataDir, other)} Start the cluster with --data-dir ${other}. If this is the one from now on, as ` +
        'after a backup was restored here, stop that one and start with --take-over: pods that the data here do not ' +
        'know are ended then.',
    );
  }
  await checkIdle(other);
  return other;
}

/** Makes `dataDir` the one that has the cluster, from now on: `other` will be refused. Throws while `other` runs. */
export async function takeOver(dataDir: string, other: string): Promise<void> {
  await checkIdle(other);
  const record = await readRecord(other);
  if (record !== undefined) await writeRecord(other, { ...record, dataDir: await homeOf(dataDir) });
}

/** Throws while a cluster runs on this directory. */
async function checkIdle(dataDir: string): Promise<void> {
  const owner = await ownerOf(dataDir);
  if (owner !== undefined)
    throw new UserError(`Longshore runs on ${dataDir} (process ${owner}): stop it first. Nothing was changed.`);
}

/** As a record names it. */
export const homeOf = async (dataDir: string): Promise<string> => await realpath(resolve(dataDir));

/** What cannot be read says nothing of where the cluster is. */
async function readRecordOf(dataDir: string): Promise<ClusterRecord | undefined> {
  try {
    return await readRecord(dataDir);
  } catch {
    return undefined;
  }
}

async function isSameFolder(one: string | undefined, other: string): Promise<boolean> {
  if (one === undefined) return false;
  if (resolve(one) === resolve(other)) return true;
  const [a, b] = await Promise.all([identityOf(one), identityOf(other)]);
  return a !== undefined && a === b;
}

const exists = async (folder: string): Promise<boolean> => (await identityOf(folder)) !== undefined;

async function identityOf(folder: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(folder, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
