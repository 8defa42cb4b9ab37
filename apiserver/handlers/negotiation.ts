/** In which form an answer goes out: the object itself, a Table, or its metadata only; as JSON (or YAML). From `Accept`. */

import { StatusError } from '../../api/status-error.ts';

export type OutputForm = 'object' | 'table' | 'metadata';
export type Encoding = 'json' | 'yaml';

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

const plain: Output = { form: 'object', encoding: 'json', apiVersion: 'v1' };
const objectTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** What the client prefers first. Media types that say nothing are left out. */
export function parseAccept(header: string): MediaRange[] {
  const ranges = header.split(',').flatMap((text) => {
    const [type = '', ...rest] = text.split(';').map((part) => part.trim());
    if (!type.includes('/')) return [];
    const parameters = Object.fromEntries(
      rest.map((part) => [part.split('=', 1)[0] ?? '', part.slice(part.indexOf('=') + 1)]),
    );
    const quality = Number(parameters.q ?? 1);
    return [{ type, parameters, quality: Number.isFinite(quality) ? quality : 0 }];
  });
  return ranges.sort((a, b) => b.quality - a.quality);
}

/**
 * The first form that the client accepts and `forms` allows. A client that accepts protobuf gets JSON: the answer says
 * so, and all clients read it. Throws NotAcceptable.
 */
export function negotiate(accept: string, forms: readonly OutputForm[] = ['object', 'table', 'metadata']): Output {
  if (accept === '' || accept === 'application/json' || accept === '*/*') return plain;
  for (const range of parseAccept(accept)) {
    const output = outputOf(range, forms);
    if (output !== undefined) return output;
  }
  throw notAcceptable(objectTypes);
}

export const notAcceptable = (types: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`);

const metadataKinds: readonly string[] = ['PartialObjectMetadata', 'PartialObjectMetadataList'];

function outputOf({ type, parameters }: MediaRange, forms: readonly OutputForm[]): Output | undefined {
  const encoding = encodingOf(type);
  if (encoding === undefined) return undefined;
  const { as, g, v } = parameters;
  if (as === undefined) {
    if (g !== undefined || v !== undefined) return undefined;
    return encoding === 'json' ? plain : { ...plain, encoding };
  }
  const form = as === 'Table' ? 'table' : metadataKinds.includes(as) ? 'metadata' : undefined;
  if (form === undefined || !forms.includes(form) || g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1'))
    return undefined;
  return { form, encoding, apiVersion: `meta.k8s.io/${v}`, isList: as.endsWith('List') };
}

function encodingOf(type: string): Encoding | undefined {
  switch (type) {
    case 'application/json':
    case 'application/*':
    case '*/*':
    case 'application/vnd.kubernetes.protobuf':
      return 'json';
    case 'application/yaml':
      return 'yaml';
    default:
      return undefined;
  }
}
