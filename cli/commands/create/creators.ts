/** What `create` makes from flags, one file each in `kinds/`. */

import type { Creator } from './creator.ts';

export const creators: readonly Creator[] = [
  {
    usage: 'configmap NAME [--from-file=[KEY=]FILE…] [--from-literal=KEY=VALUE…] [--from-env-file=FILE…]',
    aliases: ['cm'],
    flags: ['from-file', 'from-literal', 'from-env-file', 'append-hash'],
    load: () => import('./kinds/config-map.ts'),
  },
  {
    usage: 'secret generic|tls|docker-registry NAME [flags]',
    flags: [
      ...['from-file', 'from-literal', 'from-env-file', 'append-hash', 'type', 'cert', 'key'],
      ...['docker-server', 'docker-username', 'docker-password', 'docker-email'],
    ],
    load: () => import('./kinds/secret.ts'),
  },
  { usage: 'namespace NAME', aliases: ['ns'], flags: [], load: () => import('./kinds/namespace.ts') },
  {
    usage: 'deployment NAME --image=IMAGE… [--replicas=N] [--port=PORT] [-- COMMAND…]',
    aliases: ['deploy', 'dep'],
    flags: ['image', 'replicas', 'port'],
    load: () => import('./kinds/deployment.ts'),
  },
  {
    usage: 'service clusterip|nodeport|loadbalancer|externalname NAME [--tcp=PORT[:TARGET]…]',
    aliases: ['svc'],
    flags: ['tcp', 'clusterip', 'node-port', 'external-name'],
    load: () => import('./kinds/service.ts'),
  },
  { usage: 'serviceaccount NAME', aliases: ['sa'], flags: [], load: () => import('./kinds/service-account.ts') },
  {
    usage: 'role NAME --verb=VERB… --resource=RESOURCE[.GROUP][/SUBRESOURCE]… [--resource-name=NAME…]',
    flags: ['verb', 'resource', 'resource-name'],
    load: () => import('./kinds/role.ts'),
  },
  {
    usage: 'clusterrole NAME --verb=VERB… --resource=RESOURCE… | --non-resource-url=PATH… | --aggregation-rule=LABELS',
    flags: ['verb', 'resource', 'resource-name', 'non-resource-url', 'aggregation-rule'],
    load: () => import('./kinds/cluster-role.ts'),
  },
  {
    usage: 'rolebinding NAME --role=NAME|--clusterrole=NAME [--user=NAME…] [--group=NAME…] [--serviceaccount=NS:NAME…]',
    flags: ['role', 'clusterrole', 'user', 'group', 'serviceaccount'],
    load: () => import('./kinds/role-binding.ts'),
  },
  {
    usage: 'clusterrolebinding NAME --clusterrole=NAME [--user=NAME…] [--group=NAME…] [--serviceaccount=NS:NAME…]',
    flags: ['clusterrole', 'user', 'group', 'serviceaccount'],
    load: () => import('./kinds/cluster-role-binding.ts'),
  },
  {
    usage: 'quota NAME [--hard=RESOURCE=AMOUNT,…] [--scopes=SCOPE,…]',
    aliases: ['resourcequota'],
    flags: ['hard', 'scopes'],
    load: () => import('./kinds/quota.ts'),
  },
  {
    usage: 'priorityclass NAME --value=N [--global-default] [--description=TEXT] [--preemption-policy=POLICY]',
    aliases: ['pc'],
    flags: ['value', 'global-default', 'description', 'preemption-policy'],
    load: () => import('./kinds/priority-class.ts'),
  },
  {
    usage: 'ingress NAME --rule=HOST/PATH=SERVICE:PORT[,tls[=SECRET]]… [--class=NAME] [--default-backend=SERVICE:PORT]',
    aliases: ['ing'],
    flags: ['rule', 'class', 'annotation', 'default-backend'],
    load: () => import('./kinds/ingress.ts'),
  },
  {
    usage: 'job NAME --image=IMAGE [-- COMMAND…] | --from=cronjob/NAME',
    flags: ['image', 'from'],
    load: () => import('./kinds/job.ts'),
  },
  {
    usage: "cronjob NAME --image=IMAGE --schedule='0 3 * * *' [--restart=POLICY] [-- COMMAND…]",
    aliases: ['cj'],
    flags: ['image', 'schedule', 'restart'],
    load: () => import('./kinds/cron-job.ts'),
  },
  {
    usage: 'poddisruptionbudget NAME --selector=LABELS --min-available=N|N%|--max-unavailable=N|N%',
    aliases: ['pdb'],
    flags: ['selector', 'min-available', 'max-unavailable'],
    load: () => import('./kinds/pod-disruption-budget.ts'),
  },
];

export const nameOfCreator = ({ usage }: Creator): string => usage.split(' ', 1)[0] ?? '';

export const creatorNamed = (word: string): Creator | undefined =>
  creators.find((one) => nameOfCreator(one) === word || one.aliases?.includes(word));
