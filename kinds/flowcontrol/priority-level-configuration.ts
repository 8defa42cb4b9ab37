/** The kind PriorityLevelConfiguration. */

import { priorityLevelConfigurations } from '../../api/resources/flowcontrol.ts';
import type {
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../api/types/flowcontrol/v1.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import type { Column } from '../kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateConditionTypes } from './conditions.ts';
import { validateLevelAnnotations, validatePriorityLevel } from './priority-level-validation.ts';

export const priorityLevelConfigurationKind = defineKind(priorityLevelConfigurations, {
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('Type', 'Whether its requests are limited.', ({ spec }) => spec?.type ?? ''),
    // Numbers in columns of texts, as upstream has them.
    textColumn(
      'NominalConcurrencyShares',
      'Its part of the requests that are served at a time.',
      ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? '<none>',
    ),
    queuingColumn('Queues', 'How many queues its requests wait in.', 'queues'),
    queuingColumn('HandSize', 'How many of the queues one flow may use.', 'handSize'),
    queuingColumn('QueueLengthLimit', 'How many requests may wait in one queue.', 'queueLengthLimit'),
    ageColumn,
  ],
  strategy: {
    ...specAndStatus({ keepsMetadata: true }),
    metadataOnUpdate: 'all',
    setDefaults(object) {
      object.spec ??= { type: '' };
      setDefaults(object.spec);
    },
    validate(object, errors, { subresource }) {
      if (subresource !== 'status') validatePriorityLevel(object, errors);
      validateConditionTypes(object.status?.conditions, errors);
      if (subresource !== 'status') validateLevelAnnotations(object.metadata?.annotations, errors);
    },
  },
});

function queuingColumn(
  name: string,
  description: string,
  field: keyof QueuingConfiguration,
): Column<PriorityLevelConfiguration> {
  return textColumn(name, description, ({ spec }) => spec?.limited?.limitResponse?.queuing?.[field] ?? '<none>');
}

function setDefaults({ exempt, limited }: PriorityLevelConfigurationSpec): void {
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (!limited) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.queues ||= 64;
  queuing.handSize ||= 8;
  queuing.queueLengthLimit ||= 50;
}
