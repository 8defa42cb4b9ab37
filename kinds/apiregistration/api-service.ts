/** The kind APIService. */

import { apiServices } from '../../api/resources/apiregistration.ts';
import type { APIService, APIServiceStatus } from '../../api/types/apiregistration/v1.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateApiService, validateConditionStates } from './api-service-validation.ts';

const defaultPort = 443;
const { prepareForUpdate: keepOtherPart } = specAndStatus<APIService>({ hasGeneration: false });

export const apiServiceKind = defineKind(apiServices, {
  categories: ['api-extensions'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('Service', 'Who serves its version.', ({ spec }) =>
      spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local',
    ),
    textColumn('Available', 'Whether its version can be asked.', ({ status }) => availabilityOf(status)),
    ageColumn,
  ],
  strategy: {
    allowUnconditionalUpdate: false,
    metadataOnUpdate: 'both',
    nameFormat: 'pathSegment',
    setDefaults(object) {
      object.spec ??= { groupPriorityMinimum: 0, versionPriority: 0 };
      if (object.spec.service) object.spec.service.port ??= defaultPort;
    },
    prepareForCreate(object) {
      delete object.status;
      if (!object.spec?.service) object.status = { conditions: [localCondition(object)] };
    },
    prepareForUpdate(next, previous, context) {
      keepOtherPart?.(next, previous, context);
      if (context.subresource !== 'status' || !next.metadata) return;
      for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
        if (previous.metadata[field] === undefined) delete next.metadata[field];
        else Object.assign(next.metadata, { [field]: previous.metadata[field] });
      }
    },
    validate(object, errors, { subresource }) {
      if (subresource === 'status') validateConditionStates(object.status, errors);
      else validateApiService(object, errors);
    },
  },
});

/** What the server itself serves is there from the first moment. */
function localCondition({ metadata }: APIService) {
  return {
    type: 'Available',
    status: 'True',
    lastTransitionTime: metadata?.creationTimestamp ?? '',
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
}

function availabilityOf(status: APIServiceStatus | undefined): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (!condition) return 'Unknown';
  const { status: state = '', reason } = condition;
  return state !== 'True' && reason ? `${state} (${reason})` : state;
}
