/** `create service TYPE NAME --tcp PORT:TARGET`. */

import { services } from '../../../../api/resources/core.ts';
import type { Service, ServicePort } from '../../../../api/types/core/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { type Arguments, countOf, textOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { listOf, nameIn } from '../words.ts';

const types: Readonly<Record<string, string>> = {
  clusterip: 'ClusterIP',
  nodeport: 'NodePort',
  loadbalancer: 'LoadBalancer',
  externalname: 'ExternalName',
};

export function make({ words: [typeWord = '', ...words], args }: CreateInput): Wanted {
  const type = Object.hasOwn(types, typeWord.toLowerCase()) ? types[typeWord.toLowerCase()] : undefined;
  if (type === undefined)
    throw new UserError('error: say which: create service clusterip|nodeport|loadbalancer|externalname NAME');
  const name = nameIn(words);
  const ports = listOf(args, 'tcp').map(parsePort);
  const clusterIP = textOf(args, 'clusterip');
  const externalName = textOf(args, 'external-name');
  if (ports.length === 0 && type !== 'ExternalName' && clusterIP !== 'None')
    throw new UserError('error: at least one tcp port specifier must be provided');
  if (type === 'ExternalName' && externalName === undefined)
    throw new UserError('error: required flag(s) "external-name" not set');
  const object: Service = {
    metadata: { name, labels: { app: name } },
    spec: {
      type,
      selector: { app: name },
      ...(ports.length > 0 && { ports: withNodePort(ports, args) }),
      ...(clusterIP !== undefined && { clusterIP }),
      ...(externalName !== undefined && { externalName }),
    },
  };
  return { kind: services, object };
}

function withNodePort(ports: readonly ServicePort[], args: Arguments): ServicePort[] {
  const nodePort = textOf(args, 'node-port') === undefined ? 0 : countOf(args, 'node-port');
  return ports.map((port) => ({ ...port, ...(nodePort > 0 && { nodePort }) }));
}

/** `80`, `80:8080`, `80:http`. */
function parsePort(text: string): ServicePort {
  const [first = '', second, ...others] = text.split(':');
  const port = Number(first);
  if (!/^\d+$/.test(first) || port > 65535 || others.length > 0 || second === '')
    throw new UserError(`error: invalid tcp port specifier ${text}: expected PORT or PORT:TARGET`);
  const isName = second !== undefined && !/^\d+$/.test(second);
  return {
    name: text.replace(':', '-'),
    port,
    protocol: 'TCP',
    targetPort: isName ? second : Number(second ?? first),
  };
}
