/** What is written on the Node of a host that is to go, or has gone. */

/** An administrator wants it gone: its worker stops. */
export const removedAnnotation = 'longshore.dev/removed';
/** Its worker has stopped for good: the Node may be deleted. */
export const leftAnnotation = 'longshore.dev/left';
