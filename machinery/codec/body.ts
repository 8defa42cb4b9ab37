/**
 * From the bytes of a request to a JSON object of the right kind, in JSON, YAML or protobuf. Which fields the object
 * may have is not looked at here: decoding by schema comes next.
 */

import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { apiVersionOf, parseApiVersion } from '../../api/resource.ts';
import { badRequest, type StatusError, unsupportedMediaType } from '../../api/status-error.ts';
import { JsonError, jsonTypeName, parseJson } from '../json/json.ts';
import type { JsonPlaces } from '../json/json-places.ts';
import { conversionProblem, type GroupVersionKind, isConvertible } from '../schema/registered-kinds.ts';
import { decodeProtobuf, ProtobufError } from './protobuf.ts';
import { parseYaml, YamlError } from './yaml.ts';

export type BodyFormat = 'json' | 'yaml' | 'protobuf';

export interface DecodedBody {
  /** With `apiVersion` and `kind` filled in. May hold `NumberLiteral`s; fields are as the client wrote them. */
  readonly object: JsonRecord;
  /** What strict field validation refuses in the text itself, one text for each. */
  readonly strictErrors: readonly string[];
  /** The same for `Warning:` headers. */
  readonly warnings: readonly string[];
  /** Where keys stand, when JSON has some twice: decoding by schema reports them. */
  readonly places?: JsonPlaces | undefined;
}

const formats: ReadonlyMap<string, BodyFormat> = new Map(
  Object.entries({
    'application/json': 'json',
    'application/yaml': 'yaml',
    'application/vnd.kubernetes.protobuf': 'protobuf',
  }),
);

/** The format that a Content-Type names; none is JSON. Throws 415. */
export function bodyFormatOf(contentType: string | undefined): BodyFormat {
  if (contentType === undefined || contentType === '') return 'json';
  const [mediaType = '', ...parameters] = contentType.split(';');
  const format = formats.get(mediaType.trim().toLowerCase());
  if (format !== undefined && parameters.every((text) => /^\s*([\w.-]+=("[^"]*"|[^\s";]+))?\s*$/.test(text)))
    return format;
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${[...formats.keys()].join(', ')}`,
  );
}

export interface BodyOptions {
  /** Of a kind without a struct in Go: it must say itself what it is, and is told later if its kind is another. */
  readonly isCustom?: boolean;
}

/** Reads a body that should be of kind `expected`. Throws 400 with upstream's words for what it is not. */
export function decodeBody(
  body: Uint8Array,
  format: BodyFormat,
  expected: GroupVersionKind,
  { isCustom = false }: BodyOptions = {},
): DecodedBody {
  const raw = readValue(body, format, expected);
  const own = kindOf(raw.value, body, expected);
  if (isCustom && own.kind === '') throw unrecognized(body, expected, missingKind(shownValue(raw.value, body, format)));
  const given = isCustom ? own : withDefaults(own, expected);
  if (!isCustom) checkKind(given, expected);
  else if (apiVersionOf(given) !== apiVersionOf(expected)) throw otherVersion(given, expected);
  // The parsed object itself: `places` knows it.
  const object = isRecord(raw.value) ? raw.value : {};
  Object.assign(object, { apiVersion: apiVersionOf(given), kind: given.kind });
  return { ...raw, object };
}

interface RawBody {
  readonly value: unknown;
  readonly strictErrors: readonly string[];
  readonly warnings: readonly string[];
  readonly places?: JsonPlaces | undefined;
}

function readValue(body: Uint8Array, format: BodyFormat, expected: GroupVersionKind): RawBody {
  try {
    return readers[format](body);
  } catch (error) {
    if (error instanceof JsonError) throw unrecognized(body, expected, `${jsonPrefix}${error.message}`);
    if (error instanceof YamlError || error instanceof ProtobufError) throw unrecognized(body, expected, error.message);
    throw error;
  }
}

const jsonPrefix = "couldn't get version/kind; json parse error: ";
const textOf = (body: Uint8Array): string =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');

const readers: Readonly<Record<BodyFormat, (body: Uint8Array) => RawBody>> = {
  json(body) {
    const { value, places } = parseJson(textOf(body));
    return { value, strictErrors: [], warnings: [], places };
  },
  yaml(body) {
    const { value, duplicates } = parseYaml(textOf(body));
    const all = `yaml: unmarshal errors:\n${duplicates.map((text) => `  ${text}`).join('\n')}`;
    return { value, strictErrors: duplicates.length === 0 ? [] : [all], warnings: duplicates };
  },
  protobuf: (body) => ({ value: decodeProtobuf(body), strictErrors: [], warnings: [] }),
};

/** Of an object that does not say what it is, as its text. */
export const missingKind = (text: string): string => `Object 'Kind' is missing in '${text}'`;

const shownValue = (value: unknown, body: Uint8Array, format: BodyFormat): string =>
  format === 'json' ? textOf(body) : (JSON.stringify(value) ?? '');

/** What the body says it is; texts are empty where it says nothing. */
function kindOf(value: unknown, body: Uint8Array, expected: GroupVersionKind): GroupVersionKind {
  if (value === null || value === undefined) return { group: '', version: '', kind: '' };
  const wrongType = (what: unknown, where: string) =>
    unrecognized(body, expected, `${jsonPrefix}json: cannot unmarshal ${jsonTypeName(what)} into ${where}`);
  if (!isRecord(value)) throw wrongType(value, `Go value of type ${typeMetaStruct}`);
  const { apiVersion = null, kind = null } = value;
  if (apiVersion !== null && typeof apiVersion !== 'string') {
    throw wrongType(apiVersion, 'Go struct field .apiVersion of type string');
  }
  if (kind !== null && typeof kind !== 'string') throw wrongType(kind, 'Go struct field .kind of type string');
  const version = parseApiVersion(apiVersion ?? '');
  if (version === undefined) throw unrecognized(body, expected, `unexpected GroupVersion string: ${apiVersion}`);
  return { ...version, kind: kind ?? '' };
}

const typeMetaStruct =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function withDefaults(given: GroupVersionKind, expected: GroupVersionKind): GroupVersionKind {
  const kind = given.kind === '' ? expected.kind : given.kind;
  if (given.version === '' && given.group === '') return { group: expected.group, version: expected.version, kind };
  if (given.version === '' && given.group === expected.group) return { ...given, version: expected.version, kind };
  return { ...given, kind };
}

function checkKind(given: GroupVersionKind, expected: GroupVersionKind): void {
  if (given.kind === expected.kind && apiVersionOf(given) === apiVersionOf(expected)) return;
  if (isConvertible(given, expected)) throw otherVersion(given, expected);
  throw badRequest(
    `${given.kind} in version ${JSON.stringify(given.version)} cannot be handled as a ${expected.kind}: ${conversionProblem(given, expected)}`,
  );
}

const otherVersion = (given: GroupVersionKind, expected: GroupVersionKind): StatusError =>
  badRequest(
    `the API version in the data (${apiVersionOf(given)}) does not match the expected API version (${apiVersionOf(expected)})`,
  );

const shownBytes = 30;

function unrecognized(body: Uint8Array, expected: GroupVersionKind, why: string): StatusError {
  return badRequest(
    `the object provided is unrecognized (must be of type ${expected.kind}): ${why} (${summary(body)})`,
  );
}

/** The beginning of a body: as it is when it looks like an object, otherwise in hexadecimal. */
function summary(body: Uint8Array): string {
  if (body.length === 0) return '<empty>';
  const bytes = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, shownBytes));
  const text = bytes.toString(body[0] === 0x7b ? 'utf8' : 'hex');
  return body.length > shownBytes ? `${text} ...` : text;
}
