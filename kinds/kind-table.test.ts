/** What whole rows of the kinds table promise. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from './kind-table.ts';

const pluralsWhere = (test: (kind: (typeof kinds)[number]) => boolean): string[] =>
  kinds
    .filter(test)
    .map(({ plural }) => plural)
    .sort();

describe('the table of kinds', () => {
  it('knows which kinds a PUT creates', () => {
    assert.deepEqual(
      pluralsWhere(({ strategy }) => strategy.allowCreateOnUpdate === true),
      [
        'clusterrolebindings',
        'clusterroles',
        'endpoints',
        'events',
        'events',
        'leases',
        'limitranges',
        'rolebindings',
        'roles',
        'runtimeclasses',
        'services',
      ],
    );
  });

  it('knows which kinds want a resource version in a PUT', () => {
    assert.deepEqual(
      pluralsWhere(({ strategy }) => strategy.allowUnconditionalUpdate === false),
      [
        'apiservices',
        'csidrivers',
        'csinodes',
        'csistoragecapacities',
        'customresourcedefinitions',
        'leases',
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
        'mutatingwebhookconfigurations',
        'poddisruptionbudgets',
        'runtimeclasses',
        'validatingadmissionpolicies',
        'validatingadmissionpolicybindings',
        'validatingwebhookconfigurations',
        'volumeattachments',
      ],
    );
  });
});
