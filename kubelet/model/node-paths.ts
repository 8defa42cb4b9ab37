/**
 * Users read what errors say. Where a pod's files lie on the node is none of their business, and what differs with each
 * try would make another event of each. Pure.
 */

/** `text`, in which paths below `podFolder` begin there, and end with the volume: `volumes/files/config`. */
export function withoutNodePaths(text: string, podFolder: string): string {
  const [head = '', ...rest] = text.split(podFolder);
  return head + rest.map(shorten).join('');
}

function shorten(text: string): string {
  const [path = ''] = text.match(/^(\/[^\s'":,/]+)*\/?/) ?? [];
  const names = path.split('/').filter((name) => name !== '');
  const shown = names.length === 0 ? "the pod's folder" : names.slice(0, 3).join('/');
  return shown + text.slice(path.length);
}
