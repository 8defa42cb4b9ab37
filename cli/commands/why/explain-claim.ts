/** Why a claim has no volume. Pure. */

import type { Stored } from '../../../api/object.ts';
import type { Cause } from '../../../api/pod-explanation.ts';
import type { PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import type { StorageClass } from '../../../api/types/storage/v1.ts';
import { classOf } from '../../../api/volumes/storage-classes.ts';

export interface ClaimSurroundings {
  /** The one that the claim names, if it is there. */
  readonly storageClass: Stored<StorageClass> | undefined;
  readonly hasDefaultClass: boolean;
  /** The pods that name the claim. */
  readonly users: readonly Stored<Pod>[];
}

export function explainClaim(claim: Stored<PersistentVolumeClaim>, around: ClaimSurroundings): readonly Cause[] {
  const { phase = 'Pending' } = claim.status ?? {};
  if (phase === 'Lost') return [cause(`Its volume ${claim.spec?.volumeName ?? ''} is gone, and what was on it.`)];
  if (phase !== 'Pending') return [];
  if (claim.spec?.volumeName)
    return [
      cause(
        `It asks for the volume ${claim.spec.volumeName}, which is not bound to it: see kubecfg why pv/${claim.spec.volumeName}`,
      ),
    ];
  const name = classOf(claim);
  if (name === '') return [withoutClass(around)];
  const { storageClass, users } = around;
  if (storageClass === undefined)
    return [cause(`The StorageClass ${name} does not exist.`, ['kubecfg get storageclass lists those that do'])];
  if (storageClass.volumeBindingMode === 'WaitForFirstConsumer') return [waitsForPod(name, users)];
  return [
    cause(
      storageClass.provisioner === 'kubernetes.io/no-provisioner'
        ? `No volume of the class ${name} fits it, and nobody makes any.`
        : `It waits for ${storageClass.provisioner} to make a volume of the class ${name}.`,
    ),
  ];
}

const cause = (message: string, help?: readonly string[]): Cause => ({
  type: 'volume',
  message,
  ...(help !== undefined && { help }),
});

const withoutClass = ({ hasDefaultClass }: ClaimSurroundings): Cause =>
  cause('No volume without a class fits it, and it names no StorageClass that would make one.', [
    hasDefaultClass
      ? 'make the claim again without storageClassName: it gets the default class'
      : 'name a class in spec.storageClassName, or make one the default',
  ]);

function waitsForPod(className: string, users: readonly Stored<Pod>[]): Cause {
  const waiting = users.filter(({ spec }) => !spec?.nodeName);
  if (users.length === 0)
    return cause(
      `It waits for a pod that uses it (its class ${className} is WaitForFirstConsumer), and there is none.`,
    );
  const [user] = waiting.length > 0 ? waiting : users;
  const name = user?.metadata.name ?? '';
  return waiting.length > 0
    ? cause(`It waits for pod/${name} to be placed: see kubecfg why pod/${name}`)
    : cause(`pod/${name} is on ${user?.spec?.nodeName}, and no volume was made for it there.`);
}
