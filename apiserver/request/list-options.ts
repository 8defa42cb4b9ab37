/** The options of GET, LIST and WATCH, read from the query and checked together. */

import { badRequest, type StatusError } from '../../api/status-error.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../machinery/field-errors.ts';
import { type ContinueToken, decodeContinueToken } from './continue-token.ts';
import { booleanParameter, integerParameter } from './query.ts';

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly watch: boolean;
  /** 0: all. */
  readonly limit: number;
  readonly continue: ContinueToken | undefined;
  /** undefined: consistent; 0: whatever is known. */
  readonly resourceVersion: number | undefined;
  readonly resourceVersionMatch: 'Exact' | 'NotOlderThan' | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

const listOptions = { group: 'meta.k8s.io', kind: 'ListOptions' };
const versionField = FieldPath.of('resourceVersion');
const matchField = FieldPath.of('resourceVersionMatch');
const initialEventsField = FieldPath.of('sendInitialEvents');

export function parseListOptions(query: URLSearchParams, forceWatch = false): ListOptions {
  const limit = integerParameter(query, 'limit') ?? 0;
  const timeoutSeconds = integerParameter(query, 'timeoutSeconds');
  const watch = forceWatch || (booleanParameter(query, 'watch') ?? false);
  const sendInitialEvents = booleanParameter(query, 'sendInitialEvents');
  const token = query.get('continue') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const errors = new FieldErrors();
  if (watch) checkWatch({ sendInitialEvents, version, match, token }, errors);
  else checkList({ sendInitialEvents, version, match, token }, errors);
  if (!errors.empty) throw invalidObject(listOptions, '', errors.list);
  const continued = token === '' || watch ? undefined : decodeContinueToken(token);
  // The token says which version it is about; 0 has always been let pass.
  if (continued !== undefined && version !== '' && version !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  return {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    watch,
    limit: Math.max(0, limit),
    continue: continued,
    resourceVersion: parseResourceVersion(version),
    resourceVersionMatch: match === 'Exact' || match === 'NotOlderThan' ? match : undefined,
    timeoutSeconds,
    allowWatchBookmarks: booleanParameter(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents,
  };
}

interface Given {
  readonly sendInitialEvents: boolean | undefined;
  readonly version: string;
  readonly match: string;
  readonly token: string;
}

function checkList({ sendInitialEvents, version, match, token }: Given, errors: FieldErrors): void {
  checkMatch({ version, match, token }, errors);
  if (sendInitialEvents !== undefined) errors.forbidden(initialEventsField, 'sendInitialEvents is forbidden for list');
}

function checkMatch({ version, match, token }: Omit<Given, 'sendInitialEvents'>, errors: FieldErrors): void {
  if (match === '') return;
  if (version === '')
    errors.forbidden(matchField, 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (token !== '') errors.forbidden(matchField, 'resourceVersionMatch is forbidden when continue is provided');
  if (match !== 'Exact' && match !== 'NotOlderThan')
    errors.notSupported(matchField, match, ['Exact', 'NotOlderThan', '']);
  if (match === 'Exact' && version === '0') {
    errors.forbidden(matchField, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
}

function checkWatch({ sendInitialEvents, match, token }: Given, errors: FieldErrors): void {
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.forbidden(matchField, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (sendInitialEvents === undefined && match !== '')
    errors.forbidden(matchField, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  if (match !== '' && match !== 'NotOlderThan') errors.notSupported(matchField, match, ['NotOlderThan']);
  if (token !== '') errors.forbidden(matchField, 'resourceVersionMatch is forbidden when continue is provided');
}

/** A revision, undefined when none is given. Bigger ones than we can count are far in the future, which is enough. */
export function parseResourceVersion(text: string): number | undefined {
  if (text === '') return undefined;
  const refuse = (why: string): StatusError =>
    badRequest(
      `invalid resource version: ${versionField}: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`,
    );
  if (!/^\d+$/.test(text)) throw refuse('invalid syntax');
  if (BigInt(text) > 0xffff_ffff_ffff_ffffn) throw refuse('value out of range');
  return Number(text);
}
