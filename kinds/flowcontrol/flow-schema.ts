/** The kind FlowSchema. */

import { flowSchemas } from '../../api/resources/flowcontrol.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateConditionTypes } from './conditions.ts';
import { validateFlowSchema } from './flow-schema-validation.ts';

export const flowSchemaKind = defineKind(flowSchemas, {
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn(
      'PriorityLevel',
      'The priority level of the requests that it matches.',
      ({ spec }) => spec?.priorityLevelConfiguration.name ?? '',
    ),
    // A number in a column of texts, as upstream has it.
    textColumn('MatchingPrecedence', 'The lowest is asked first.', ({ spec }) => spec?.matchingPrecedence ?? 0),
    textColumn(
      'DistinguisherMethod',
      'What tells its flows apart.',
      ({ spec }) => spec?.distinguisherMethod?.type ?? '<none>',
    ),
    ageColumn,
    textColumn(
      'MissingPL',
      'Whether its priority level is missing.',
      ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    ),
  ],
  compareRows: (a, b) =>
    (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) ||
    ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  strategy: {
    ...specAndStatus({ keepsMetadata: true }),
    metadataOnUpdate: 'all',
    setDefaults(object) {
      object.spec ??= { priorityLevelConfiguration: { name: '' } };
      object.spec.matchingPrecedence ||= defaultPrecedence;
    },
    validate(object, errors, { subresource }) {
      if (subresource !== 'status') validateFlowSchema(object, errors);
      validateConditionTypes(object.status?.conditions, errors);
    },
  },
});

const defaultPrecedence = 1000;
