/** Where an instance of the service is published. */
export interface PublicHost {
  /** The name of the Cloud Run service. */
  readonly service: string;
  /** The number (not the id) of the Google Cloud project. */
  readonly projectNumber: string;
  readonly region: string;
}

/** The published hosts (contract, introduction). */
export const publicHosts = {
  prod: { service: 'andamio-api', projectNumber: '308006323670', region: 'us-central1' },
  preprod: { service: 'andamio-api-preprod', projectNumber: '308006323670', region: 'us-central1' },
} as const satisfies Record<string, PublicHost>;

/** Cloud Run's deterministic URL: `https://SERVICE-PROJECT_NUMBER.REGION.run.app`. */
export function publicUrl(host: PublicHost): string {
  return `https://${host.service}-${host.projectNumber}.${host.region}.run.app`;
}

/** The path below which all published operations stand. */
export const basePath = '/api/v1';
