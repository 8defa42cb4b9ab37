/** The arrows of ARCHITECTURE.md: what may import what, and which room sees which outside system. */

/** What the code of a room may import from: itself, and these rooms. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: ['base'],
  machinery: ['api', 'base'],
  kinds: ['machinery', 'api', 'base'],
  client: ['api', 'base'],
  apiserver: ['kinds', 'machinery', 'api', 'base'],
  'controller-manager': ['client', 'api', 'base'],
  scheduler: ['client', 'api', 'base'],
  kubelet: ['client', 'api', 'base'],
  proxy: ['client', 'api', 'base'],
  ingress: ['client', 'api', 'base'],
  cluster: ['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'proxy', 'ingress', 'client', 'api', 'base'],
  cli: ['cluster', 'client', 'api', 'base'],
};

/** Folders of other rooms that a room may import: what users' expressions mean is said once. */
export const folderArrows: Readonly<Record<string, readonly string[]>> = {
  scheduler: ['machinery/cel'],
  // Rules for pods that come from a file are those for pods that come by the API.
  kubelet: ['kinds/core/pods'],
};

/**
 * What the code of a folder inside a room may import of that room: its own folder, and these, which are listed before
 * it. Files beside the folders wire.
 */
export const innerArrows: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  // A request passes these from the last to the first: what it is, who sends it and whether he may, what is to be done,
  // and the store. Nothing calls back.
  apiserver: {
    store: [],
    'store/testing': ['store'],
    'encryption/ciphers': [],
    'encryption/ciphers/testing': ['encryption/ciphers'],
    'encryption/kms': ['encryption/ciphers'],
    encryption: ['store', 'encryption/ciphers', 'encryption/kms'],
    request: [],
    registry: ['store', 'request'],
    'registry/allocators': ['store', 'registry'],
    configuration: [],
    services: ['registry'],
    webhooks: ['registry', 'services'],
    aggregation: ['request', 'registry', 'services'],
    'custom-resources': ['store', 'registry', 'webhooks'],
    authorization: ['store', 'request', 'registry', 'configuration', 'webhooks'],
    'authorization/node': ['store', 'request', 'registry', 'authorization'],
    authentication: ['request', 'registry'],
    'authentication/service-accounts': ['store', 'request', 'registry', 'authentication'],
    'authentication/jwt': ['request', 'authentication', 'configuration'],
    admission: ['request', 'registry', 'authorization', 'webhooks'],
    decoding: ['request', 'registry'],
    'heavy-work': ['request', 'registry', 'decoding', 'custom-resources'],
    responses: ['store', 'request', 'registry', 'heavy-work'],
    discovery: ['request', 'responses', 'aggregation'],
    'handlers/selectors': ['request'],
    handlers: [
      ...['store', 'request', 'registry', 'authentication', 'decoding', 'heavy-work', 'responses', 'discovery'],
      ...['handlers/selectors', 'authentication/service-accounts'],
    ],
    'handlers/streaming': ['request', 'registry', 'services', 'aggregation', 'responses', 'handlers'],
    'resource-metrics': [],
    'handlers/subresources': [
      'resource-metrics',
      ...['request', 'registry', 'authorization', 'authentication', 'authentication/service-accounts', 'decoding'],
      'responses',
      ...['handlers', 'handlers/streaming', 'handlers/selectors'],
    ],
    'flow-control': ['store', 'request', 'registry'],
    bootstrap: ['store', 'registry', 'registry/allocators'],
    'bootstrap/default-roles': ['registry', 'authorization'],
    audit: ['request', 'webhooks'],
    server: ['flow-control', 'store', 'request', 'authorization', 'authentication', 'responses', 'audit'],
  },
  machinery: {
    json: [],
    schema: ['json'],
    codec: ['json', 'schema'],
    patch: ['json', 'schema'],
    apply: ['json', 'schema'],
    cel: ['schema'],
    structural: ['json', 'schema', 'cel'],
    openapi: ['schema', 'structural'],
    testing: ['schema'],
  },
  // What all workloads are made of stands below the groups. A group that is not listed needs `validation` only.
  kinds: {
    validation: [],
    'workloads/volumes': ['validation'],
    'workloads/pod-spec': ['validation', 'workloads/volumes'],
    workloads: ['validation', 'workloads/pod-spec'],
    core: ['validation', 'workloads', 'workloads/pod-spec', 'workloads/volumes'],
    apps: ['validation', 'workloads', 'workloads/pod-spec', 'workloads/volumes'],
    autoscaling: ['validation', 'workloads/pod-spec'],
    batch: ['validation', 'workloads', 'workloads/pod-spec'],
    node: ['validation', 'workloads/pod-spec'],
    storage: ['validation', 'core'],
    events: ['validation', 'core'],
    admissionregistration: ['validation'],
    apiextensions: ['validation', 'admissionregistration'],
  },
  'controller-manager': {
    workloads: [],
    pods: ['workloads'],
    nodes: ['pods'],
    namespaces: ['pods'],
    // Which nodes are silent.
    endpoints: ['workloads', 'pods', 'namespaces', 'nodes'],
    'workloads/revisions': ['workloads', 'pods'],
    'workloads/replica-sets': ['workloads', 'pods'],
    'workloads/deployments': ['workloads', 'pods'],
    'workloads/rollouts': ['workloads', 'pods', 'workloads/revisions', 'workloads/deployments'],
    'workloads/stateful-sets': ['workloads', 'pods', 'workloads/revisions'],
    'workloads/daemon-sets': ['workloads', 'pods', 'workloads/revisions'],
    'workloads/jobs': ['workloads', 'pods'],
    'workloads/cron-jobs': ['workloads', 'pods', 'workloads/jobs'],
    autoscaling: ['workloads', 'pods'],
    disruption: ['workloads', 'pods'],
    rebalancing: ['workloads', 'pods'],
    volumes: ['pods'],
    devices: ['pods'],
    identity: ['namespaces'],
    certificates: ['nodes'],
    quota: [],
    roles: [],
    'storage-versions': [],
    'garbage-collector': [],
  },
  // A request passes these: where it arrives, what is to become of it, who takes it on.
  ingress: {
    annotations: [],
    routing: ['annotations'],
    certificates: ['routing'],
    figures: ['routing'],
    messages: [],
    forwarding: ['routing', 'messages'],
    requests: ['routing', 'figures', 'messages', 'forwarding'],
    listening: ['messages'],
    publishing: [],
  },
  proxy: {
    nftables: [],
    host: [],
    routes: [],
    services: ['nftables', 'host'],
    userspace: ['services'],
    'dns/message': [],
    'dns/zone': ['dns/message'],
    'dns/upstream': ['dns/message'],
    dns: ['dns/message', 'dns/zone', 'dns/upstream'],
    policies: ['nftables', 'routes', 'dns'],
  },
  kubelet: {
    runtime: [],
    model: ['runtime'],
    references: ['model'],
    devices: ['runtime', 'model'],
    images: ['runtime', 'model', 'references'],
    plugins: [],
    volumes: ['model', 'references', 'plugins'],
    probes: ['runtime', 'model'],
    cgroups: ['runtime', 'model'],
    'kept-logs': ['runtime', 'model'],
    containers: ['runtime', 'model', 'references', 'volumes', 'devices', 'probes'],
    'pods/status': ['runtime', 'model', 'containers'],
    pods: [
      ...['runtime', 'model', 'references', 'images', 'volumes', 'devices', 'probes', 'cgroups', 'containers'],
      ...['pods/status', 'kept-logs'],
    ],
    'static-pods': ['runtime', 'model', 'pods', 'pods/status'],
    node: ['runtime', 'model'],
    'server/streaming': ['runtime'],
    stats: ['runtime', 'model', 'volumes'],
    pressure: ['runtime', 'model', 'images', 'volumes', 'node', 'pods', 'stats', 'kept-logs'],
    shutdown: ['model', 'pods'],
    'shutdown/testing': ['shutdown'],
    server: ['runtime', 'model', 'pods', 'stats', 'kept-logs', 'server/streaming'],
    testing: ['runtime', 'model'],
    'runtime/docker': ['runtime'],
    'runtime/testing': ['runtime'],
  },
};

/** What a folder that is not listed above may import of its room. */
export const unlistedArrows: Readonly<Record<string, readonly string[]>> = { kinds: ['validation'] };

/**
 * The levels of a room that is made of files, the lowest first. A file or folder may import what is on lower levels,
 * and of its own level nothing; `*` is all that has no name here, which may import each other.
 */
export const levels: Readonly<Record<string, readonly (readonly string[])[]>> = {
  base: [['*'], ['command-line.ts', 'health-server.ts', 'https-server.ts', 'testing'], ['component-process.ts']],
  api: [['types'], ['*'], ['resources']],
  client: [
    ['*'],
    ['client.ts', 'testing'],
    [
      'account-token.ts',
      'apply-manifest.ts',
      'cluster-id.ts',
      'controller.ts',
      'discovery.ts',
      'event-recorder.ts',
      'informer.ts',
    ],
    ['leader-election.ts', 'rest-client.ts', 'served-resources.ts', 'shared-informers.ts'],
    // A node's own certificates.
    ['account-clients.ts', 'cluster-authority.ts', 'requested-certificate.ts'],
    ['kept-certificate.ts'],
    ['node-certificates.ts'],
  ],
  scheduler: [
    ['*'],
    ['snapshot.ts'],
    ['framework.ts'],
    ['candidates.ts', 'diagnosis.ts', 'explanation.ts'],
    ['plugins', 'queue.ts', 'template-results.ts', 'testing'],
    ['cluster-feed.ts', 'decision.ts', 'plugin-rows.ts', 'scheduler-metrics.ts'],
    ['plugin-sets.ts'],
    ['default-plugins.ts'],
    ['scheduler-configuration.ts'],
    ['scheduling-loop.ts'],
    ['scheduler.ts'],
    ['main.ts'],
  ],
  cluster: [
    ['*'],
    ['cluster.ts', 'etcd-process.ts', 'home.ts', 'registry-process.ts'],
    ['components.ts', 'node-ready.ts', 'welcome.ts'],
    ['demo.ts', 'down.ts'],
    ['preflight.ts'],
    ['identity.ts'],
    ['joining'],
    ['up.ts'],
  ],
  cli: [
    ['*'],
    ['printers'],
    ['requests.ts'],
    ['printing.ts'],
    ['follow-rollout.ts', 'node-names.ts', 'print-one.ts', 'resize-controller.ts', 'results.ts', 'target-objects.ts'],
    ['change-metadata.ts', 'each-target.ts', 'pods-of.ts', 'remote-command.ts'],
    ['user-terminal.ts'],
    ['pod-session.ts'],
    ['commands'],
    ['commands.ts'],
    ['run-kubecfg.ts'],
    ['main.ts'],
  ],
};

/** Files that folders of a room may import although they lie beside them: contracts, and what starts programs. */
export const innerGround: readonly string[] = [
  'proxy/program.ts',
  'ingress/problem.ts',
  'machinery/field-errors.ts',
  'machinery/patterns.ts',
  ...['kind.ts', 'define-kind.ts', 'columns.ts', 'spec-and-status.ts'].map((name) => `kinds/${name}`),
  ...['controller-context.ts', 'finalizers.ts', 'scales.ts'].map((name) => `controller-manager/${name}`),
];

/** Packages that only some folder may see, so that what is behind them can be replaced. */
export const packageOwners: Readonly<Record<string, readonly string[]>> = {
  etcd3: ['apiserver/store/etcd-'],
  '@grpc/grpc-js': [
    'apiserver/store/etcd-',
    'apiserver/encryption/kms/kms-client.ts',
    'kubelet/plugins/plugin-client.ts',
  ],
  croner: ['controller-manager/workloads/cron-jobs/'],
  dockerode: ['kubelet/runtime/docker/'],
  'dns-packet': ['proxy/dns/'],
  express: ['apiserver/'],
};

/** They join constants, and the administrator's own names. */
export const patternMakers = [
  'machinery/openapi/descriptions.ts',
  'kinds/validation/names.ts',
  'kubelet/images/image-name.ts',
  'kubelet/pods/sysctls.ts',
  'proxy/host/forward-rules.ts',
  'proxy/nftables/table-monitor.ts',
];

/** Only these may start programs, or see the module that does: what nft, ip and mount are told is told in few places. */
export const processStarters: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': [
    'cluster/',
    'cli/programs.ts',
    'kubelet/cgroups/systemd-cgroups.ts',
    'kubelet/runtime/docker/bridge.ts',
    'kubelet/runtime/docker/sandbox-port.ts',
    'kubelet/shutdown/logind.ts',
    'kubelet/volumes/measure-tree.ts',
    'kubelet/volumes/mounts.ts',
    'kubelet/volumes/network-mounts.ts',
    'kubelet/volumes/remove-tree.ts',
    'proxy/program.ts',
    'proxy/nftables/table-monitor.ts',
  ],
  'proxy/program.ts': ['proxy/', 'cluster/'],
};

/** Who may see the table of kinds on the server's side: all others are handed the registry, which knows what came later. */
export const kindTable = 'kinds/kind-table.ts';
export const kindTableReaders = ['apiserver/api-server.ts', 'apiserver/heavy-work/'];

/** Files, by the beginning of their paths, that only some may see: what wires them, so that something else can stand there. */
export const fileOwners: Readonly<Record<string, readonly string[]>> = {
  'kubelet/runtime/docker/': ['kubelet/runtime/docker/', 'kubelet/main.ts', 'cluster/'],
  'apiserver/store/etcd-': ['apiserver/store/etcd-', 'apiserver/api-server-over-etcd.ts'],
  'apiserver/api-server-over-etcd.ts': ['apiserver/main.ts', 'cluster/'],
  'cli/commands/up/up-options.ts': [
    ...['up', 'down', 'join', 'leave', 'certs'].map((verb) => `cli/commands/${verb}/`),
    'cli/run-kubecfg.ts',
  ],
};

/** What of `cluster/` all of kubecfg may see; the rest is read when these run. */
export const clusterForKubecfg = 'cluster/cluster-options.ts';
export const clusterCommands = [
  'up',
  'down',
  'join',
  'leave',
  'node',
  'drain',
  'cordon',
  'uncordon',
  'token',
  'certs',
  'secrets',
  'cis',
].map((verb) => `cli/commands/${verb}/run.ts`);

/** What a component reads only when it first needs it, by who reads it: most of its processes never do. */
export const loadedLate: Readonly<Record<string, string>> = {
  'kinds/core/pods/pod-manifest.ts': 'kubelet/static-pods/read-pods.ts',
};

/** Of `api/`, what knows kinds by name. */
export const namedKinds = /^api\/(resources|pods\.ts|pod-explanation\.ts|nodes\.ts|taints\.ts|types\/(?!meta\/))/;

/** Who loads modules by other ways than an import, which would pass by all this. */
export const otherLoaders: Readonly<Record<string, string>> = {
  'base/command-line.ts': 'what ES modules get of a package is poorer',
};

/** What is Node's, and no browser's. */
export const nodeGlobals = ['Buffer', 'process', 'global', 'setImmediate', 'clearImmediate', '__dirname', '__filename'];

/** Folders at the top that are no room: what is for tests, for people, or runs before there are packages. */
export const otherFolders = ['bench', 'docs', 'manifests', 'setup', 'test'];

/** Not TypeScript: it starts what was built. */
export const plainScripts = ['cli/kubecfg.mjs'];

/** What speaks of Docker: images have the registry's names, Secrets the API's, metrics upstream's labels. */
export const dockerSpeakers = [
  'kubelet/runtime/docker/',
  'kubelet/main.ts',
  'kubelet/images/',
  'kubelet/stats/cadvisor-metrics.ts',
];

/** Time and chance come in from outside: tests decide what time it is. These rooms read neither, but for a few files. */
export const timelessRooms = ['apiserver', 'client', 'controller-manager', 'scheduler', 'kubelet', 'proxy', 'ingress'];
export const timeReaders: Readonly<Record<string, string>> = {
  'apiserver/store/etcd-calls.ts': 'the deadline of a call is a timer on a real connection',
  'apiserver/store/etcd-connection.ts': "gRPC takes deadlines in the system's time",
};
