/** What an AdmissionReview and the variable `request` of expressions say of a request, but for its objects. Pure. */

import { randomUUID } from 'node:crypto';
import type { JsonRecord } from '../../../api/json-record.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import { type Match, ownMatch } from './admitted-object.ts';
import { nameOf, namespaceOf } from './request-matcher.ts';

export interface AdmissionAttributes extends JsonRecord {
  readonly uid: string;
}

const optionKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: undefined };

/** Empty texts are left out, as upstream's encoder does. Each call has a uid of its own. */
export function admissionAttributes(request: AdmissionRequest, match: Match): AdmissionAttributes {
  const { operation, subresource = '', dryRun } = request;
  const own = ownMatch(request);
  const [name, namespace] = [nameOf(request), namespaceOf(request)];
  return {
    uid: randomUUID(),
    kind: kindOf(match),
    resource: resourceOf(match),
    ...(subresource !== '' && { subResource: subresource }),
    requestKind: kindOf(own),
    requestResource: resourceOf(own),
    ...(subresource !== '' && { requestSubResource: subresource }),
    ...(name !== '' && { name }),
    ...(namespace !== '' && { namespace }),
    operation,
    userInfo: userInfoOf(request),
    dryRun,
    options: optionsOf(request),
  };
}

function optionsOf({ operation, dryRun, operationOptions }: AdmissionRequest): JsonRecord | null {
  const kind = optionKinds[operation];
  if (kind === undefined) return null;
  return { kind, apiVersion: 'meta.k8s.io/v1', ...operationOptions?.(), ...(dryRun && { dryRun: ['All'] }) };
}

const resourceOf = ({ resource: { group, version, plural } }: Match) => ({ group, version, resource: plural });

function userInfoOf({ user: { name, uid = '', groups, extra = {} } }: AdmissionRequest): JsonRecord {
  return {
    username: name,
    ...(uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

/** Types come with more than their names. */
const kindOf = ({ type: { group, version, kind } }: Match) => ({ group, version, kind });
