/** One object on its way out of the store, and in: in the version of the kind that asks, and in the one that is stored. */

import { copyJson } from '../../api/json-record.ts';
import type { Stored } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Entry } from '../store/store.ts';
import { type Answerable, type FinishedWrite, storedBytes } from './finish-write.ts';
import { decodeObject, encodeObject } from './storage-format.ts';

/** Throws `UnreadableEntryError`, and what conversion throws. */
export function readStored({ storedAs, conversion }: Kind, entry: Entry): Stored | Promise<Stored> {
  const object = decodeObject(entry);
  if (conversion !== undefined) return readConverted(object, conversion);
  // Of what is stored, every version is complete.
  return storedAs ? (storedAs.fromStored(object) as Stored) : object;
}

async function readConverted(object: Stored, { fromStored }: NonNullable<Kind['conversion']>): Promise<Stored> {
  const [converted = object] = await fromStored([object]);
  return converted;
}

/** What is written of a finished object, and how it is answered afterwards. */
export interface StoredForm {
  readonly bytes: Buffer;
  written(revision: number): Answerable | Promise<Answerable>;
}

/** Who writes in another version than the stored one gets what comes back of it. */
export async function storedFormOf(kind: Kind, finished: FinishedWrite): Promise<StoredForm> {
  const { conversion } = kind;
  if (conversion === undefined || conversion.storageVersion === kind.version) return finished;
  const stored = await conversion.toStored(copyJson(finished.unwritten().object));
  return {
    bytes: encodeObject(stored),
    async written(revision) {
      stored.metadata.resourceVersion = String(revision);
      return { object: await readConverted(stored, conversion) };
    },
  };
}

/** The bytes of an object that was read a moment ago, with changes of the server's own to its metadata. */
export async function storedBytesOf(kind: Kind, object: Stored): Promise<Buffer> {
  const { conversion } = kind;
  return conversion === undefined
    ? storedBytes(kind, object)
    : encodeObject(await conversion.toStored(copyJson(object)));
}

/** Whether an entry lies in the version in which it would be written now. Objects are stored with `apiVersion` first. */
export function isInStoredVersion({ group, conversion }: Kind, { value }: Entry): boolean {
  if (conversion === undefined) return true;
  const start = Buffer.from(`{"apiVersion":"${apiVersionOf({ group, version: conversion.storageVersion })}",`);
  return value.subarray(0, start.length).equals(start);
}
