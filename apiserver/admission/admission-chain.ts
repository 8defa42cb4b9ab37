/** The admission plugins, in the order in which they run. A further one is a further row. */

import type { Registries } from '../registry/registries.ts';
import { AdmissionChain } from './admission.ts';
import { createNamespaceLifecycle } from './namespace-lifecycle.ts';

/** `registries` is asked when the first request comes: the registries themselves need the chain. */
export function createAdmissionChain(registries: () => Registries): AdmissionChain {
  return new AdmissionChain([createNamespaceLifecycle(registries)]);
}
