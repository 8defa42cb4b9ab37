/**
 * What is written on the Node of a host that is to go, or has gone. Who may write it: `apiserver/admission/node-departure.ts`.
 */

/** Who may delete the Node wants its host gone: its worker stops. */
export const removedAnnotation = 'longshore.dev/removed';
/** Its worker says that it has stopped for good. A node's own word, which alone takes nothing off that others put on it. */
export const leftAnnotation = 'longshore.dev/left';
