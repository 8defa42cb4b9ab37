/** `expose`: makes a Service for the pods of an object. */

import type { KubernetesObject } from '../../../api/object.ts';
import { services } from '../../../api/resources/core.ts';
import type { Service } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import { findTargets } from '../../target-objects.ts';
import { portsOf, selectorOf } from './service-for.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const words = { ...args, selector: undefined };
  const targets = await findTargets(context, words, textsOf(args, 'resources'));
  const print = await resultPrinter(context, args);
  const client = await context.client();
  for (const { kind, key } of targets) {
    const object = await client.get<KubernetesObject>(kind, key);
    const wanted = serviceFor(kind.kind, object, args);
    const dryRun = dryRunOf(args);
    if (dryRun === 'client') print(services, wanted, 'exposed');
    else {
      const options = { fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-expose', dryRun: dryRun === 'server' };
      print(services, await client.create<Service>(services, wanted, options), 'exposed');
    }
  }
}

function serviceFor(kind: string, object: KubernetesObject, args: Arguments): Service {
  const { name = '', namespace, labels } = object.metadata ?? {};
  const named = (flag: string) => textOf(args, flag);
  const selector = named('selector');
  const ports = portsOf(kind, object, {
    port: named('port'),
    targetPort: named('target-port'),
    protocol: named('protocol'),
  });
  const shown = named('labels') === undefined ? labels : pairsOf(named('labels') ?? '');
  const optional: Readonly<Record<string, unknown>> = {
    type: named('type'),
    clusterIP: named('cluster-ip'),
    externalIPs: named('external-ip')?.split(','),
    loadBalancerIP: named('load-balancer-ip'),
    sessionAffinity: named('session-affinity'),
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    metadata: {
      name: (named('name') ?? name).slice(0, 63),
      ...(namespace !== undefined && { namespace }),
      ...(shown !== undefined && Object.keys(shown).length > 0 && { labels: shown }),
    },
    spec: { selector: selector === undefined ? selectorOf(kind, object) : pairsOf(selector), ports, ...given },
  };
}

function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [key = '', value, ...others] = pair.split('=');
      if (key === '' || value === undefined || others.length > 0)
        throw new UserError(`error: unexpected label spec: ${pair}, expected key=value`);
      return [key, value];
    }),
  );
}
