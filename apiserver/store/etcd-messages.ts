/**
 * The messages to and from etcd that a request to the API waits for, in protobuf, and what they share with those that
 * etcd3 writes and reads. Field numbers are those of etcd's `rpc.proto` and `kv.proto`. Pure.
 */

import type { IKeyValue } from 'etcd3';
import protobuf from 'protobufjs/minimal.js';
import type { Entry } from './store.ts';

const { Reader, Writer } = protobuf;

export const entryOf = ({ key, value, mod_revision }: IKeyValue): Entry => ({
  key: key.toString(),
  value,
  revision: Number(mod_revision),
});

/** All keys that start with `prefix`, from the one after `after` on. */
export function prefixRange(prefix: string, after = ''): { key: Buffer; range_end: Buffer } {
  const start = Buffer.from(prefix);
  // The least key greater than `after` is `after` with a NUL behind it.
  const next = after === '' ? start : Buffer.from(`${after}\0`);
  return { key: Buffer.compare(next, start) > 0 ? next : start, range_end: prefixRangeEnd(start) };
}

/** The least key that is greater than all with this prefix; etcd's "to the end" when there is none. */
function prefixRangeEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last -= 1) {
    const byte = end[last] ?? 0xff;
    if (byte === 0xff) continue;
    end[last] = byte + 1;
    return end.subarray(0, last + 1);
  }
  return Buffer.from([0]);
}

/** A change of one key on the condition that it is at `revision`; 0: that it does not exist. */
export interface ConditionalWrite {
  readonly key: string;
  readonly revision: number;
  /** Absent: the key is deleted. */
  readonly value?: Buffer | undefined;
  /** Decimal. The key goes away with it. */
  readonly lease?: string | undefined;
  /** When the condition does not hold, the answer says what is there. */
  readonly readOtherwise: boolean;
}

export interface WriteAnswer {
  readonly succeeded: boolean;
  /** The store's, after the write. */
  readonly revision: number;
  readonly current: Entry | undefined;
}

export interface ReadAnswer {
  readonly entry: Entry | undefined;
  /** The store's. */
  readonly revision: number;
}

const field = (number: number): number => number << 3;
const bytesField = (number: number): number => (number << 3) | 2;
/** `Compare.target`. */
const modRevision = 2;

/** TxnRequest { compare: 1, success: 2, failure: 3 } */
export function encodeWrite({ key, revision, value, lease, readOtherwise }: ConditionalWrite): Uint8Array {
  const name = Buffer.from(key);
  const writer = Writer.create();
  // Compare { result: 1 (absent: EQUAL), target: 2, key: 3, mod_revision: 6 }
  writer.uint32(bytesField(1)).fork();
  writer.uint32(field(2)).int32(modRevision).uint32(bytesField(3)).bytes(name).uint32(field(6)).int64(revision);
  writer.ldelim();
  // RequestOp { request_range: 1, request_put: 2, request_delete_range: 3 }
  writer.uint32(bytesField(2)).fork();
  if (value === undefined) writer.uint32(bytesField(3)).fork().uint32(bytesField(1)).bytes(name).ldelim();
  else {
    writer.uint32(bytesField(2)).fork().uint32(bytesField(1)).bytes(name).uint32(bytesField(2)).bytes(value);
    // The writer takes decimal text as well, which its types do not say: a lease has more digits than a number.
    if (lease !== undefined) writer.uint32(field(3)).int64(lease as unknown as number);
    writer.ldelim();
  }
  writer.ldelim();
  if (readOtherwise) writer.uint32(bytesField(3)).fork().uint32(bytesField(1)).bytes(encodeRead(key)).ldelim();
  return writer.finish();
}

/** RangeRequest { key: 1 } */
export const encodeRead = (key: string): Uint8Array =>
  Writer.create().uint32(bytesField(1)).bytes(Buffer.from(key)).finish();

/** RangeRequest { key: 1, count_only: 9 } */
export const encodeCount = (key: Buffer): Uint8Array =>
  Writer.create().uint32(bytesField(1)).bytes(key).uint32(field(9)).bool(true).finish();

/** RangeResponse { header: 1, kvs: 2 } */
export function decodeRead(message: Uint8Array): ReadAnswer {
  return readRange(Reader.create(message), message.length);
}

/** TxnResponse { header: 1, succeeded: 2, responses: 3 } */
export function decodeWrite(message: Uint8Array): WriteAnswer {
  const reader = Reader.create(message);
  let succeeded = false;
  let revision = 0;
  let current: Entry | undefined;
  forEachField(reader, message.length, (number) => {
    if (number === 1) revision = readRevision(reader);
    else if (number === 2) succeeded = reader.bool();
    else if (number === 3) current = readResponse(reader) ?? current;
    else return false;
    return true;
  });
  return { succeeded, revision, current };
}

/** ResponseOp { response_range: 1 } */
function readResponse(reader: protobuf.Reader): Entry | undefined {
  let entry: Entry | undefined;
  forEachField(reader, reader.uint32(), (number) => {
    if (number !== 1) return false;
    entry = readRange(reader, reader.uint32()).entry;
    return true;
  });
  return entry;
}

function readRange(reader: protobuf.Reader, length: number): ReadAnswer {
  let entry: Entry | undefined;
  let revision = 0;
  forEachField(reader, length, (number) => {
    if (number === 1) revision = readRevision(reader);
    else if (number === 2) entry = readKeyValue(reader);
    else return false;
    return true;
  });
  return { entry, revision };
}

/** ResponseHeader { revision: 3 } */
function readRevision(reader: protobuf.Reader): number {
  let revision = 0;
  forEachField(reader, reader.uint32(), (number) => {
    if (number !== 3) return false;
    revision = Number(reader.int64());
    return true;
  });
  return revision;
}

/** KeyValue { key: 1, mod_revision: 3, value: 5 } */
function readKeyValue(reader: protobuf.Reader): Entry {
  let key = '';
  let revision = 0;
  let value: Buffer = noBytes;
  forEachField(reader, reader.uint32(), (number) => {
    if (number === 1) key = reader.string();
    else if (number === 3) revision = Number(reader.int64());
    else if (number === 5) value = asBuffer(reader.bytes());
    else return false;
    return true;
  });
  return { key, value, revision };
}

const noBytes = Buffer.alloc(0);
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Calls `read` for each field of the `length` bytes that follow; what it does not take is passed over. */
function forEachField(reader: protobuf.Reader, length: number, read: (number: number) => boolean): void {
  const end = reader.pos + length;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!read(tag >>> 3)) reader.skipType(tag & 7);
  }
}
