/** An event of `audit.k8s.io/v1`, as JSON. What may be secret is not in it, whatever the policy says. Pure. */

import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import type { RequestInfo } from '../request/request-info.ts';
import type { User } from '../request/user.ts';
import type { Level, Stage } from './audit-policy.ts';

/** What is known of a request, without its bodies. */
export interface AuditedRequest {
  readonly level: Level;
  readonly auditId: string;
  readonly requestUri: string;
  readonly info: RequestInfo;
  readonly user: User;
  readonly impersonated: User | undefined;
  readonly sourceIps: readonly string[];
  readonly userAgent: string;
  readonly receivedAtMs: number;
  readonly omitManagedFields: boolean;
}

export interface EventAt {
  readonly stage: Stage;
  readonly atMs: number;
  readonly status?: { readonly code: number; readonly [field: string]: unknown } | undefined;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  readonly annotations?: ReadonlyMap<string, string> | undefined;
  /** A body is left out because it is too long. */
  readonly isCut?: boolean;
}

export const truncatedAnnotation = 'audit.k8s.io/truncated';

/** Bodies that hold secrets: of these, neither what is sent nor what is answered is ever written down. */
const secretive = [
  '/secrets',
  '/configmaps',
  '/serviceaccounts/token',
  'authentication.k8s.io/tokenreviews',
  'authentication.k8s.io/tokenrequests',
];

export function mayHaveBodies(info: RequestInfo): boolean {
  if (!info.isResource) return false;
  const { group, plural, subresource } = info;
  const named = `${group}/${plural}`;
  return !secretive.includes(named) && !secretive.includes(`${named}/${subresource ?? ''}`);
}

/** `maxBytes`: what is longer goes without its bodies, and says so. */
export function eventJson(request: AuditedRequest, event: EventAt, maxBytes: number): string {
  if (event.isCut) return cutEvent(request, event);
  if (event.requestObject === undefined && event.responseObject === undefined) return bodilessEvent(request, event);
  const whole = JSON.stringify(eventOf(request, event));
  return whole.length <= maxBytes ? whole : cutEvent(request, event);
}

/** The same text as that of `eventOf`, put together: most events are like this, and it takes a third of the time. */
function bodilessEvent(request: AuditedRequest, event: EventAt): string {
  const { info, impersonated, userAgent } = request;
  const { status, annotations } = event;
  const objectRef = objectRefOf(info, event);
  return (
    `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"${request.level}","auditID":${text(request.auditId)}` +
    `,"stage":"${event.stage}","requestURI":${text(request.requestUri)},"verb":${text(info.verb)}` +
    `,"user":${userText(request.user)}` +
    (impersonated === undefined ? '' : `,"impersonatedUser":${userText(impersonated)}`) +
    `,"sourceIPs":${text(request.sourceIps)}` +
    (userAgent === '' ? '' : `,"userAgent":${text(userAgent)}`) +
    (objectRef === undefined ? '' : `,"objectRef":${text(objectRef)}`) +
    (status === undefined ? '' : `,"responseStatus":${text({ metadata: {}, ...status })}`) +
    `,"requestReceivedTimestamp":"${microTime(request.receivedAtMs)}","stageTimestamp":"${microTime(event.atMs)}"` +
    (annotations === undefined || annotations.size === 0
      ? ''
      : `,"annotations":${text(Object.fromEntries(annotations))}`) +
    '}'
  );
}

const text = (value: string | object): string => JSON.stringify(value);

/** A connection keeps its user. */
const userTexts = new WeakMap<User, string>();

function userText(user: User): string {
  const known = userTexts.get(user);
  if (known !== undefined) return known;
  const made = text(userOf(user));
  userTexts.set(user, made);
  return made;
}

function cutEvent(request: AuditedRequest, { requestObject: _, responseObject: __, ...rest }: EventAt): string {
  const annotations = new Map([...(rest.annotations ?? []), [truncatedAnnotation, 'true']]);
  return JSON.stringify(eventOf(request, { ...rest, annotations }));
}

/** As an object. */
export function eventOf(request: AuditedRequest, event: EventAt): object {
  const { level, info, impersonated, omitManagedFields } = request;
  const { annotations, status } = event;
  const shown = (body: unknown) => (omitManagedFields ? withoutManagedFields(body) : body);
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: request.auditId,
    stage: event.stage,
    requestURI: request.requestUri,
    verb: info.verb,
    user: userOf(request.user),
    impersonatedUser: impersonated && userOf(impersonated),
    sourceIPs: request.sourceIps,
    userAgent: request.userAgent || undefined,
    objectRef: objectRefOf(info, event),
    responseStatus: status && { metadata: {}, ...status },
    requestObject: shown(event.requestObject),
    responseObject: shown(event.responseObject),
    requestReceivedTimestamp: microTime(request.receivedAtMs),
    stageTimestamp: microTime(event.atMs),
    annotations: annotations && annotations.size > 0 ? Object.fromEntries(annotations) : undefined,
  };
}

const userOf = ({ name, uid, groups, extra }: User): object => ({
  username: name,
  uid: uid || undefined,
  groups,
  extra,
});

function objectRefOf(info: RequestInfo, { requestObject }: EventAt): object | undefined {
  if (!info.isResource) return undefined;
  const { group, version, plural, namespace, name, subresource } = info;
  const metadata = isRecord(requestObject) && isRecord(requestObject.metadata) ? requestObject.metadata : {};
  return {
    resource: plural,
    namespace,
    name: name ?? textOf(metadata.name),
    uid: textOf(metadata.uid),
    apiGroup: group || undefined,
    apiVersion: version,
    resourceVersion: textOf(metadata.resourceVersion),
    subresource,
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function withoutManagedFields(body: unknown): unknown {
  if (!isRecord(body)) return body;
  const { items, metadata } = body;
  const next: JsonRecord = { ...body };
  if (isRecord(metadata)) {
    const { managedFields: _, ...rest } = metadata;
    next.metadata = rest;
  }
  if (Array.isArray(items)) next.items = items.map(withoutManagedFields);
  return next;
}

/** Times of events have microseconds. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
