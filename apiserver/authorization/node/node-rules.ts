/**
 * What every node may do, as upstream's role `system:node` has it. Of what `node-authorizer.ts` judges by itself only
 * the rest is decided here.
 */

interface NodeRule {
  readonly groups: readonly string[];
  /** `pods`, `pods/status`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Absent: all. */
  readonly names?: readonly string[];
}

const reads = ['get', 'list', 'watch'];

const nodeRules: readonly NodeRule[] = [
  // To judge who calls the kubelet.
  { groups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  {
    groups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews', 'localsubjectaccessreviews'],
    verbs: ['create'],
  },
  // The environment of containers names them.
  { groups: [''], resources: ['services'], verbs: reads },
  { groups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'update', 'patch'] },
  { groups: [''], resources: ['endpoints'], verbs: ['get'] },
  { groups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['create', ...reads] },
  { groups: ['storage.k8s.io'], resources: ['csidrivers'], verbs: reads },
  { groups: ['node.k8s.io'], resources: ['runtimeclasses'], verbs: reads },
  // Not upstream's: its uid is which cluster this is. See `client/cluster-id.ts`.
  { groups: [''], resources: ['namespaces'], verbs: ['get'], names: ['kube-system'] },
];

interface Asked {
  readonly group: string;
  readonly plural: string;
  readonly subresource: string | undefined;
  readonly name: string | undefined;
}

export function nodeRulesAllow(verb: string, { group, plural, subresource, name }: Asked): boolean {
  const resource = subresource ? `${plural}/${subresource}` : plural;
  return nodeRules.some(
    ({ groups, resources, verbs, names }) =>
      verbs.includes(verb) &&
      resources.includes(resource) &&
      groups.includes(group) &&
      (names === undefined || names.includes(name ?? '')),
  );
}
