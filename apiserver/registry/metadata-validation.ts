/** The rules for `metadata` that all kinds share: they belong to the API's vocabulary. */

export { validateMetadata, validateMetadataUpdate } from '../../api/meta/metadata-validation.ts';
