/** The options of a DELETE: from its body, or from the query when there is no body. */

import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { badRequest } from '../../api/status-error.ts';
import type { PropagationPolicy } from '../../kinds/kind.ts';
import { bodyFormatOf } from '../../machinery/codec/body.ts';
import { decodeProtobuf, ProtobufError } from '../../machinery/codec/protobuf.ts';
import { parseYaml, YamlError } from '../../machinery/codec/yaml.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../machinery/field-errors.ts';
import { JsonError, jsonTypeName, parseJson } from '../../machinery/json/json.ts';
import { DecodeError, decode } from '../../machinery/schema/decode.ts';
import type { DeletionOptions } from '../registry/deletion.ts';
import { unsafeDeletionOption } from '../registry/refusals.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { readSmallBody } from '../request/body.ts';
import { booleanParameter, integerParameter } from '../request/query.ts';
import { checkDryRun } from '../request/write-options.ts';

const definition = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';
const policies: readonly PropagationPolicy[] = ['Foreground', 'Background', 'Orphan'];

/** undefined for none, and for what is no policy. */
const propagationPolicyOf = (text: string | undefined): PropagationPolicy | undefined =>
  policies.find((one) => one === text);

interface RawDeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: string | undefined;
  readonly orphanDependents?: boolean | undefined;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
  readonly dryRun?: readonly string[] | undefined;
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean | undefined;
}

/** `isCollection`: the query's resourceVersion then says what to list, not what to expect. */
export async function readDeleteOptions(request: ApiRequest, isCollection: boolean): Promise<DeletionOptions> {
  const body = await readSmallBody(request);
  const raw =
    body.length > 0 ? decodeOptions(body, request.header('content-type')) : queryOptions(request.query, isCollection);
  return checkDeleteOptions(raw);
}

function decodeOptions(body: Buffer, contentType: string): RawDeleteOptions {
  const value = parseOptions(body, contentType);
  try {
    return decode(definition, value).object;
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message);
    throw error;
  }
}

function parseOptions(body: Buffer, contentType: string): JsonRecord {
  const value = parseValue(body, contentType);
  const object = value ?? {};
  if (!isRecord(object)) {
    throw unreadable(
      `json: cannot unmarshal ${jsonTypeName(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  const { kind, apiVersion } = object;
  if (typeof kind === 'string' && kind !== '' && kind !== 'DeleteOptions') {
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion ?? '')} in scheme "pkg/apis/meta/internalversion/scheme/register.go:27"`,
    );
  }
  return object;
}

function parseValue(body: Buffer, contentType: string): unknown {
  try {
    switch (bodyFormatOf(contentType)) {
      case 'json':
        return parseJson(body.toString('utf8')).value;
      case 'yaml':
        return parseYaml(body.toString('utf8')).value;
      case 'protobuf':
        return decodeProtobuf(body);
    }
  } catch (error) {
    if (error instanceof JsonError) throw unreadable(error.message);
    if (error instanceof YamlError || error instanceof ProtobufError) throw badRequest(error.message);
    throw error;
  }
}

const unreadable = (why: string) => badRequest(`couldn't get version/kind; json parse error: ${why}`);

function queryOptions(query: URLSearchParams, isCollection: boolean): RawDeleteOptions {
  const uid = query.get('uid') ?? undefined;
  const resourceVersion = isCollection ? undefined : (query.get('resourceVersion') ?? undefined);
  return {
    gracePeriodSeconds: integerParameter(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: booleanParameter(query, 'orphanDependents'),
    preconditions: { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) },
    dryRun: query.getAll('dryRun'),
    [unsafeDeletionOption]: booleanParameter(query, unsafeDeletionOption),
  };
}

/** As they were sent, in whatever way. Throws Invalid. */
export function checkDeleteOptions({
  propagationPolicy,
  orphanDependents,
  dryRun = [],
  gracePeriodSeconds,
  preconditions,
  ignoreStoreReadErrorWithClusterBreakingPotential: ignoreReadError = false,
}: RawDeleteOptions): DeletionOptions {
  const errors = new FieldErrors();
  const path = FieldPath.of('propagationPolicy');
  const policy = propagationPolicyOf(propagationPolicy);
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    errors.invalid(path, propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set');
  } else if (propagationPolicy !== undefined && policy === undefined) {
    errors.notSupported(path, propagationPolicy, [...policies, 'nil']);
  }
  checkDryRun(dryRun, errors);
  if (ignoreReadError) {
    const others = { dryRun: dryRun.length > 0 || undefined, propagationPolicy, orphanDependents, gracePeriodSeconds };
    refuseBeside({ ...others, preconditions: isEmpty(preconditions) ? undefined : preconditions }, errors);
  }
  if (!errors.empty) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors.list);
  return {
    gracePeriodSeconds,
    propagationPolicy: policy,
    orphanDependents,
    preconditions,
    dryRun: dryRun.length > 0,
    ignoreReadError,
  };
}

/** Nothing that the others say could be done to an object that cannot be read. */
function refuseBeside(others: Readonly<Record<string, unknown>>, errors: FieldErrors): void {
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined) {
      errors.invalid(FieldPath.of(unsafeDeletionOption), true, `cannot be set together with .${name}`);
    }
  }
}

const isEmpty = (preconditions: RawDeleteOptions['preconditions']): boolean =>
  Object.values(preconditions ?? {}).every((one) => one === undefined);
