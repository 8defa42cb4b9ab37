/**
 * Sends one object or a list of them in the form that the client asked for. The common case, JSON of what lies in the
 * cache, sends the cache's own bytes.
 */

import { isRecord } from '../../api/json-record.ts';
import type { Stored } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { StatusError } from '../../api/status-error.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kind } from '../../kinds/kind.ts';
import { encodeProtobuf } from '../../machinery/codec/protobuf-writer.ts';
import { jsonToYaml, runJob } from '../heavy-work/heavy-jobs.ts';
import type { WriteOutcome } from '../registry/registry.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { isPretty } from '../request/pretty.ts';
import type { CachedObject } from '../store/resource-cache.ts';
import { mediaTypes, negotiate, notAcceptable, type Output } from './negotiation.ts';
import { sendBytes } from './responses.ts';
import {
  parseIncludeObject,
  type ShownObject,
  type TableListMetadata,
  toMetadataList,
  toMetadataOnly,
  toTable,
} from './tables.ts';

const newline = Buffer.from('\n');
const comma = Buffer.from(',');

/** What the wire shows of a cached object: for kinds with a second version, in that version. */
export function wireObject(kind: Kind, item: CachedObject): DeepReadonly<Stored> {
  return kind.storedAs ? (kind.storedAs.fromStored(structuredClone(item.object) as Stored) as Stored) : item.object;
}

function wireBytes(kind: Kind, item: CachedObject): Buffer {
  return kind.storedAs ? Buffer.from(JSON.stringify(wireObject(kind, item))) : item.bytes;
}

export async function sendCached(request: ApiRequest, kind: Kind, item: CachedObject): Promise<void> {
  const output = negotiate(request.header('accept'));
  if (isRaw(request, output)) {
    await sendBytes(request, 200, Buffer.concat([wireBytes(kind, item), newline]));
    return;
  }
  await sendInForm(request, kind, wireObject(kind, item), 200, output);
}

export async function sendWritten(request: ApiRequest, kind: Kind, outcome: WriteOutcome): Promise<void> {
  const output = negotiate(request.header('accept'));
  const code = outcome.created ? 201 : 200;
  const { json } = outcome;
  if (json !== undefined && isRaw(request, output))
    return await sendBytes(request, code, Buffer.concat([json, newline]));
  await sendInForm(request, kind, outcome.object, code, output);
}

export async function sendObject(request: ApiRequest, kind: Kind, object: ShownObject, code: number): Promise<void> {
  await sendInForm(request, kind, object, code, negotiate(request.header('accept')));
}

async function sendInForm(
  request: ApiRequest,
  kind: Kind,
  object: ShownObject,
  code: number,
  output: Output,
): Promise<void> {
  switch (output.form) {
    case 'object':
      return await sendValue(request, code, object, output);
    case 'metadata':
      if (output.isList) throw wrongForm('PartialObjectMetadataList', 'not a list', kind.kind);
      return await sendValue(request, code, toMetadataOnly(object, output.apiVersion), output);
    case 'table': {
      const { resourceVersion } = object.metadata;
      const table = toTable(kind, [object], {
        apiVersion: output.apiVersion,
        include: parseIncludeObject(request.query),
        metadata: { ...(resourceVersion !== undefined && { resourceVersion }) },
        now: request.clock.now(),
      });
      return await sendValue(request, code, table, output);
    }
  }
}

export async function sendList(
  request: ApiRequest,
  kind: Kind,
  items: readonly CachedObject[],
  metadata: TableListMetadata,
): Promise<void> {
  const output = negotiate(request.header('accept'));
  if (isRaw(request, output)) return await sendBytes(request, 200, listBytes(kind, items, metadata));
  const objects = items.map((item) => wireObject(kind, item));
  await sendListInForm(request, kind, { objects, metadata, output });
}

/** The same for objects that lie in no cache. */
export async function sendObjects(
  request: ApiRequest,
  kind: Kind,
  objects: readonly ShownObject[],
  metadata: TableListMetadata,
): Promise<void> {
  await sendListInForm(request, kind, { objects, metadata, output: negotiate(request.header('accept')) });
}

interface ObjectList {
  readonly objects: readonly ShownObject[];
  readonly metadata: TableListMetadata;
  readonly output: Output;
}

async function sendListInForm(
  request: ApiRequest,
  kind: Kind,
  { objects, metadata, output }: ObjectList,
): Promise<void> {
  switch (output.form) {
    case 'object':
      return await sendValue(request, 200, listValue(kind, objects, metadata), output);
    case 'metadata':
      if (!output.isList) throw wrongForm('PartialObjectMetadata', 'a list', listKindOf(kind));
      return await sendValue(request, 200, toMetadataList(objects, output.apiVersion, metadata), output);
    case 'table': {
      const { apiVersion } = output;
      const include = parseIncludeObject(request.query);
      return await sendValue(
        request,
        200,
        toTable(kind, objects, { apiVersion, include, metadata, now: request.clock.now() }),
        output,
      );
    }
  }
}

const listKindOf = ({ kind, listKind }: Kind): string => listKind ?? `${kind}List`;

const wrongForm = (form: string, what: string, type: string): StatusError =>
  new StatusError(406, 'NotAcceptable', `you requested ${form}, but the requested object is ${what} (*core.${type})`);

/** Inside a list, items do not repeat what kind they are; what has no struct in Go always says it. */
function listValue(kind: Kind, objects: readonly ShownObject[], metadata: TableListMetadata): object {
  const items = isCustom(kind) ? objects : objects.map(({ apiVersion: _version, kind: _kind, ...rest }) => rest);
  return { kind: listKindOf(kind), apiVersion: apiVersionOf(kind), metadata: listMetadata(kind, metadata), items };
}

const isCustom = ({ conversion }: Kind): boolean => conversion !== undefined;

/** Nor is anything left out of a list's metadata there. */
const listMetadata = (kind: Kind, metadata: TableListMetadata): TableListMetadata =>
  isCustom(kind) ? { continue: '', ...metadata } : metadata;

function listBytes(kind: Kind, items: readonly CachedObject[], metadata: TableListMetadata): Buffer {
  const head = `{"kind":"${listKindOf(kind)}","apiVersion":"${apiVersionOf(kind)}","metadata":${JSON.stringify(listMetadata(kind, metadata))},"items":[`;
  const prefix = Buffer.from(`{"apiVersion":"${apiVersionOf(kind)}","kind":"${kind.kind}",`);
  const parts: Buffer[] = [Buffer.from(head)];
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(comma);
    if (isCustom(kind)) parts.push(item.bytes);
    else pushWithoutPrefix(parts, wireBytes(kind, item), prefix);
  }
  parts.push(Buffer.from(']}\n'));
  return Buffer.concat(parts);
}

const brace = Buffer.from('{');

/** Objects are stored with `apiVersion` and `kind` first, so that a list can cut them off without parsing. */
function pushWithoutPrefix(parts: Buffer[], bytes: Buffer, prefix: Buffer): void {
  if (bytes.subarray(0, prefix.length).equals(prefix)) parts.push(brace, bytes.subarray(prefix.length));
  else parts.push(bytes);
}

export async function sendValue(request: ApiRequest, code: number, value: unknown, output: Output): Promise<void> {
  if (request.observer?.wantsAnswer) request.observer.answer(value);
  if (output.encoding === 'yaml') {
    const text = await yamlOf(request, JSON.stringify(value));
    return await sendBytes(request, code, text, { 'content-type': 'application/yaml' });
  }
  if (output.encoding === 'protobuf') {
    const bytes = encodeProtobuf({ apiVersion: 'v1', ...(isRecord(value) && value) });
    // Kinds that have no message never come in protobuf.
    if (bytes === undefined) throw notAcceptable([mediaTypes.json, mediaTypes.yaml]);
    return await sendBytes(request, code, bytes, { 'content-type': mediaTypes.protobuf });
  }
  await sendBytes(request, code, `${JSON.stringify(value, null, isPretty(request) ? 2 : undefined)}\n`);
}

async function yamlOf(request: ApiRequest, json: string): Promise<string> {
  const { otherThread } = request;
  if (otherThread?.isHeavy(json.length)) return await runJob(otherThread, 'yaml', { json }, request);
  return jsonToYaml({ json });
}

const isRaw = (request: ApiRequest, output: Output): boolean =>
  output.form === 'object' && output.encoding === 'json' && !isPretty(request);
