/** The kind Ingress. */

import { ingressClassAnnotation } from '../../api/labels.ts';
import { ingresses } from '../../api/resources/networking.ts';
import type { Ingress, IngressSpec, IngressStatus } from '../../api/types/networking/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateIngressSpec, validateLoadBalancerStatus } from './ingress-validation.ts';

export const ingressKind = defineKind(ingresses, {
  shortNames: ['ing'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn(
      'Class',
      'The Ingress class.',
      ({ spec, metadata }) => spec?.ingressClassName ?? metadata.annotations?.[ingressClassAnnotation] ?? '<none>',
    ),
    textColumn('Hosts', 'Hosts that it serves.', ({ spec }) => formatHosts(spec)),
    textColumn('Address', 'Where it is reached.', ({ status }) => formatAddresses(status)),
    textColumn('Ports', 'Ports that it listens on.', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
  strategy: {
    ...specAndStatus({ newStatus: () => ({ loadBalancer: {} }) }),
    warnings({ metadata }, previous) {
      const name = ingressClassAnnotation;
      if (previous || metadata?.annotations?.[name] === undefined) return [];
      return [`annotation "${name}" is deprecated, please use 'spec.ingressClassName' instead`];
    },
    setDefaults(object) {
      object.status ??= {};
      object.status.loadBalancer ??= {};
    },
    validate(object, errors, { subresource, isUpdate }) {
      if (!isUpdate) validateClassAnnotation(object, errors);
      if (subresource === 'status') validateLoadBalancerStatus(object.status?.loadBalancer, errors);
      else validateIngressSpec(object.spec ?? {}, errors);
    },
  },
});

const shownHosts = 3;

function formatHosts(spec: IngressSpec | undefined): string {
  const rules = spec?.rules ?? [];
  const hosts = rules.slice(0, shownHosts).map(({ host }) => host || '*');
  if (hosts.length === 0) return '*';
  // Upstream counts every rule in "n more".
  return rules.length > shownHosts ? `${hosts.join(',')} + ${rules.length - shownHosts} more...` : hosts.join(',');
}

function formatAddresses(status: IngressStatus | undefined): string {
  return (status?.loadBalancer?.ingress ?? [])
    .map(({ ip, hostname }) => ip || hostname || '')
    .filter(Boolean)
    .join(',');
}

/** The annotation from before there was a field; both must say the same. */
function validateClassAnnotation({ metadata, spec }: Ingress, errors: FieldErrors): void {
  const annotation = metadata?.annotations?.[ingressClassAnnotation];
  if (annotation === undefined || spec?.ingressClassName === undefined || annotation === spec.ingressClassName) return;
  const path = FieldPath.of('annotations', ingressClassAnnotation);
  errors.invalid(path, annotation, 'must match `ingressClassName` when both are specified');
}
