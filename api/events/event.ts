/**
 * Event of the group `events.k8s.io`: the newer face of the core Event. Both are one object in the store, in the core
 * form; here is how each field of one is called in the other.
 */

import type { Event as CoreEvent } from 'kubernetes-types/core/v1';
import type { Event } from 'kubernetes-types/events/v1';
import { events } from '../core/event.ts';
import { defineKind } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const eventsOfEventsGroup = defineKind<Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  storedAs: {
    group: events.group,
    version: events.version,
    toStored: (object) => toCoreEvent(object),
    fromStored: (object) => fromCoreEvent(object as CoreEvent),
  },
});

function toCoreEvent(event: Event): KubernetesObject {
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
    firstTimestamp: deprecatedFirstTimestamp ?? null,
    lastTimestamp: deprecatedLastTimestamp ?? null,
    reportingComponent: reportingController ?? '',
    ...(note !== undefined && { message: note }),
    ...(deprecatedCount !== undefined && { count: deprecatedCount }),
  } as KubernetesObject;
}

function fromCoreEvent(event: CoreEvent): Event {
  const { involvedObject, message, reportingComponent, source, firstTimestamp, lastTimestamp, count, ...same } = event;
  return {
    ...same,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    deprecatedSource: source ?? {},
    deprecatedFirstTimestamp: firstTimestamp ?? null,
    deprecatedLastTimestamp: lastTimestamp ?? null,
    ...(message !== undefined && { note: message }),
    ...(reportingComponent !== undefined && reportingComponent !== '' && { reportingController: reportingComponent }),
    ...(count !== undefined && { deprecatedCount: count }),
  } as Event;
}
