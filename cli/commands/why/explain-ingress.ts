/** Why an Ingress leads nowhere. Pure. */

import type { Stored } from '../../../api/object.ts';
import type { Cause } from '../../../api/pod-explanation.ts';
import type { Service } from '../../../api/types/core/v1.ts';
import type { Ingress, IngressBackend } from '../../../api/types/networking/v1.ts';

/** Of what the Ingress names, what is there. */
export interface IngressSurroundings {
  readonly services: readonly Stored<Service>[];
  readonly secrets: readonly string[];
  /** All that there are. */
  readonly classes: readonly string[];
}

export const namedByIngress = (ingress: Ingress): { services: readonly string[]; secrets: readonly string[] } => ({
  services: [...new Set(backendsOf(ingress).flatMap(({ service }) => service?.name ?? []))],
  secrets: [...new Set((ingress.spec?.tls ?? []).flatMap(({ secretName }) => secretName ?? []))],
});

export function explainIngress(ingress: Stored<Ingress>, around: IngressSurroundings): readonly Cause[] {
  const named = namedByIngress(ingress);
  const className = ingress.spec?.ingressClassName;
  const messages = [
    ...(className !== undefined && !around.classes.includes(className)
      ? [`The IngressClass ${className} does not exist.`]
      : []),
    ...new Set(backendsOf(ingress).flatMap((backend) => whyNoBackend(backend, around.services))),
    ...named.secrets
      .filter((name) => !around.secrets.includes(name))
      .map((name) => `The Secret ${name} of its certificate does not exist.`),
    ...((ingress.status?.loadBalancer?.ingress ?? []).length === 0
      ? ['No ingress controller has given it an address.']
      : []),
  ];
  return messages.map((message) => ({ type: 'pod', message }));
}

const backendsOf = ({ spec }: Ingress): IngressBackend[] => [
  ...(spec?.defaultBackend ? [spec.defaultBackend] : []),
  ...(spec?.rules ?? []).flatMap(({ http }) => (http?.paths ?? []).map(({ backend }) => backend)),
];

function whyNoBackend({ service }: IngressBackend, services: readonly Stored<Service>[]): readonly string[] {
  if (service === undefined) return [];
  const found = services.find(({ metadata }) => metadata.name === service.name);
  if (found === undefined) return [`The Service ${service.name} does not exist.`];
  const { name, number } = service.port ?? {};
  const isServed = (found.spec?.ports ?? []).some((port) =>
    name === undefined ? port.port === number : port.name === name,
  );
  return isServed ? [] : [`The Service ${service.name} has no port ${name ?? number}.`];
}
