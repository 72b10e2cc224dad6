import { inject } from 'vitest';

const present = inject('present');

export const engineIsHere = present.engine;
export const gcloudIsHere = present.gcloud;
export const lintersAreHere = present.linters;
export const browserIsHere = present.browser;
export const imagesCanBeBuilt = present.images;
