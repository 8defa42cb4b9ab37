/** The kind CSINode. */

import { csiNodes } from '../../api/resources/storage.ts';
import type { CSINode, CSINodeDriver } from '../../api/types/storage/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, numberColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateDriverName } from '../validation/driver-name.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkQualifiedName } from '../validation/names.ts';

export const csiNodeKind = defineKind(csiNodes, {
  columns: [
    nameColumn,
    numberColumn('Drivers', 'How many drivers run on the node.', ({ spec }) => spec.drivers?.length ?? 0),
    ageColumn,
  ],
  strategy: {
    returnDeletedObject: true,
    allowUnconditionalUpdate: false,
    validate: validateNode,
    validateUpdate(next, previous, errors) {
      for (const driver of next.spec.drivers ?? []) {
        const before = previous.spec.drivers?.find(({ name }) => name === driver.name);
        // How much fits may change; who it is may not.
        const fixed = internalForm(driver);
        if (before) validateImmutable(fixed, internalForm(before), FieldPath.of('spec', 'drivers'), errors);
      }
    },
  },
});

const maxNodeIdBytes = 256;

function validateNode({ spec }: CSINode, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [i, driver] of (spec?.drivers ?? []).entries()) {
    const path = FieldPath.of('spec', 'drivers').index(i);
    validateDriver(driver, path, errors);
    if (seen.has(driver.name)) errors.duplicate(path.child('name'), driver.name);
    seen.add(driver.name);
  }
}

function validateDriver(driver: CSINodeDriver, path: FieldPath, errors: FieldErrors): void {
  const { name = '', nodeID = '', allocatable, topologyKeys } = driver;
  validateDriverName(name, path.child('name'), errors);
  if (nodeID === '') errors.required(path.child('nodeID'));
  else if (Buffer.byteLength(nodeID) > maxNodeIdBytes)
    errors.invalid(path.child('nodeID'), nodeID, `must be ${maxNodeIdBytes} characters or less`);
  const count = allocatable?.count;
  if (count !== undefined && count < 0)
    errors.invalid(path.child('allocatable', 'count'), count, 'must be greater than or equal to 0');
  const seen = new Set<string>();
  for (const key of topologyKeys ?? []) {
    if (key === '') errors.required(path);
    if (seen.has(key)) errors.duplicate(path, key);
    seen.add(key);
    for (const message of checkQualifiedName(key)) errors.invalid(path, key, message);
  }
}

function internalForm({ name, nodeID, topologyKeys }: CSINodeDriver): object {
  return {
    Name: name,
    NodeID: nodeID ?? '',
    TopologyKeys: topologyKeys?.length ? topologyKeys : null,
    Allocatable: null,
  };
}
