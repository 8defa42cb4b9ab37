/** How a program in a pod finds addresses: by glibc, which is the host's, mounted into a pod whose image has only busybox. */

/** For a pod's spec and its container. */
export const glibcVolumes = [{ name: 'usr', hostPath: { path: '/usr' } }];
export const glibcMounts = [{ name: 'usr', mountPath: '/usr', readOnly: true }];

/** The addresses that `getaddrinfo` gives, a line each; empty when there are none. `options` as in `RES_OPTIONS`. */
export function addressesOf(name: string, options = ''): string {
  return `
    loader=$(ls /usr/lib/*/ld-linux*.so.* /usr/lib64/ld-linux*.so.* 2>/dev/null | head -n 1)
    RES_OPTIONS='${options}' $loader --library-path $(echo /usr/lib/*-linux-gnu) /usr/bin/getent ahostsv4 '${name}' |
      cut -d ' ' -f 1 | sort -u`;
}
