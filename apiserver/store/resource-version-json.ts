/**
 * Puts an object's resourceVersion into its stored JSON, which has none (it is the entry's revision), as bytes: the
 * object is not serialised again. Pure. The results share no memory with their input: a value from the store is often
 * a slice of a much larger message, which would stay in memory with it.
 */

export interface VersionedJson {
  readonly bytes: Buffer;
  /** Where the digits of the resourceVersion begin; -1 when that is not known. */
  readonly versionOffset: number;
}

const metadataStart = Buffer.from('"metadata":{');
const fieldStart = '"resourceVersion":"';
const quote = 0x22;
const closingBrace = 0x7d;
/** Values begin with apiVersion, kind and metadata; with anything else before it, "metadata" might be something else. */
const expectedHead = /^\{"apiVersion":"[^"\\]*","kind":"[^"\\]*",$/;
const longestHead = 512;

/** `stored` as the API server writes it; JSON in any other form is parsed and written anew. Throws SyntaxError. */
export function insertResourceVersion(stored: Buffer, revision: number): VersionedJson {
  const head = stored.subarray(0, longestHead).indexOf(metadataStart);
  if (head < 0 || !expectedHead.test(stored.toString('latin1', 0, head))) return rewrite(stored, revision);
  const at = head + metadataStart.length;
  const field = `${fieldStart}${revision}"${stored[at] === closingBrace ? '' : ','}`;
  const bytes = Buffer.allocUnsafeSlow(stored.length + field.length);
  stored.copy(bytes, 0, 0, at);
  bytes.write(field, at, 'latin1');
  stored.copy(bytes, at + field.length, at);
  return { bytes, versionOffset: at + fieldStart.length };
}

export function replaceResourceVersion({ bytes, versionOffset }: VersionedJson, revision: number): VersionedJson {
  if (versionOffset < 0) return rewrite(bytes, revision);
  const end = bytes.indexOf(quote, versionOffset);
  const digits = String(revision);
  const replaced = Buffer.allocUnsafeSlow(bytes.length - (end - versionOffset) + digits.length);
  bytes.copy(replaced, 0, 0, versionOffset);
  replaced.write(digits, versionOffset, 'latin1');
  bytes.copy(replaced, versionOffset + digits.length, end);
  return { bytes: replaced, versionOffset };
}

function rewrite(json: Buffer, revision: number): VersionedJson {
  const object: unknown = JSON.parse(json.toString());
  if (!isObject(object) || !('metadata' in object) || !isObject(object.metadata)) {
    throw new SyntaxError('The value is not the JSON of an API object');
  }
  const versioned = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
  return { bytes: Buffer.from(JSON.stringify(versioned)), versionOffset: -1 };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
