import { type PublicHost, publicHosts, publicUrl } from '@andamio/schema/hosts';
import type { SettingProblem, Settings } from '../settings/stack-settings.ts';

/** The public host of the stack's service. It is known before the service exists. */
export interface Host extends PublicHost {
  readonly url: string;
}

/**
 * Computes the service's deterministic URL:
 * https://cloud.google.com/run/docs/triggering/https-request#deterministic
 */
export function hostOf({ service, region }: Settings, projectNumber: string): Host {
  const host = { service, projectNumber, region };
  return { ...host, url: publicUrl(host) };
}

/**
 * Returns a problem if the service's URL differs from the documented URL that the setting
 * `documentedHost` requires.
 */
export function hostProblems(settings: Settings, { url }: Host): SettingProblem[] {
  const documented = settings.documentedHost && publicUrl(publicHosts[settings.documentedHost]);
  if (documented === undefined || documented === url) return [];
  return [
    {
      key: 'documentedHost',
      rule:
        `requires ${documented}, but the URL of the service would be ${url}. It depends on the name of the service (service), the ` +
        'number of the project (gcp:project) and the region (gcp:region). Correct these settings, or remove documentedHost if ' +
        'the stack is not a published one.',
      command: 'npx -y pnpm@12 pulumi config rm andamio:documentedHost --stack STACK',
    },
  ];
}
