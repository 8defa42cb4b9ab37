/** The kind IngressClass. */

import { defaultIngressClassAnnotation } from '../../api/labels.ts';
import { qualifiedName } from '../../api/resource.ts';
import { ingressClasses } from '../../api/resources/networking.ts';
import type { IngressClassParametersReference, IngressClassSpec } from '../../api/types/networking/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { isDomainPrefixedPath } from '../validation/domain-prefixed-path.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkDns1123Label } from '../validation/names.ts';
import { validateTypedReference } from '../validation/reference.ts';

export const ingressClassKind = defineKind(ingressClasses, {
  columns: [
    {
      ...nameColumn,
      cell: ({ metadata }) =>
        metadata.annotations?.[defaultIngressClassAnnotation] === 'true' ? `${metadata.name} (default)` : metadata.name,
    },
    textColumn('Controller', 'Who serves Ingresses of the class.', ({ spec }) => spec?.controller ?? ''),
    textColumn('Parameters', 'Where its settings are.', ({ spec }) => {
      const { apiGroup = '', kind, name } = spec?.parameters ?? {};
      if (kind === undefined) return '<none>';
      return `${qualifiedName(kind, apiGroup)}/${name}`;
    }),
    ageColumn,
  ],
  strategy: {
    setDefaults({ spec }) {
      if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
    },
    generationOf: ({ spec }) => ({ spec }),
    validate(object, errors, { isUpdate }) {
      // On update the immutable controller is reported first.
      if (!isUpdate) validateSpec(object.spec ?? {}, errors);
    },
    validateUpdate(next, previous, errors) {
      validateImmutable(
        next.spec?.controller ?? '',
        previous.spec?.controller,
        FieldPath.of('spec', 'controller'),
        errors,
      );
      validateSpec(next.spec ?? {}, errors);
    },
  },
});

const maxControllerBytes = 250;
const scopes = ['Cluster', 'Namespace'];

function validateSpec({ controller = '', parameters }: IngressClassSpec, errors: FieldErrors): void {
  const path = FieldPath.of('spec', 'controller');
  if (Buffer.byteLength(controller) > maxControllerBytes) errors.tooLong(path, maxControllerBytes);
  if (controller === '') errors.required(path);
  else if (!isDomainPrefixedPath(controller))
    errors.invalid(path, controller, 'must be a domain-prefixed path (such as "acme.io/foo")');
  if (parameters) validateParameters(parameters, FieldPath.of('spec', 'parameters'), errors);
}

function validateParameters(parameters: IngressClassParametersReference, path: FieldPath, errors: FieldErrors): void {
  const { scope, namespace } = parameters;
  validateTypedReference(parameters, path, errors);
  if (scope === undefined) errors.required(path.child('scope'));
  else if (!scopes.includes(scope)) errors.notSupported(path.child('scope'), scope, scopes);
  if (namespace !== undefined)
    for (const message of checkDns1123Label(namespace)) errors.invalid(path.child('namespace'), namespace, message);
  if (scope === 'Namespace' && namespace === undefined)
    errors.required(path.child('namespace'), "`parameters.scope` is set to 'Namespace'");
  if (scope === 'Cluster' && namespace !== undefined)
    errors.forbidden(path.child('namespace'), "`parameters.scope` is set to 'Cluster'");
}
