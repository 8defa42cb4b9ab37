/** Sections 1.1 and 4.1: who can read and change the files of a cluster. */

import { type CisCheck, fail, none, noneFound, type Outcome } from './check.ts';
import type { CisTarget, FileFacts } from './target.ts';

const octal = (mode: number): string => mode.toString(8).padStart(3, '0');

/** No permission beyond these. */
function tighterThan(facts: readonly (FileFacts | undefined)[], most: number): Outcome {
  const found = facts.filter((one) => one !== undefined);
  if (found.length === 0) return fail('the file is not there');
  const open = found.filter(({ mode }) => (mode & ~most) !== 0).map(({ path, mode }) => `${path} (${octal(mode)})`);
  const [first] = found;
  const good = found.length === 1 ? `${first?.path} has ${octal(first?.mode ?? 0)}` : `${found.length} files`;
  return noneFound(open, good, (list) => `more than ${octal(most)}: ${list}`);
}

function ownedByRoot(facts: readonly (FileFacts | undefined)[]): Outcome {
  const found = facts.filter((one) => one !== undefined);
  if (found.length === 0) return fail('the file is not there');
  const others = found
    .filter(({ uid, gid }) => uid !== 0 || gid !== 0)
    .map(({ path, uid, gid }) => `${path} (${uid}:${gid})`);
  return noneFound(
    others,
    `${found.length === 1 ? found[0]?.path : `${found.length} files`} of root:root`,
    (list) => `not of root:root: ${list}`,
  );
}

/** Files that upstream's installers write for static pods and services. */
const notHere: readonly (readonly [ids: string, what: string])[] = [
  ['1.1.1-1.1.8', 'Pod specifications of the control plane'],
  ['1.1.9-1.1.10', 'Files of the pod network'],
  ['4.1.1-4.1.2', 'The service file of the kubelet'],
  ['4.1.9-4.1.10', 'The configuration file of the kubelet'],
];

const manifests = ['kube-apiserver.yaml', 'kube-controller-manager.yaml', 'kube-scheduler.yaml', 'etcd.yaml'];
const placesOf: Readonly<Record<string, readonly string[]>> = {
  '1.1.1-1.1.8': manifests.map((name) => `manifests/${name}`),
  '1.1.9-1.1.10': ['cni'],
  '4.1.1-4.1.2': ['kubelet.service'],
  '4.1.9-4.1.10': ['kubelet-config.yaml'],
};

const absent = ([id, title]: readonly [string, string]): CisCheck => ({
  id,
  title: `${title} are closed to others`,
  async look(target) {
    const found = await Promise.all((placesOf[id] ?? []).map((name) => target.file(name)));
    const there = found.filter((one) => one !== undefined);
    return there.length === 0
      ? none(`there are none: ${target.dataDir} holds no such file, and the components are started by one process`)
      : tighterThan(there, 0o600);
  },
});

const kubeconfig = (id: string, nextId: string, name: string): readonly CisCheck[] => [
  {
    id,
    title: `${name}.kubeconfig can be read by its owner alone`,
    look: async (target) => tighterThan([await target.file(`${name}.kubeconfig`)], 0o600),
  },
  {
    id: nextId,
    title: `${name}.kubeconfig is root's`,
    look: async (target) => ownedByRoot([await target.file(`${name}.kubeconfig`)]),
  },
];

const keysOf = (target: CisTarget) => target.filesIn('pki', '.key');

export const fileChecks: readonly CisCheck[] = [
  ...notHere.slice(0, 2).map(absent),
  {
    id: '1.1.11',
    title: "etcd's folder can be entered by its owner alone",
    look: async (target) => {
      const folders = [await target.file('etcd'), await target.file('etcd', 'data')];
      return folders[0] === undefined && target.flag('etcd-servers') !== undefined
        ? none('etcd runs elsewhere: --etcd-servers')
        : tighterThan(folders, 0o700);
    },
  },
  {
    id: '1.1.12',
    title: "etcd's folder is that of the user who runs it",
    look: async (target) => {
      const folder = await target.file('etcd');
      if (folder === undefined && target.flag('etcd-servers') !== undefined) return none('etcd runs elsewhere');
      return ownedByRoot([folder]);
    },
  },
  ...kubeconfig('1.1.13', '1.1.14', 'admin'),
  ...kubeconfig('1.1.15', '1.1.16', 'scheduler'),
  ...kubeconfig('1.1.17', '1.1.18', 'controller-manager'),
  {
    id: '1.1.19',
    title: "The folder of certificates and all in it are root's",
    look: async (target) => ownedByRoot([await target.file('pki'), ...(await target.filesIn('pki'))]),
  },
  {
    id: '1.1.20',
    title: 'Certificates can be changed by their owner alone',
    look: async (target) => tighterThan(await target.filesIn('pki', '.crt'), 0o644),
  },
  {
    id: '1.1.21',
    title: 'Keys can be read by their owner alone',
    look: async (target) => tighterThan([...(await keysOf(target)), await target.file('encryption.yaml')], 0o600),
  },
  ...notHere.slice(2, 3).map(absent),
  ...kubeconfig('4.1.3', '4.1.4', 'proxy'),
  ...kubeconfig('4.1.5', '4.1.6', 'kubelet'),
  {
    id: '4.1.7',
    title: 'The certificate of the authority can be changed by its owner alone',
    look: async (target) => tighterThan([await target.file('pki', 'ca.crt')], 0o644),
  },
  {
    id: '4.1.8',
    title: "The certificate of the authority is root's",
    look: async (target) => ownedByRoot([await target.file('pki', 'ca.crt')]),
  },
  ...notHere.slice(3).map(absent),
  {
    id: '4.1.11',
    title: 'Folders of pods can be entered by root alone',
    look: async (target) => {
      const folder = await target.file('kubelet');
      return folder === undefined
        ? none('no kubelet has run here')
        : tighterThan([folder, await target.file('kubelet', 'pods')], 0o700);
    },
  },
];
