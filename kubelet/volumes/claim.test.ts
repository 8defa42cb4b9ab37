import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { nodes, persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import { notFound } from '../../api/status-error.ts';
import type { PersistentVolumeClaimSpec, PersistentVolumeSpec, Volume } from '../../api/types/core/v1.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { ApiClaimedVolumes, type ClaimedVolumes } from '../references/claimed-volumes.ts';
import { makePod } from '../testing/make-pod.ts';
import { ClaimPlugin } from './claim.ts';
import { CsiRecords } from './csi/csi-records.ts';
import { CsiVolumes } from './csi/csi-volumes.ts';
import { NfsPlugin } from './nfs.ts';
import { PodFolders } from './pod-folders.ts';
import { unusedSources } from './testing/unused-sources.ts';

describe('volumes of claims', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'claim-'));
    await writeFile(join(root, 'file'), '');
  });
  after(() => rm(root, { recursive: true }));

  /** What this kubelet has made itself. */
  const localVolumes = { pathOf: (name: string) => join(root, 'own', name) };

  const update = async () => assert.fail('no claim is written');
  const pluginWith = (claims: ClaimedVolumes) => {
    const csi = new CsiVolumes({
      ...unusedSources().csi,
      clock: new FakeClock(),
      data: { secret: async () => new Map() },
      records: new CsiRecords(new PodFolders(root)),
    });
    return new ClaimPlugin({ claims, localVolumes, csi, nfs: new NfsPlugin(new PodFolders(root)) });
  };

  interface Picture {
    readonly claim?: PersistentVolumeClaimSpec;
    readonly phase?: string;
    readonly volume?: PersistentVolumeSpec;
    readonly provisioner?: string;
    readonly claimUid?: string;
    readonly owner?: string;
  }

  /** An API with one claim `c` and one volume `v`. */
  function pluginOf({ claim = { volumeName: 'v' }, phase = 'Bound', ...picture }: Picture): ClaimPlugin {
    const { volume, provisioner, claimUid = 'c', owner } = picture;
    const owners =
      owner === undefined ? [] : [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: owner, controller: true }];
    const objects: readonly Stored<KubernetesObject>[] = [
      storedObject(persistentVolumeClaims, {
        metadata: { name: 'c', ownerReferences: owners },
        spec: claim,
        status: { phase },
      }),
      ...(volume === undefined
        ? []
        : [
            storedObject(persistentVolumes, {
              metadata: {
                name: 'v',
                ...(provisioner && { annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } }),
              },
              spec: { ...volume, claimRef: { namespace: 'default', name: 'c', uid: claimUid } },
            }),
          ]),
      storedObject(nodes, { metadata: { name: 'n', labels: { 'kubernetes.io/hostname': 'n' } } }),
    ];
    const get = async <T extends KubernetesObject>(kind: Resource<T>, { name }: { readonly name: string }) => {
      const found: unknown = objects.find((one) => one.kind === kind.kind && one.metadata.name === name);
      if (found === undefined) throw notFound(kind, name);
      // Found by its kind.
      return found as Stored<T>;
    };
    return pluginWith(new ApiClaimedVolumes({ get, update }, 'n'));
  }

  const claimed: Volume = { name: 'data', persistentVolumeClaim: { claimName: 'c' } };
  const onNode = (hostname: string) => ({
    required: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] },
      ],
    },
  });

  it('are the folder of a hostPath volume, made where its type says so', async () => {
    const path = join(root, 'made');
    const mounted = await pluginOf({ volume: { hostPath: { path } } }).setUp(makePod(), claimed);
    assert.deepEqual(mounted, { hostPath: path, readOnly: false });
    assert.ok((await stat(path)).isDirectory());
  });

  it('are only read where the pod says so', async () => {
    const volume = { name: 'data', persistentVolumeClaim: { claimName: 'c', readOnly: true } };
    const mounted = await pluginOf({ volume: { hostPath: { path: root } } }).setUp(makePod(), volume);
    assert.equal(mounted.readOnly, true);
  });

  it('of the local provisioner are folders of this kubelet, and belong to the group of the pod', async () => {
    const path = join(root, 'own', 'v');
    await mkdir(path, { recursive: true });
    // What the volume says of its path is another node's word.
    const picture = { volume: { local: { path: '/' }, nodeAffinity: onNode('n') }, provisioner: 'longshore.dev/local' };
    const mounted = await pluginOf(picture).setUp(makePod({ securityContext: { fsGroup: 2000 } }), claimed);
    assert.equal(mounted.hostPath, path);
    const found = await stat(path);
    assert.deepEqual([found.gid, (found.mode & 0o7777).toString(8)], [2000, '2775']);
  });

  const refusals: readonly (readonly [title: string, picture: () => Picture, words: RegExp])[] = [
    ['a claim that is not bound', () => ({ phase: 'Pending' }), /error processing PVC default\/c: PVC is not bound/],
    ['a claim without a volume', () => ({ claim: {} }), /PVC is not bound/],
    ['a volume that is gone', () => ({}), /persistentvolumes "v" not found/],
    ['a volume of another claim', () => ({ volume: { hostPath: { path: root } }, claimUid: 'z' }), /another claim/],
    [
      'a volume of another node',
      () => ({ volume: { local: { path: root }, nodeAffinity: onNode('m') } }),
      /does not match node "n"/,
    ],
    ['a local folder that is gone', () => ({ volume: { local: { path: join(root, 'gone') } } }), /does not exist/],
    [
      'a local path that is no folder',
      () => ({ volume: { local: { path: join(root, 'file') } } }),
      /is not a directory/,
    ],
    ['a local path that is none', () => ({ volume: { local: { path: 'data' } } }), /must be absolute/],
    ['a disk', () => ({ volume: { volumeMode: 'Block', local: { path: root } } }), /mode Block/],
    [
      'another type',
      () => ({ volume: { capacity: { storage: '1Gi' }, iscsi: { targetPortal: 't', iqn: 'i', lun: 0 } } }),
      /type iscsi/,
    ],
  ];
  for (const [title, picture, words] of refusals)
    it(`are not set up of ${title}`, () => assert.rejects(pluginOf(picture()).setUp(makePod(), claimed), words));

  it('are not set up of a claim that is not the pod’s own', async () => {
    const pod = makePod();
    const scratch = { name: 'x', ephemeral: { volumeClaimTemplate: { spec: {} } } };
    const claims = (owner: string) => new ApiClaimedVolumes({ get: getOwned(owner), update }, 'n');
    const getOwned =
      (owner: string) =>
      async <T extends KubernetesObject>(kind: Resource<T>, { name }: { readonly name: string }) => {
        const owners = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: owner, controller: true }];
        const found: unknown =
          kind.kind === 'PersistentVolumeClaim'
            ? storedObject(persistentVolumeClaims, {
                metadata: { name, uid: 'c', ownerReferences: owners },
                spec: { volumeName: 'v' },
                status: { phase: 'Bound' },
              })
            : storedObject(persistentVolumes, {
                metadata: { name },
                spec: { hostPath: { path: root }, claimRef: { uid: 'c' } },
              });
        // Made for its kind.
        return found as Stored<T>;
      };
    await assert.rejects(pluginWith(claims('somebody')).setUp(pod, scratch), /pod is not owner/);
    assert.equal((await pluginWith(claims(pod.metadata.uid)).setUp(pod, scratch)).hostPath, root);
  });
});
