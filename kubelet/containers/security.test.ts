import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerSpec, PodObject } from '../model/pod.ts';
import { containerIn, type PodSpec, podOf } from '../testing/make-pod.ts';
import { computeSecurity, localSeccompProfile, needsImageAccounts } from './security.ts';

type Own = NonNullable<ContainerSpec['securityContext']>;
type Shared = NonNullable<PodSpec['securityContext']>;

const secured = (own: Own = {}, shared: Shared = {}): PodObject =>
  podOf({ securityContext: own }, { securityContext: shared });
const compute = (own?: Own, shared?: Shared, image: { imageUser?: string; seccompText?: string } = {}) => {
  const pod = secured(own, shared);
  return computeSecurity(pod, containerIn(pod).spec, { imageUser: '', ...image });
};

describe('computeSecurity', () => {
  it('leaves a container without any context to its image and the engine', () => {
    assert.deepEqual(compute(), {
      user: undefined,
      supplementalGroups: [],
      privileged: false,
      addCapabilities: [],
      dropCapabilities: [],
      readOnlyRootFilesystem: false,
      noNewPrivileges: false,
      unmaskedProc: false,
      seLinuxLabels: [],
    });
  });

  const users: readonly [own: Own, shared: Shared, imageUser: string, wanted: string | undefined][] = [
    [{}, {}, 'www', undefined],
    [{}, {}, 'www:web', 'www'],
    [{ runAsUser: 1000 }, {}, 'www', '1000'],
    [{}, { runAsUser: 1000 }, 'www', '1000'],
    [{ runAsUser: 0 }, { runAsUser: 1000 }, '', '0'],
    [{ runAsUser: 1000 }, { runAsGroup: 7 }, '', '1000:7'],
    [{ runAsGroup: 8 }, { runAsUser: 1000, runAsGroup: 7 }, '', '1000:8'],
    [{ runAsGroup: 7 }, {}, 'www:web', 'www:7'],
    [{ runAsGroup: 7 }, {}, '', '0:7'],
  ];
  for (const [own, shared, imageUser, wanted] of users)
    it(`runs ${JSON.stringify([own, shared])} on an image of "${imageUser}" as ${wanted}`, () =>
      assert.equal(compute(own, shared, { imageUser }).user, wanted));

  const accounts = { passwd: 'listed:x:1700:1701::/:\nwww:x:33:34::/:', group: 'more:x:1900:listed,www\n' };
  const groups: readonly [own: Own, shared: Shared, imageUser: string, user: string, groups: readonly string[]][] = [
    [{ runAsUser: 1700, runAsGroup: 7 }, {}, '', '1700:7', ['1900']],
    [{ runAsGroup: 7 }, { supplementalGroups: [9, 1900] }, 'www', 'www:7', ['9', '1900']],
    [{ runAsUser: 5, runAsGroup: 7 }, {}, '', '5:7', []],
    [{ runAsUser: 1700 }, { supplementalGroupsPolicy: 'Strict' }, '', '1700:1701', []],
    [{ runAsUser: 5 }, { supplementalGroupsPolicy: 'Strict', supplementalGroups: [9] }, '', '5:0', ['9']],
    [{}, { supplementalGroupsPolicy: 'Strict', fsGroup: 8 }, 'www', 'www:34', ['8']],
    [{ runAsUser: 1700, runAsGroup: 7 }, { supplementalGroupsPolicy: 'Strict' }, '', '1700:7', []],
  ];
  for (const [own, shared, imageUser, user, wanted] of groups)
    it(`runs ${JSON.stringify([own, shared])} on an image of "${imageUser}" in ${JSON.stringify(wanted)}`, () => {
      const pod = secured(own, shared);
      assert.equal(needsImageAccounts(pod, containerIn(pod).spec), true);
      const found = computeSecurity(pod, containerIn(pod).spec, { imageUser, accounts });
      assert.deepEqual([found.user, found.supplementalGroups], [user, wanted]);
    });

  it('needs to know the groups of an image only where the engine does not add them', () => {
    const pod = secured({ runAsUser: 5 }, { supplementalGroupsPolicy: 'Merge' });
    assert.equal(needsImageAccounts(pod, containerIn(pod).spec), false);
  });

  it('passes on SELinux labels, those of the container before those of the pod', () => {
    const shared = { seLinuxOptions: { level: 's0:c1' } };
    assert.deepEqual(compute({}, shared).seLinuxLabels, ['level:s0:c1']);
    const own = { seLinuxOptions: { user: 'u', role: 'r', type: 't' } };
    assert.deepEqual(compute(own, shared).seLinuxLabels, ['user:u', 'role:r', 'type:t']);
  });

  it('joins the groups of the pod, its fsGroup first', () => {
    assert.deepEqual(compute({}, { fsGroup: 2000, supplementalGroups: [3, 4] }).supplementalGroups, ['2000', '3', '4']);
    assert.deepEqual(compute({}, { supplementalGroups: [3] }).supplementalGroups, ['3']);
  });

  it('passes on what a container may', () => {
    const found = compute({
      privileged: true,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      procMount: 'Unmasked',
    });
    assert.deepEqual(found, {
      user: undefined,
      supplementalGroups: [],
      privileged: true,
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
      readOnlyRootFilesystem: true,
      noNewPrivileges: true,
      unmaskedProc: true,
      seLinuxLabels: [],
    });
    assert.equal(compute({ allowPrivilegeEscalation: true }).noNewPrivileges, false);
  });

  const place = ' (pod: "p_default(u)", container: a)';
  const refusals: readonly [own: Own, shared: Shared, imageUser: string, words: string | undefined][] = [
    [{ runAsNonRoot: true, runAsUser: 1 }, {}, '', undefined],
    [{ runAsNonRoot: true }, { runAsUser: 1 }, 'root', undefined],
    [{ runAsNonRoot: false }, { runAsNonRoot: true }, '', undefined],
    [{}, {}, '', undefined],
    [{ runAsNonRoot: true }, {}, '1000', undefined],
    [{ runAsNonRoot: true }, {}, '1000:0', undefined],
    [{ runAsNonRoot: true, runAsUser: 0 }, {}, '1000', "container's runAsUser breaks non-root policy"],
    [{}, { runAsNonRoot: true, runAsUser: 0 }, '1000', "container's runAsUser breaks non-root policy"],
    [{}, { runAsNonRoot: true }, '', 'container has runAsNonRoot and image will run as root'],
    [{}, { runAsNonRoot: true }, '0', 'container has runAsNonRoot and image will run as root'],
    [{}, { runAsNonRoot: true }, '0:1000', 'container has runAsNonRoot and image will run as root'],
    // Another way to write the same number.
    [{}, { runAsNonRoot: true }, '000', 'container has runAsNonRoot and image will run as root'],
    [
      { runAsNonRoot: true },
      {},
      'www:1000',
      'container has runAsNonRoot and image has non-numeric user (www), cannot verify user is non-root',
    ],
  ];
  for (const [own, shared, imageUser, words] of refusals)
    it(`${words === undefined ? 'lets' : 'refuses'} ${JSON.stringify([own, shared])} on an image of "${imageUser}"`, () => {
      const act = () => compute(own, shared, { imageUser });
      if (words === undefined) assert.doesNotThrow(act);
      else assert.throws(act, { name: 'ContainerConfigError', message: words + place });
    });
});

describe('AppArmor profiles', () => {
  const local = { type: 'Localhost', localhostProfile: 'mine' };
  const cases: readonly [own: Own, shared: Shared, profile: string | undefined][] = [
    [{}, {}, undefined],
    [{}, { appArmorProfile: local }, 'mine'],
    [{ appArmorProfile: { type: 'Unconfined' } }, { appArmorProfile: local }, 'unconfined'],
    [{ appArmorProfile: { type: 'RuntimeDefault' } }, { appArmorProfile: local }, undefined],
  ];
  for (const [own, shared, profile] of cases)
    it(`gives ${profile ?? "the runtime's own"} for ${JSON.stringify([own, shared])}`, () =>
      assert.equal(compute(own, shared).appArmorProfile, profile));
});

describe('seccomp profiles', () => {
  const local = { type: 'Localhost', localhostProfile: 'mine.json' };
  const cases: readonly [own: Own, shared: Shared, file: string | undefined, profile: string | undefined][] = [
    [{}, {}, undefined, undefined],
    [{}, { seccompProfile: { type: 'RuntimeDefault' } }, undefined, 'default'],
    [{ seccompProfile: { type: 'Unconfined' } }, { seccompProfile: { type: 'RuntimeDefault' } }, undefined, undefined],
    [{ seccompProfile: { type: 'RuntimeDefault' } }, { seccompProfile: local }, undefined, 'default'],
    [{}, { seccompProfile: local }, 'mine.json', '{}'],
    [{ seccompProfile: local }, { seccompProfile: { type: 'RuntimeDefault' } }, 'mine.json', '{}'],
  ];
  for (const [own, shared, file, profile] of cases)
    it(`of ${JSON.stringify([own, shared])}`, () => {
      const pod = secured(own, shared);
      const found = localSeccompProfile(pod, containerIn(pod).spec);
      assert.equal(found, file);
      assert.equal(compute(own, shared, found === undefined ? {} : { seccompText: '{}' }).seccompProfile, profile);
    });
});
