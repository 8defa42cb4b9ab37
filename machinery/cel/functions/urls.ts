/** URLs as Go reads them: absolute, or a path. */

import { CelError } from '../cel-error.ts';
import { EntryMap, ItemList, OpaqueValue, type Value } from '../values/value.ts';
import { type Declarations, instance, text } from './function-table.ts';

interface Parts {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class UrlValue extends OpaqueValue {
  readonly typeName = 'kubernetes.URL';
  readonly source: string;
  readonly parts: Parts;
  constructor(source: string, parts: Parts) {
    super();
    this.source = source;
    this.parts = parts;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && other.source === this.source;
  }
}

type Read = { readonly parts: Parts } | { readonly problem: string };

const wrongEscape = /%(?![0-9a-fA-F]{2}).{0,2}/;

/** As Go's `ParseRequestURI` reads it. */
function readUrl(source: string): Read {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(source)) return { problem: 'net/url: invalid control character in URL' };
  if (source === '') return { problem: 'empty url' };
  const [, scheme = '', rest = source] = /^([A-Za-z][A-Za-z0-9+.-]*):([\s\S]*)$/.exec(source) ?? [];
  if (scheme === '' && !rest.startsWith('/'))
    return { problem: rest.startsWith(':') ? 'missing protocol scheme' : 'invalid URI for request' };
  if (!rest.startsWith('/')) return { problem: 'invalid URI for request' };
  const [beforeQuery = '', ...query] = rest.split('?');
  const [, authority, path = beforeQuery] = /^\/\/([^/]*)(.*)$/s.exec(scheme === '' ? '' : beforeQuery) ?? [];
  const host = (authority ?? '').replace(/^.*@/s, '');
  const problem = hostProblem(host) ?? escapeProblem(path);
  if (problem !== undefined) return { problem };
  return { parts: { scheme: scheme.toLowerCase(), host, path, query: query.join('?') } };
}

function hostProblem(host: string): string | undefined {
  const name = host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : (host.split(':')[0] ?? '');
  if (host.startsWith('[') && name === '') return "missing ']' in host";
  const port = host.slice(name.length);
  if (port !== '' && !/^:\d*$/.test(port)) return `invalid port "${port}" after host`;
  const wrong = /[ "<>^`{|}\\]/.exec(name)?.[0];
  return wrong === undefined ? escapeProblem(name) : `invalid character "${wrong}" in host name`;
}

function escapeProblem(part: string): string | undefined {
  const wrong = wrongEscape.exec(part)?.[0];
  return wrong === undefined ? undefined : `invalid URL wrongEscape "${wrong}"`;
}

function decode(part: string): string {
  const pieces = part.split(/((?:%[0-9a-fA-F]{2})+)/);
  return pieces
    .map((piece) => (piece.startsWith('%') ? Buffer.from(piece.replaceAll('%', ''), 'hex').toString() : piece))
    .join('');
}

const decodeQuery = (part: string): string => decode(part.replaceAll('+', ' '));

function queryOf(query: string): EntryMap {
  const found = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const at = pair.indexOf('=');
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    if (wrongEscape.test(name) || wrongEscape.test(value)) continue;
    const values = found.get(decodeQuery(name)) ?? [];
    values.push(decodeQuery(value));
    found.set(decodeQuery(name), values);
  }
  return new EntryMap(new Map([...found].map(([name, values]) => [name, [name, new ItemList(values)]])));
}

function makeUrl(source: string): UrlValue {
  const read = readUrl(source);
  if ('parts' in read) return new UrlValue(source, read.parts);
  throw new CelError(`URL parse error during conversion from string: parse ${JSON.stringify(source)}: ${read.problem}`);
}

const parts = (value: Value | undefined): Parts => instance(value, UrlValue).parts;
const hostName = (host: string): string => /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.split(':')[0] ?? '';
const portOf = (host: string): string => /:(\d*)$/.exec(host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';

export const urls: Declarations = [
  ['url(string): kubernetes.URL', ([a]) => makeUrl(text(a))],
  ['isURL(string): bool', ([a]) => 'parts' in readUrl(text(a))],
  ['kubernetes.URL.getScheme(): string', ([a]) => parts(a).scheme],
  ['kubernetes.URL.getHost(): string', ([a]) => parts(a).host],
  ['kubernetes.URL.getHostname(): string', ([a]) => hostName(parts(a).host)],
  ['kubernetes.URL.getPort(): string', ([a]) => portOf(parts(a).host)],
  ['kubernetes.URL.getEscapedPath(): string', ([a]) => encodeURI(decode(parts(a).path))],
  ['kubernetes.URL.getQuery(): map(string, list(string))', ([a]) => queryOf(parts(a).query)],
];
