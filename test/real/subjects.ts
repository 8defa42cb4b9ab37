/** All that `npm run real` checks, in its order. */

import { aggregatedServer } from './aggregated-server.ts';
import { definitions } from './definitions.ts';
import { helm } from './helm.ts';
import { informers } from './informers.ts';
import { java } from './java.ts';
import { manager } from './manager.ts';
import { python } from './python.ts';
import type { Subject } from './subject.ts';

export const subjects = {
  definitions,
  manager,
  helm,
  aggregated: aggregatedServer,
  python,
  informers,
  java,
} satisfies Readonly<Record<string, Subject>>;

export type SubjectName = keyof typeof subjects;
