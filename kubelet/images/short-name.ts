/** One name for all that users may write for the same image. Pure. */

/**
 * Docker Hub's names are written with and without its host; a digest says everything, whatever tag stands before it:
 * `docker.io/library/busybox:1@sha256:…` is `busybox@sha256:…`.
 */
export function shortNameOf(name: string): string {
  const [tagged = '', digest] = name.split('@');
  const plain = tagged.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '');
  return digest === undefined ? plain : `${withoutTag(plain)}@${digest}`;
}

function withoutTag(name: string): string {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
