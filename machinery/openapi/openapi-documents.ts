/**
 * The OpenAPI documents of one server: made in turns when first asked for, kept compressed, because they are large and rare.
 *
 *   asked for ─ the hash is that of the document that is kept ─► that one
 *             └ another ─ one of that hash is being made ─► the same, when it is done
 *                       └ none ─► made: it takes the place of the one before
 */

import type { DescribedResource } from '../schema/described-resource.ts';
import { compress } from './compress.ts';
import { jsonPieces, type OpenApiDocument } from './document.ts';
import { DocumentIndex } from './document-index.ts';
import { type FurtherDescription, withDescriptions } from './further-description.ts';
import { swaggerForm } from './gnostic.ts';
import { type DocumentForm, protobufPieces } from './gnostic-pieces.ts';
import { openApiForm } from './gnostic-v3.ts';
import { swaggerDocument } from './openapi-v2.ts';
import { discoveryDocument, openApiDocument } from './openapi-v3.ts';

export interface CompressedDocument {
  /** Changes with the document: for ETag and for the hash in its URL. Known before the document is made. */
  readonly hash: string;
  /** The document, gzipped. */
  gzip(): Promise<Buffer>;
}

/** Media types of the second version in protobuf: what clients ask for, and what the answer says. */
export const swaggerProtobuf = {
  accepted: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
} as const;

/** The same of the third version. */
export const openApiProtobuf = {
  accepted: 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
  contentType: 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
} as const;

export type DocumentFormat = 'json' | 'protobuf';

interface Version {
  /** The members that lead to the definitions in JSON. */
  readonly definitionsAt: readonly string[];
  readonly form: DocumentForm;
}

const versions: Readonly<Record<'v2' | 'v3', Version>> = {
  v2: { definitionsAt: ['definitions'], form: swaggerForm },
  v3: { definitionsAt: ['components', 'schemas'], form: openApiForm },
};

interface Made {
  readonly path: string;
  readonly hash: string;
  readonly gzip: Promise<Buffer>;
}

export class OpenApiDocuments {
  readonly #kinds: () => readonly DescribedResource[];
  readonly #version: string;
  #index: DocumentIndex | undefined;
  readonly #made = new Map<string, Made>();

  /** `kinds` is asked again each time, and answers with another array when kinds have come or gone. `version` is the server's. */
  constructor(kinds: () => readonly DescribedResource[], version: string) {
    this.#kinds = kinds;
    this.#version = version;
  }

  /** The answer to `/openapi/v3`, as JSON. Made anew only when the kinds have changed. */
  index(): string {
    return this.#now().text;
  }

  /** The answer to `/openapi/v3/{path}`; undefined when nothing is there. */
  v3(path: string, format: DocumentFormat = 'json'): CompressedDocument | undefined {
    const index = this.#now();
    const hash = path === '' ? undefined : index.hash(path);
    if (hash === undefined) return undefined;
    const answer = index.discoveryAt(path);
    const document = () =>
      answer === undefined
        ? openApiDocument(index.kindsAt(path), this.#version)
        : discoveryDocument(path, answer, this.#version);
    return this.#document(`v3 ${format} ${path}`, { path, hash }, () => pieces(document(), versions.v3, format));
  }

  /** The answer to `/openapi/v2`. `further`: what servers behind this one say of their versions. */
  v2(format: DocumentFormat, further: readonly FurtherDescription[] = []): CompressedDocument {
    const index = this.#now();
    const hash = [index.hash('') ?? '', ...further.map((one) => one.hash)].join('-');
    return this.#document(`v2 ${format}`, { path: '', hash }, () =>
      pieces(withDescriptions(swaggerDocument(index.kinds, this.#version), further), versions.v2, format),
    );
  }

  #now(): DocumentIndex {
    const kinds = this.#kinds();
    if (this.#index?.kinds === kinds) return this.#index;
    const index = new DocumentIndex(kinds);
    this.#index = index;
    for (const [key, { path }] of this.#made) if (index.hash(path) === undefined) this.#made.delete(key);
    return index;
  }

  #document(
    key: string,
    { path, hash }: Pick<Made, 'path' | 'hash'>,
    make: () => Iterable<string | Uint8Array>,
  ): CompressedDocument {
    return {
      hash,
      gzip: () => {
        const known = this.#made.get(key);
        if (known?.hash === hash) return known.gzip;
        const gzip = compress(make());
        this.#made.set(key, { path, hash, gzip });
        // What could not be made is tried again by whoever asks next.
        gzip.catch(() => {
          if (this.#made.get(key)?.gzip === gzip) this.#made.delete(key);
        });
        return gzip;
      },
    };
  }
}

const pieces = (
  document: OpenApiDocument,
  { definitionsAt, form }: Version,
  format: DocumentFormat,
): Iterable<string | Uint8Array> =>
  format === 'json' ? jsonPieces(document, definitionsAt) : protobufPieces(document, form);
