/** The resources of events.k8s.io. */

import { resource } from '../resource.ts';
import type { Event } from '../types/events/v1.ts';

export const eventsOfEventsGroup = resource<Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
});
