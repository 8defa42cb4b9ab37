/** CONTRACT: who takes the statuses of pods: `status-manager.ts`, and `static-statuses.ts` before it. */

import type { StatusManager } from './status-manager.ts';

export type PodStatuses = Pick<
  StatusManager,
  'withLatestStatus' | 'set' | 'seen' | 'settled' | 'deletePod' | 'forget' | 'writeAllAgain'
>;
