/** The rules for events, of the old form and of the new one (which asks for more). */

import { equalJson } from '../../../api/json-record.ts';
import type { Event, ObjectReference } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { checkQualifiedName } from '../../validation/names.ts';

export interface EventContext {
  readonly namespace: string | undefined;
  /** How the field of the reporting controller is called where the event came in. */
  readonly controllerField: 'reportingComponent' | 'reportingController';
}

const maxWord = 128;
const maxMessage = 1024;

/** What both forms are asked. Only events with a time of their own (`eventTime`) are asked for more than an object. */
export function validateEvent(event: Event, { namespace, controllerField }: EventContext, errors: FieldErrors): void {
  const own = event.metadata?.namespace ?? namespace ?? '';
  const involved = event.involvedObject?.namespace ?? '';
  const fits = event.eventTime ? fitsNewEvent(involved, own) : fitsOldEvent(involved, own);
  if (!fits) errors.invalid(FieldPath.of('involvedObject', 'namespace'), involved, 'does not match event.namespace');
  if (!event.eventTime) return;
  validateController(event.reportingComponent ?? '', FieldPath.of(controllerField), errors);
  validateWord(event.reportingInstance ?? '', 'reportingInstance', errors);
  validateWord(event.action ?? '', 'action', errors);
  validateWord(event.reason ?? '', 'reason', errors);
  if (Buffer.byteLength(event.message ?? '') > maxMessage)
    errors.invalid(FieldPath.of('message'), '', `can have at most ${maxMessage} characters`);
}

/** What is in no namespace has its events in one that is always there; clients of old say `default`. */
const fitsOldEvent = (involved: string, own: string): boolean =>
  involved === '' ? own === '' || own === 'default' : involved === own;

/** Events with a time of their own may be about another namespace. */
const fitsNewEvent = (involved: string, own: string): boolean =>
  involved !== '' || own === 'default' || own === 'kube-system';

function validateController(controller: string, path: FieldPath, errors: FieldErrors): void {
  if (controller === '') errors.required(path);
  for (const message of checkQualifiedName(controller)) errors.invalid(path, controller, message);
}

function validateWord(word: string, field: string, errors: FieldErrors): void {
  if (word === '') errors.required(FieldPath.of(field));
  if (Buffer.byteLength(word) > maxWord)
    errors.invalid(FieldPath.of(field), '', `can have at most ${maxWord} characters`);
}

/** What an event of the newer form must be, in the names of the older one. */
export function validateNewEvent(event: Event, errors: FieldErrors): void {
  validateSeries(event, errors);
  if (!event.eventTime) errors.required(FieldPath.of('eventTime'));
  const { type = '' } = event;
  if (type !== 'Normal' && type !== 'Warning') errors.invalid(FieldPath.of('type'), '', `has invalid value: ${type}`);
  const unset = (field: string, isSet: boolean) => {
    if (isSet) errors.invalid(FieldPath.of(field), '', 'needs to be unset');
  };
  unset('firstTimestamp', Boolean(event.firstTimestamp));
  unset('lastTimestamp', Boolean(event.lastTimestamp));
  unset('count', (event.count ?? 0) !== 0);
  unset('source', Boolean(event.source?.component || event.source?.host));
}

function validateSeries({ series }: Event, errors: FieldErrors): void {
  if (!series) return;
  if ((series.count ?? 0) < 2) errors.invalid(FieldPath.of('series', 'count'), '', 'should be at least 2');
  if (!series.lastObservedTime) errors.required(FieldPath.of('series', 'lastObservedTime'));
}

/** Only the series may go on. */
export function validateNewEventUpdate(next: Event, previous: Event, errors: FieldErrors): void {
  if (!equalJson(next.series ?? null, previous.series ?? null)) validateSeries(next, errors);
  const immutable = (field: string, now: unknown, before: unknown, shown: unknown = now) => {
    if (!equalJson(now ?? null, before ?? null)) errors.invalid(FieldPath.of(field), shown ?? '', 'field is immutable');
  };
  const text = (field: string, read: (event: Event) => string | undefined) =>
    immutable(field, read(next) ?? '', read(previous) ?? '');
  const source = ({ source: from }: Event) => ({ Component: from?.component ?? '', Host: from?.host ?? '' });
  immutable('involvedObject', goReference(next.involvedObject), goReference(previous.involvedObject));
  text('reason', ({ reason }) => reason);
  text('message', ({ message }) => message);
  immutable('source', source(next), source(previous));
  immutable('firstTimestamp', next.firstTimestamp, previous.firstTimestamp);
  immutable('lastTimestamp', next.lastTimestamp, previous.lastTimestamp);
  immutable('count', next.count ?? 0, previous.count ?? 0);
  // Upstream asks this twice.
  text('reason', ({ reason }) => reason);
  text('type', ({ type }) => type);
  immutable('eventTime', next.eventTime, previous.eventTime);
  text('action', ({ action }) => action);
  immutable(
    'related',
    next.related && goReference(next.related),
    previous.related && goReference(previous.related),
    next.related ? goReference(next.related) : null,
  );
  text('reportingController', ({ reportingComponent }) => reportingComponent);
  text('reportingInstance', ({ reportingInstance }) => reportingInstance);
}

/** A reference as upstream prints it: its internal form. */
function goReference(reference: ObjectReference | undefined): object {
  return {
    Kind: reference?.kind ?? '',
    Namespace: reference?.namespace ?? '',
    Name: reference?.name ?? '',
    UID: reference?.uid ?? '',
    APIVersion: reference?.apiVersion ?? '',
    ResourceVersion: reference?.resourceVersion ?? '',
    FieldPath: reference?.fieldPath ?? '',
  };
}
