/** Who may delete what cannot be read, without regard to what depends on it: a right of its own, beside `delete`. */

import { forbidden } from '../../api/status-error.ts';
import type { Action, Verdict } from '../authorization/authorizer.ts';
import type { AdmissionPlugin } from '../registry/admission.ts';

const verb = 'unsafe-delete-ignore-read-errors';

export function createUnsafeDeletionPolicy(decide: (action: Action) => Promise<Verdict>): AdmissionPlugin {
  return {
    name: 'UnsafeDeletePolicy',
    validate: [
      {
        handles: { operations: ['DELETE'] },
        async run({ isUnsafeDeletion, kind, user, namespace, name }) {
          if (!isUnsafeDeletion) return;
          const { group, version, plural } = kind;
          const resource = { group, version, plural, subresource: undefined, namespace, name };
          const { decision, reason = '' } = await decide({ user, verb, resource, path: '' });
          if (decision === 'allow') return;
          throw forbidden(kind, name, `not permitted to do ${JSON.stringify(verb)}, reason: ${reason}`);
        },
      },
    ],
  };
}
