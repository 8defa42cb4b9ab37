/** The kind Event. */

import type { Event } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const events = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  strategy: { timeToLiveSeconds: 3600 },
});
