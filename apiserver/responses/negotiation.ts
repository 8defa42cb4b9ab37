/**
 * In which form an answer goes out: the object itself, a Table, or its metadata only; as JSON, YAML or protobuf. From
 * `Accept`, in two steps as upstream does it: whether the route has any of the types named, then which of them.
 */

import { StatusError } from '../../api/status-error.ts';

export type OutputForm = 'object' | 'table' | 'metadata';
export type Encoding = 'json' | 'yaml' | 'protobuf';

export interface Output {
  readonly form: OutputForm;
  readonly encoding: Encoding;
  /** `meta.k8s.io/v1` or `v1beta1`, for tables and metadata. */
  readonly apiVersion: string;
  /** The client wants the metadata of a list, which one object is not, or the reverse. */
  readonly isList?: boolean;
}

export interface MediaRange {
  /** `application/json`, exactly as sent. */
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

export const mediaTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

/** Whatever what is behind this server answers with. */
export const anyType: readonly string[] = ['*/*'];
/** What objects come as. */
export const objectTypes: readonly string[] = Object.values(mediaTypes);
const streamTypes: readonly string[] = [`${mediaTypes.json};stream=watch`, `${mediaTypes.protobuf};stream=watch`];
/** What lists and watches come as. */
export const listTypes: readonly string[] = [...objectTypes, ...streamTypes];

const plain: Output = { form: 'object', encoding: 'json', apiVersion: 'v1' };

/** What the client prefers first. Media types that say nothing are left out. */
export function parseAccept(header: string): MediaRange[] {
  const ranges = header.split(',').flatMap((text) => {
    const [word = '', ...rest] = text.split(';').map((part) => part.trim());
    const type = word === '*' ? '*/*' : word;
    if (!type.includes('/')) return [];
    const parameters = Object.fromEntries(
      rest
        .filter((part) => part.includes('='))
        .map((part) => [part.split('=', 1)[0] ?? '', part.slice(part.indexOf('=') + 1)]),
    );
    const quality = Number(parameters.q ?? 1);
    return [{ type, parameters, quality: Number.isFinite(quality) ? quality : 0 }];
  });
  return sortAsUpstream(ranges);
}

/**
 * By insertion, as upstream's order is none that a sort could rely on: a named type goes before a wildcard whatever the
 * two's qualities.
 */
function sortAsUpstream(ranges: readonly MediaRange[]): MediaRange[] {
  const sorted: MediaRange[] = [];
  for (const range of ranges) {
    let place = sorted.length;
    while (place > 0 && isBefore(range, sorted[place - 1])) place -= 1;
    sorted.splice(place, 0, range);
  }
  return sorted;
}

function isBefore(one: MediaRange, other: MediaRange | undefined): boolean {
  if (other === undefined) return false;
  if (one.quality > other.quality) return true;
  if (!one.type.startsWith('*/') && other.type.startsWith('*/')) return true;
  return !one.type.endsWith('/*') && other.type.endsWith('/*');
}

/** Throws NotAcceptable when none of the types that a route answers with is named. They are compared as text. */
export function checkAccepted(accept: string, types: readonly string[]): void {
  if (accept === '') return;
  const named = accept.split(',').map((part) => part.split(';', 1)[0]?.trim() ?? '');
  if (types.includes('*/*') || named.some((type) => type === '*/*' || types.includes(type))) return;
  const available = `Available representations: ${types.join(', ')}`;
  throw new StatusError(406, 'NotAcceptable', `406: Not Acceptable\n\n${available}`, {});
}

/** The first form that the client accepts and `forms` allows. Throws NotAcceptable. */
export function negotiate(accept: string, forms: readonly OutputForm[] = ['object', 'table', 'metadata']): Output {
  const output = firstFitting(accept, forms);
  if (output === undefined) throw notAcceptable(objectTypes);
  return output;
}

/** The same for a watch: YAML has no events. */
export function negotiateStream(accept: string): Output {
  const output = negotiate(accept);
  if (output.encoding === 'yaml') throw notAcceptable(streamTypes);
  return output;
}

/** What errors come as: whatever the client asked for, it gets an answer. */
export const errorEncoding = (accept: string): Encoding => firstFitting(accept, ['object'])?.encoding ?? 'json';

function firstFitting(accept: string, forms: readonly OutputForm[]): Output | undefined {
  if (accept === '' || accept === 'application/json' || accept === '*/*') return plain;
  for (const range of parseAccept(accept)) {
    const output = outputOf(range, forms);
    if (output !== undefined) return output;
  }
  return undefined;
}

export const notAcceptable = (types: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`);

const metadataKinds: readonly string[] = ['PartialObjectMetadata', 'PartialObjectMetadataList'];

function outputOf({ type, parameters }: MediaRange, forms: readonly OutputForm[]): Output | undefined {
  const { as, g, v, stream = '', sv = '' } = parameters;
  const encoding = encodingOf(type);
  if (encoding === undefined || sv !== '') return undefined;
  if (stream !== '' && (stream !== 'watch' || encoding === 'yaml')) return undefined;
  if (as === undefined) {
    if (g !== undefined || v !== undefined) return undefined;
    return encoding === 'json' ? plain : { ...plain, encoding };
  }
  const form = as === 'Table' ? 'table' : metadataKinds.includes(as) ? 'metadata' : undefined;
  if (form === undefined || !forms.includes(form) || g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1'))
    return undefined;
  // The cells of a table have no form in protobuf.
  if (form === 'table' && encoding === 'protobuf') return undefined;
  return { form, encoding, apiVersion: `meta.k8s.io/${v}`, isList: as.endsWith('List') };
}

function encodingOf(type: string): Encoding | undefined {
  switch (type) {
    case 'application/*':
    case '*/*':
    case mediaTypes.json:
      return 'json';
    case mediaTypes.protobuf:
      return 'protobuf';
    case mediaTypes.yaml:
      return 'yaml';
    default:
      return undefined;
  }
}
