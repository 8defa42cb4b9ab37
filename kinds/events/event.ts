/**
 * Event of the group `events.k8s.io`: the newer face of the core Event. Both are one object in the store, in the core
 * form; here is how each field of one is called in the other.
 */

import type { Stored } from '../../api/object.ts';
import { events } from '../../api/resources/core.ts';
import { eventsOfEventsGroup } from '../../api/resources/events.ts';
import { nilTime } from '../../api/time.ts';
import type { Event as CoreEvent } from '../../api/types/core/v1.ts';
import type { Event } from '../../api/types/events/v1.ts';
import { eventKind } from '../core/events/event.ts';
import { validateEvent, validateNewEvent, validateNewEventUpdate } from '../core/events/event-validation.ts';
import { defineKind } from '../define-kind.ts';

export const eventOfEventsGroupKind = defineKind(eventsOfEventsGroup, {
  shortNames: ['ev'],
  columns: eventKind.columns.map((column) => ({
    ...column,
    // Of a stored event the other face is one, too.
    cell: (event, now) => column.cell(toCoreEvent(event) as Stored<CoreEvent>, now),
  })),
  selectableFields: [
    { name: 'reason', value: ({ reason = '' }) => reason },
    { name: 'type', value: ({ type = '' }) => type },
    { name: 'reportingController', value: ({ reportingController = '' }) => reportingController },
    ...(['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const).map((field) => ({
      name: `regarding.${field}`,
      value: ({ regarding }: Event) => regarding?.[field] ?? '',
    })),
  ],
  strategy: {
    allowCreateOnUpdate: true,
    metadataOnUpdate: 'changes',
    nameFormat: 'pathSegment',
    ...(eventKind.strategy.timeToLiveSeconds !== undefined && {
      timeToLiveSeconds: eventKind.strategy.timeToLiveSeconds,
    }),
    validate(event, errors, { namespace, isUpdate }) {
      const core = toCoreEvent(event);
      validateEvent(core, { namespace, controllerField: 'reportingController' }, errors);
      if (!isUpdate) validateNewEvent(core, errors);
    },
    validateUpdate(next, previous, errors) {
      validateNewEventUpdate(toCoreEvent(next), toCoreEvent(previous), errors);
    },
  },
  storedAs: {
    group: events.group,
    version: events.version,
    toStored: (object) => toCoreEvent(object),
    // What is stored under this group and version is of that kind.
    fromStored: (object) => fromCoreEvent(object as CoreEvent),
  },
});

function toCoreEvent(event: Event): CoreEvent {
  const {
    regarding,
    note,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...same
  } = event;
  return {
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp ?? nilTime,
    lastTimestamp: deprecatedLastTimestamp ?? nilTime,
    reportingComponent: reportingController ?? '',
    ...(note !== undefined && { message: note }),
    ...(deprecatedCount !== undefined && { count: deprecatedCount }),
    // What is required of one of the two is required of both, but for what their rules ask for.
  } as CoreEvent;
}

function fromCoreEvent(event: CoreEvent): Event {
  const { involvedObject, message, reportingComponent, reportingInstance, source, ...rest } = event;
  const { firstTimestamp, lastTimestamp, count, ...same } = rest;
  return {
    ...same,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    deprecatedSource: source ?? {},
    deprecatedFirstTimestamp: firstTimestamp ?? nilTime,
    deprecatedLastTimestamp: lastTimestamp ?? nilTime,
    ...(message !== undefined && { note: message }),
    ...(reportingComponent !== undefined && reportingComponent !== '' && { reportingController: reportingComponent }),
    ...(reportingInstance && { reportingInstance }),
    ...(count !== undefined && { deprecatedCount: count }),
    // As above.
  } as Event;
}
