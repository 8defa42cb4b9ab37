/** Flags of a node that runs short, under upstream's names. */

const text = { type: 'string' } as const;

export const pressureFlags = {
  'eviction-hard': {
    ...text,
    describe:
      'What has to be free, or pods are evicted at once; default: memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%',
  },
  'eviction-soft': { ...text, describe: 'What has to be free, or pods are evicted when it has not been for a while' },
  'eviction-soft-grace-period': { ...text, describe: 'How long that is: memory.available=1m30s' },
  'eviction-minimum-reclaim': {
    ...text,
    describe: 'How much more is to be free before evicting ends: nodefs.available=2Gi',
  },
  'eviction-max-pod-grace-period': {
    ...text,
    describe: 'Seconds that a pod gets to end for a soft threshold; -1: as many as it asks for; default: 0',
  },
  'eviction-pressure-transition-period': {
    ...text,
    describe: 'How long a condition stays when what it says is over; default: 5m0s',
  },
  'system-reserved': {
    ...text,
    describe: 'What the system keeps of the machine: cpu=200m,memory=500Mi,ephemeral-storage=1Gi,pid=100',
  },
  'kube-reserved': { ...text, describe: 'What kubelet and engine keep of the machine, in the same way' },
  'image-gc-high-threshold': {
    ...text,
    describe: 'Percent of a used disk above which unused images go; 100: never for that; default: 85',
  },
  'image-gc-low-threshold': { ...text, describe: 'Percent at which that ends; default: 80' },
  'minimum-image-ttl-duration': { ...text, describe: 'How long an unused image stays at least; default: 2m0s' },
  'image-maximum-gc-age': { ...text, describe: 'How long it stays at most; default: 0s, for ever' },
  'minimum-container-ttl-duration': {
    ...text,
    describe: 'How long a container that ended stays at least; default: 0s',
  },
  'maximum-dead-containers-per-container': {
    ...text,
    describe: 'How many attempts at one container stay beside the one that runs; at most 1',
  },
  'maximum-dead-containers': { ...text, describe: 'How many containers that ended stay on the node; default: -1, all' },
} as const;

export type PressureFlag = keyof typeof pressureFlags;
