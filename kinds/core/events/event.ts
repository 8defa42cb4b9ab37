/** Events: what happened to objects, kept for an hour. Stored in this form whatever group they were written in. */

import { ageOf } from '../../../api/human-duration.ts';
import type { Stored } from '../../../api/object.ts';
import { events } from '../../../api/resources/core.ts';
import type { Event } from '../../../api/types/core/v1.ts';
import { nameColumn, numberColumn, textColumn } from '../../columns.ts';
import { defineKind } from '../../define-kind.ts';
import { validateEvent } from './event-validation.ts';

const oneHour = 3600;

const kindOf = ({ involvedObject }: Event): string =>
  `${(involvedObject.kind ?? '').toLowerCase()}/${involvedObject.name ?? ''}`;
const lastSeen = (event: Stored<Event>): string | undefined =>
  event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? undefined;
const firstSeen = (event: Stored<Event>): string | undefined => event.firstTimestamp ?? event.eventTime ?? undefined;
const sourceOf = ({ source, reportingComponent }: Event): string =>
  [source?.component || reportingComponent, source?.host].filter(Boolean).join(', ');

export const eventKind = defineKind(events, {
  shortNames: ['ev'],
  columns: [
    textColumn('Last Seen', 'When it happened last.', (event, now) => ageOf(lastSeen(event), now)),
    textColumn('Type', 'Normal or Warning.', ({ type = '' }) => type),
    textColumn('Reason', 'What happened, in a word.', ({ reason = '' }) => reason),
    textColumn('Object', 'To what it happened.', (event) => kindOf(event)),
    textColumn('Subobject', 'To which part of it.', ({ involvedObject }) => involvedObject.fieldPath ?? '', 1),
    textColumn('Source', 'Who saw it.', (event) => sourceOf(event), 1),
    textColumn('Message', 'What happened, in words.', ({ message = '' }) => message.trim()),
    textColumn('First Seen', 'When it happened first.', (event, now) => ageOf(firstSeen(event), now), 1),
    {
      ...numberColumn<Event>('Count', 'How often it happened.', ({ count, series }) => series?.count ?? count ?? 1),
      priority: 1,
    },
    { ...nameColumn, priority: 1 },
  ],
  selectableFields: [
    ...(['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const).map((field) => ({
      name: `involvedObject.${field}`,
      value: ({ involvedObject }: Event) => involvedObject[field] ?? '',
    })),
    { name: 'reason', value: ({ reason = '' }) => reason },
    { name: 'reportingComponent', value: ({ reportingComponent = '' }) => reportingComponent },
    { name: 'source', value: ({ source, reportingComponent = '' }) => source?.component || reportingComponent },
    { name: 'type', value: ({ type = '' }) => type },
  ],
  strategy: {
    allowCreateOnUpdate: true,
    nameFormat: 'pathSegment',
    metadataOnUpdate: 'none',
    timeToLiveSeconds: oneHour,
    validate(event, errors, { namespace }) {
      validateEvent(event, { namespace, controllerField: 'reportingComponent' }, errors);
    },
  },
});
