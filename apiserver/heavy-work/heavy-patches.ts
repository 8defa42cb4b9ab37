/** Patches of webhooks: nobody knows what they will make of an object, and in which time. */

import { parseJsonInTurns } from '../../machinery/json/json.ts';
import { applyJsonPatch, parseJsonPatch } from '../../machinery/patch/json-patch.ts';
import type { ApplyJsonPatch } from '../registry/admission.ts';
import type { OtherThread } from '../request/other-thread.ts';
import { runJob } from './heavy-jobs.ts';

/** Small ones are applied here. */
export function patchWhereItFits(thread: OtherThread): ApplyJsonPatch {
  return async (object, patch, { user, warn }) => {
    // An operation may look at all of the object.
    const text = patch.length < 1024 ? '' : JSON.stringify(object);
    if (!thread.isHeavy(patch.length + text.length)) {
      const { operations } = parseJsonPatch(patch);
      return operations.length === 0 ? undefined : applyJsonPatch(object, operations);
    }
    const changed = await runJob(thread, 'jsonPatch', { object: text, patch }, { user, warn, throwIfAbandoned() {} });
    return changed === undefined ? undefined : await parseJsonInTurns(changed);
  };
}
