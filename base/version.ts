/** Which version this is, and of Kubernetes' API: the one place that says so. */

/** As in package.json. */
export const longshoreVersion = '0.1.0';

/** Of Kubernetes, whose API and behaviour are followed. */
export const kubernetesVersion = { major: 1, minor: 36 } as const;

const { major, minor } = kubernetesVersion;

/** Kubernetes-shaped, so that version checks of tools pass. */
export const gitVersion = `v${major}.${minor}.0+longshore.${longshoreVersion}`;

/** What probes call themselves; applications tell them from users by it. */
export const probeUserAgent = `kube-probe/${major}.${minor}`;

/** How a program of ours introduces itself to the API. Up to the slash it is also the name that its writes go by. */
export const userAgentOf = (program: string): string => `${program}/${gitVersion}`;
