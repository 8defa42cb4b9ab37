/**
 * What annotations of an Ingress say of its routes. Their names are those of ingress-nginx, which most charts set. What is
 * not acted on is told, and an Ingress whose annotations restrict who may come is not served without them. Pure.
 */

import type { Network } from '../../api/net.ts';
import type { Problem } from '../problem.ts';
import {
  readBoolean,
  readBytes,
  readHostHeader,
  readNetworks,
  readNumber,
  readPath,
  readSeconds,
  readUrl,
  readWord,
} from './annotation-values.ts';

export const annotationPrefix = 'nginx.ingress.kubernetes.io/';

export const backendProtocols = ['HTTP', 'HTTPS', 'GRPC', 'GRPCS'] as const;
export type BackendProtocol = (typeof backendProtocols)[number];

export interface RouteSettings {
  readonly backendProtocol: BackendProtocol;
  /** To https where the Ingress has TLS for the host. */
  readonly sslRedirect: boolean;
  /** To https everywhere: TLS may end before us. */
  readonly forceSslRedirect: boolean;
  readonly useRegex: boolean;
  /** What a backend is asked for; `$1` is what the first group of the path has matched. */
  readonly rewriteTarget: string | undefined;
  /** Undefined: no limit. */
  readonly maxBodyBytes: number | undefined;
  readonly connectTimeoutMs: number;
  /** Between two reads from the backend. */
  readonly readTimeoutMs: number;
  /** Between two writes to it. */
  readonly sendTimeoutMs: number;
  /** How many endpoints are tried for one request. */
  readonly tries: number;
  readonly redirect: { readonly url: string; readonly code: number } | undefined;
  /** Where a request for `/` is sent. */
  readonly appRoot: string | undefined;
  /** The Host that the backend is told; undefined: the client's own. */
  readonly upstreamHost: string | undefined;
  readonly forwardedPrefix: string | undefined;
  /** Who may come; undefined: everybody. */
  readonly allowedNetworks: readonly Network[] | undefined;
  readonly deniedNetworks: readonly Network[];
}

export const defaultSettings: RouteSettings = {
  backendProtocol: 'HTTP',
  sslRedirect: true,
  forceSslRedirect: false,
  useRegex: false,
  rewriteTarget: undefined,
  maxBodyBytes: undefined,
  connectTimeoutMs: 5_000,
  readTimeoutMs: 60_000,
  sendTimeoutMs: 60_000,
  tries: 3,
  redirect: undefined,
  appRoot: undefined,
  upstreamHost: undefined,
  forwardedPrefix: undefined,
  allowedNetworks: undefined,
  deniedNetworks: [],
};

type Reader = (text: string) => Partial<RouteSettings> | undefined;

/** Settings of that field, or undefined: it says no such value. */
function field<Name extends keyof RouteSettings>(
  name: Name,
  read: (text: string) => RouteSettings[Name] | undefined,
): Reader {
  return (text) => {
    const value = read(text);
    return value === undefined ? undefined : { [name]: value };
  };
}

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['backend-protocol', field('backendProtocol', (text) => readWord(text, backendProtocols))],
  ['ssl-redirect', field('sslRedirect', readBoolean)],
  ['force-ssl-redirect', field('forceSslRedirect', readBoolean)],
  ['use-regex', field('useRegex', readBoolean)],
  ['rewrite-target', field('rewriteTarget', (text) => readPath(text.startsWith('/') ? text : `/${text}`))],
  [
    'proxy-body-size',
    (text) => {
      const bytes = readBytes(text);
      return bytes === undefined ? undefined : { maxBodyBytes: bytes === 0 ? undefined : bytes };
    },
  ],
  ['proxy-connect-timeout', field('connectTimeoutMs', readSeconds)],
  ['proxy-read-timeout', field('readTimeoutMs', readSeconds)],
  ['proxy-send-timeout', field('sendTimeoutMs', readSeconds)],
  // 0 is nginx's word for: as many as there are.
  ['proxy-next-upstream-tries', field('tries', (text) => (text === '0' ? 20 : readNumber(text, 1, 20)))],
  ['proxy-next-upstream', (text) => (text.trim() === 'off' ? { tries: 1 } : /\berror\b/.test(text) ? {} : undefined)],
  ['permanent-redirect', (text) => redirectOf(readUrl(text), 301)],
  ['temporal-redirect', (text) => redirectOf(readUrl(text), 302)],
  ['permanent-redirect-code', (text) => (readNumber(text, 300, 308) === undefined ? undefined : {})],
  ['app-root', field('appRoot', readPath)],
  ['upstream-vhost', field('upstreamHost', readHostHeader)],
  ['x-forwarded-prefix', field('forwardedPrefix', readPath)],
  ['whitelist-source-range', field('allowedNetworks', readNetworks)],
  ['allowlist-source-range', field('allowedNetworks', readNetworks)],
  ['denylist-source-range', field('deniedNetworks', readNetworks)],
]);

const redirectOf = (url: string | undefined, code: number) =>
  url === undefined ? undefined : { redirect: { url, code } };

/** They tune how nginx buffers; nothing is buffered here. */
const withoutMeaning: ReadonlySet<string> = new Set([
  ...['proxy-buffering', 'proxy-request-buffering', 'proxy-buffer-size', 'proxy-buffers-number', 'proxy-http-version'],
  ...['proxy-busy-buffers-size', 'client-body-buffer-size', 'proxy-max-temp-file-size', 'enable-access-log'],
  'proxy-next-upstream-timeout',
]);

/** Without what they ask for, those would be let in who shall not be. */
const restricting = /^(auth-|enable-global-auth|limit-whitelist|satisfy|modsecurity|enable-modsecurity|canary)/;
const restrictingNames: ReadonlySet<string> = new Set([
  'whitelist-source-range',
  'allowlist-source-range',
  'denylist-source-range',
]);

export interface ReadSettings {
  readonly settings: RouteSettings;
  readonly problems: readonly Problem[];
  /** It must not be served: what would keep clients out is not there. */
  readonly isClosed: boolean;
}

export function readRouteSettings(annotations: Readonly<Record<string, string>>): ReadSettings {
  const problems: Problem[] = [];
  let settings = defaultSettings;
  let isClosed = false;
  const unknown: string[] = [];
  for (const [full, text] of Object.entries(annotations)) {
    if (!full.startsWith(annotationPrefix)) continue;
    const name = full.slice(annotationPrefix.length);
    const read = readers.get(name);
    const found = read?.(text);
    if (found !== undefined) {
      settings = { ...settings, ...found };
      continue;
    }
    if (restricting.test(name) || restrictingNames.has(name)) isClosed = true;
    if (read !== undefined)
      problems.push({ reason: 'InvalidAnnotation', message: `The annotation ${full} has no value that can be used` });
    else if (!withoutMeaning.has(name)) unknown.push(full);
  }
  if (unknown.length > 0)
    problems.push({
      reason: 'UnsupportedAnnotation',
      message: `Annotations that are not acted on: ${unknown.sort().join(', ')}`,
    });
  if (isClosed)
    problems.push({
      reason: 'NotServed',
      message: 'It is answered with 503: its annotations restrict who may come in a way that is not supported here',
    });
  return { settings: withRedirectCode(settings, annotations), problems, isClosed };
}

function withRedirectCode(settings: RouteSettings, annotations: Readonly<Record<string, string>>): RouteSettings {
  const { redirect } = settings;
  const code = readNumber(annotations[`${annotationPrefix}permanent-redirect-code`] ?? '', 300, 308);
  if (redirect === undefined || redirect.code === 302 || code === undefined) return settings;
  return { ...settings, redirect: { ...redirect, code } };
}
