import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlugins } from './default-plugins.ts';
import { parseSchedulerConfiguration } from './scheduler-configuration.ts';
import { listersOf, nodeOf, podOf, scoresBy, snapshotOf } from './testing/pictures.ts';

const form = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' };
const parse = (fields: object) => parseSchedulerConfiguration({ ...form, ...fields });
const profileOf = (fields: object) => {
  const [profile] = parse({ profiles: [fields] }).profiles;
  assert.ok(profile);
  return profile;
};
const pluginsOf = (fields: object) => {
  const { plugins, makers } = profileOf(fields);
  return createPlugins(plugins, makers, { listers: listersOf() });
};

function errorsOf(fields: object): string[] {
  try {
    parse(fields);
    return [];
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message.split('\n');
  }
}

describe('a KubeSchedulerConfiguration', () => {
  it('without profiles has the default one', () => {
    const { profiles, leaderElection } = parse({ percentageOfNodesToScore: 30 });
    assert.deepEqual(
      profiles.map(({ schedulerName, percentageOfNodesToScore }) => [schedulerName, percentageOfNodesToScore]),
      [['default-scheduler', 30]],
    );
    assert.deepEqual(leaderElection, {});
  });

  it('has waits, leader election and a kubeconfig', () => {
    const configuration = parse({
      ...{ podInitialBackoffSeconds: 2, podMaxBackoffSeconds: 20, parallelism: 8 },
      leaderElection: { leaderElect: false, leaseDuration: '1m', renewDeadline: '40s', resourceName: 'mine' },
      clientConnection: { kubeconfig: '/etc/scheduler.conf', qps: 50 },
    });
    assert.equal(configuration.podInitialBackoffMs, 2_000);
    assert.equal(configuration.podMaxBackoffMs, 20_000);
    assert.equal(configuration.leaderElection.leaderElect, false);
    assert.equal(configuration.leaderElection.leaseDurationMs, 60_000);
    assert.equal(configuration.leaderElection.renewDeadlineMs, 40_000);
    assert.equal(configuration.leaderElection.resourceName, 'mine');
    assert.equal(configuration.kubeconfig, '/etc/scheduler.conf');
    assert.deepEqual(configuration.withoutEffect, ['parallelism', 'clientConnection.qps']);
  });

  const wrong: readonly [name: string, fields: object, errors: readonly string[]][] = [
    [
      'another version',
      { apiVersion: 'kubescheduler.config.k8s.io/v1beta3' },
      [
        'apiVersion: Unsupported value: "kubescheduler.config.k8s.io/v1beta3": supported values: "kubescheduler.config.k8s.io/v1"',
      ],
    ],
    ['an unknown field', { porfiles: [] }, ['porfiles: Forbidden: unknown field "porfiles"']],
    ['a wrong type', { profiles: {} }, ['profiles: Invalid value: {}: must be a list']],
    [
      'numbers out of range',
      { percentageOfNodesToScore: 101, parallelism: 0, podInitialBackoffSeconds: 0 },
      [
        'parallelism: Invalid value: 0: should be an integer value greater than zero',
        'percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]',
        'podInitialBackoffSeconds: Invalid value: 0: must be greater than 0',
      ],
    ],
    [
      'waits that shrink',
      { podInitialBackoffSeconds: 5, podMaxBackoffSeconds: 4 },
      ['podMaxBackoffSeconds: Invalid value: 4: must be greater than or equal to PodInitialBackoffSeconds'],
    ],
    [
      'extenders',
      { extenders: [{ urlPrefix: 'http://other:1234' }] },
      ['extenders[0]: Forbidden: extenders are not supported by Longshore (http://other:1234): write a plugin'],
    ],
    [
      'a lease that is too short',
      { leaderElection: { leaseDuration: '5s' } },
      ['leaderElection.leaseDuration: Invalid value: "5s": LeaseDuration must be greater than RenewDeadline'],
    ],
    [
      'another lock',
      { leaderElection: { resourceLock: 'endpoints' } },
      ['leaderElection.resourceLock: Unsupported value: "endpoints": supported values: "leases"'],
    ],
    [
      'two profiles of a name',
      { profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] },
      ['profiles[1].schedulerName: Duplicate value: "a"'],
    ],
    [
      'profiles without a name',
      { profiles: [{ schedulerName: 'a' }, {}] },
      ['profiles[1].schedulerName: Required value'],
    ],
    [
      'a plugin that nobody knows',
      { profiles: [{ plugins: { score: { enabled: [{ name: 'Magic' }] } } }] },
      [
        'profiles[0].plugins.score.enabled[0].name: Unsupported value: "Magic": supported values: "NodeUnschedulable", "NodeName", "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit", "VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding", "VolumeZone", "PodTopologySpread", "InterPodAffinity", "DynamicResources", "DefaultPreemption", "NodeResourcesBalancedAllocation", "ImageLocality", "SchedulingGates", "PrioritySort", "DefaultBinder"',
      ],
    ],
    [
      'a plugin at a point where it does nothing',
      { profiles: [{ plugins: { score: { enabled: [{ name: 'NodePorts' }] } } }] },
      [
        'profiles[0].plugins.score.enabled[0].name: Invalid value: "NodePorts": plugin "NodePorts" does not extend score plugin',
      ],
    ],
    [
      'a plugin twice',
      { profiles: [{ plugins: { filter: { enabled: [{ name: 'NodePorts' }, { name: 'NodePorts' }] } } }] },
      ['profiles[0].plugins.filter.enabled[1].name: Duplicate value: "NodePorts"'],
    ],
    [
      'a part of the scheduler that is disabled',
      { profiles: [{ plugins: { bind: { disabled: [{ name: 'DefaultBinder' }] } } }] },
      [
        'profiles[0].plugins.bind.disabled[0].name: Forbidden: DefaultBinder is a part of the scheduler and cannot be disabled',
      ],
    ],
    [
      'a negative weight',
      { profiles: [{ plugins: { multiPoint: { enabled: [{ name: 'ImageLocality', weight: -1 }] } } }] },
      ['profiles[0].plugins.multiPoint.enabled[0].weight: Invalid value: -1: not in valid range [0, 2147483647]'],
    ],
  ];
  for (const [name, fields, errors] of wrong)
    it(`is refused with the path of ${name}`, () => assert.deepEqual(errorsOf(fields), errors));

  const argsOf = (name: string, args: object) => ({ profiles: [{ pluginConfig: [{ name, args }] }] });
  const at = 'profiles[0].pluginConfig[0].args';
  const wrongArgs: readonly [name: string, plugin: string, args: object, errors: readonly string[]][] = [
    [
      'a kind of others',
      'NodeResourcesFit',
      { kind: 'InterPodAffinityArgs' },
      [`${at}.kind: Unsupported value: "InterPodAffinityArgs": supported values: "NodeResourcesFitArgs"`],
    ],
    [
      'a strategy',
      'NodeResourcesFit',
      { scoringStrategy: { type: 'Best' } },
      [
        `${at}.scoringStrategy.type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"`,
      ],
    ],
    [
      'a weight',
      'NodeResourcesFit',
      { scoringStrategy: { resources: [{ name: 'cpu', weight: 101 }] } },
      [`${at}.scoringStrategy.resources[0].weight: Invalid value: 101: resource weight not in valid range [1, 100]`],
    ],
    [
      'no shape',
      'NodeResourcesFit',
      { scoringStrategy: { type: 'RequestedToCapacityRatio' } },
      [`${at}.scoringStrategy.requestedToCapacityRatio.shape: Required value: at least one point must be specified`],
    ],
    [
      'a group',
      'NodeResourcesFit',
      { ignoredResourceGroups: ['a/b'] },
      [`${at}.ignoredResourceGroups[0]: Invalid value: "a/b": resource group name can't contain '/'`],
    ],
    [
      'hardPodAffinityWeight',
      'InterPodAffinity',
      { hardPodAffinityWeight: 101 },
      [`${at}.hardPodAffinityWeight: Invalid value: 101: not in valid range [0-100]`],
    ],
    [
      'built-in and own constraints',
      'PodTopologySpread',
      { defaultConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }] },
      [`${at}.defaultingType: Invalid value: "System": when .defaultConstraints are not empty`],
    ],
    [
      'a selector',
      'PodTopologySpread',
      {
        defaultingType: 'List',
        defaultConstraints: [
          { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: {} },
        ],
      },
      [
        `${at}.defaultConstraints[0].labelSelector: Forbidden: constraint must not define a selector, as they deduced for each pod`,
      ],
    ],
    [
      'terms',
      'NodeAffinity',
      { addedAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
      [
        `${at}.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term`,
      ],
    ],
    [
      'candidates',
      'DefaultPreemption',
      { minCandidateNodesPercentage: 101 },
      [`${at}.minCandidateNodesPercentage: Invalid value: 101: not in valid range [0, 100]`],
    ],
    ['args of a plugin without any', 'ImageLocality', {}, [`${at}: Forbidden: the plugin ImageLocality takes no args`]],
  ];
  for (const [name, plugin, args, errors] of wrongArgs)
    it(`is refused with the path of the args' ${name}`, () => assert.deepEqual(errorsOf(argsOf(plugin, args)), errors));
});

describe('the plugins of a profile', () => {
  const namesAt = (fields: object, point: 'filters' | 'scores') => pluginsOf(fields)[point].map(({ name }) => name);
  const weightsOf = (fields: object) =>
    Object.fromEntries(pluginsOf(fields).scores.map(({ name, weight }) => [name, weight]));
  const defaultFilters = namesAt({}, 'filters');

  it('are the defaults in upstream’s order', () => {
    assert.deepEqual(defaultFilters, [
      ...['NodeUnschedulable', 'NodeName', 'TaintToleration', 'NodeAffinity', 'NodePorts', 'NodeResourcesFit'],
      ...['PodTopologySpread', 'InterPodAffinity'],
    ]);
    assert.deepEqual(weightsOf({}), {
      ...{ TaintToleration: 3, NodeAffinity: 2, NodeResourcesFit: 1, PodTopologySpread: 2, InterPodAffinity: 2 },
      ...{ NodeResourcesBalancedAllocation: 1, ImageLocality: 1 },
    });
  });

  it('lack what is disabled at a point, and only there', () => {
    const plugins = { filter: { disabled: [{ name: 'TaintToleration' }] } };
    assert.deepEqual(
      namesAt({ plugins }, 'filters'),
      defaultFilters.filter((name) => name !== 'TaintToleration'),
    );
    assert.equal(weightsOf({ plugins }).TaintToleration, 3);
  });

  it('lack what is disabled everywhere', () => {
    const plugins = { multiPoint: { disabled: [{ name: 'InterPodAffinity' }] } };
    assert.ok(!namesAt({ plugins }, 'filters').includes('InterPodAffinity'));
    assert.ok(!namesAt({ plugins }, 'scores').includes('InterPodAffinity'));
  });

  it('are only what is enabled where all are disabled', () => {
    const plugins = { score: { disabled: [{ name: '*' }], enabled: [{ name: 'ImageLocality', weight: 7 }] } };
    assert.deepEqual(weightsOf({ plugins }), { ImageLocality: 7 });
    const everywhere = {
      multiPoint: { disabled: [{ name: '*' }], enabled: [{ name: 'NodePorts' }, { name: 'NodeName' }] },
    };
    assert.deepEqual(namesAt({ plugins: everywhere }, 'filters'), ['NodePorts', 'NodeName']);
  });

  it('have the weight of the point, else that of multiPoint, else the default', () => {
    const plugins = {
      multiPoint: {
        enabled: [
          { name: 'ImageLocality', weight: 5 },
          { name: 'NodeAffinity', weight: 6 },
        ],
      },
      score: { enabled: [{ name: 'NodeAffinity', weight: 8 }] },
    };
    const { ImageLocality, NodeAffinity, TaintToleration } = weightsOf({ plugins });
    assert.deepEqual([ImageLocality, NodeAffinity, TaintToleration], [5, 8, 3]);
    assert.equal(namesAt({ plugins }, 'scores')[0], 'NodeAffinity');
  });

  it('are made with the args of the profile', () => {
    const snapshot = snapshotOf([nodeOf('empty'), nodeOf('half')], {
      half: [podOf('a', { requests: { cpu: '2', memory: '4Gi' } })],
    });
    const fitWith = (scoringStrategy: object) => {
      const plugins = pluginsOf({ pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy } }] });
      const fit = plugins.scores.find(({ name }) => name === 'NodeResourcesFit');
      assert.ok(fit);
      return scoresBy(fit, podOf('p', { requests: { cpu: '1', memory: '2Gi' } }), snapshot);
    };
    assert.deepEqual(fitWith({ type: 'LeastAllocated' }), { empty: 75, half: 25 });
    assert.deepEqual(fitWith({ type: 'MostAllocated' }), { empty: 25, half: 75 });
    const shape = [
      { utilization: 0, score: 0 },
      { utilization: 50, score: 10 },
      { utilization: 100, score: 0 },
    ];
    const requestedToCapacityRatio = { shape };
    assert.deepEqual(fitWith({ type: 'RequestedToCapacityRatio', requestedToCapacityRatio }), { empty: 50, half: 50 });
    const resources = [
      { name: 'cpu', weight: 3 },
      { name: 'example.com/gpu', weight: 5 },
    ];
    assert.deepEqual(fitWith({ type: 'LeastAllocated', resources }), { empty: 75, half: 25 });
  });
});
