/**
 * What has a Node deleted by others (`longshore.dev/removed`, `longshore.dev/left`, its owners), by whatever path it is
 * written: only who may delete that Node writes it. A node itself may say of itself that it has left.
 */

import { leftAnnotation, removedAnnotation } from '../../api/departure.ts';
import { equalJson } from '../../api/json-record.ts';
import { nodes } from '../../api/resources/core.ts';
import { forbidden } from '../../api/status-error.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { Action, Verdict } from '../authorization/authorizer.ts';
import { type AdmissionPlugin, onAnyWrite, type WriteOf } from '../registry/admission.ts';
import { nodeNameOf } from '../request/node-user.ts';

export const createNodeDeparture = (decide: (action: Action) => Promise<Verdict>): AdmissionPlugin => ({
  name: 'NodeDeparture',
  validate: [
    onAnyWrite<Node>(nodes, async (request) => {
      const changed = changedMarks(request);
      if (changed.length === 0 || isOwnWord(request, changed)) return;
      const { user, kind, name } = request;
      const { group, version, plural } = kind;
      const resource = { group, version, plural, subresource: undefined, namespace: undefined, name };
      const { decision } = await decide({ user, verb: 'delete', path: '', resource });
      if (decision === 'allow') return;
      throw forbidden(kind, name, `cannot change ${changed.join(', ')} of a node you can't delete`);
    }),
  ],
});

function changedMarks({ object, previous }: WriteOf<Node>): string[] {
  const [next, before] = [object.metadata, previous?.metadata];
  const marks = [removedAnnotation, leftAnnotation].filter(
    (mark) => next?.annotations?.[mark] !== before?.annotations?.[mark],
  );
  return equalJson(next?.ownerReferences ?? [], before?.ownerReferences ?? []) ? marks : [...marks, 'ownerReferences'];
}

/** A status is no place to say it. */
function isOwnWord({ user, name, subresource }: WriteOf<Node>, [mark, ...others]: readonly string[]): boolean {
  return subresource === undefined && nodeNameOf(user) === name && mark === leftAnnotation && others.length === 0;
}
