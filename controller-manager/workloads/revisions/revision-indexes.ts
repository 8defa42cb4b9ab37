/** How the owners of ControllerRevisions find theirs: by who controls them, and by namespace where nobody does. */

import { byController, uncontrolled } from '../ownership.ts';

export const revisionIndexes = { indexers: { controller: byController, uncontrolled } };
