/** A published Cloud Run service, identified by the parts of its URL. */
export interface PublicHost {
  /** Name of the Cloud Run service. */
  readonly service: string;
  /** Number of the Google Cloud project, which differs from its id. */
  readonly projectNumber: string;
  readonly region: string;
}

export const publicHosts = {
  prod: { service: 'andamio-api', projectNumber: '308006323670', region: 'us-central1' },
  preprod: { service: 'andamio-api-preprod', projectNumber: '308006323670', region: 'us-central1' },
} as const satisfies Record<string, PublicHost>;

/**
 * Returns Cloud Run's deterministic URL for a service:
 * `https://SERVICE-PROJECT_NUMBER.REGION.run.app`.
 */
export function publicUrl(host: PublicHost): string {
  return `https://${host.service}-${host.projectNumber}.${host.region}.run.app`;
}

/** The base path of all published operations. */
export const basePath = '/api/v1';
