import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forKind } from '../validation.ts';

/** Matches an AND outside of quoted text: an even number of quotation marks follows. */
const conjunction = / AND (?=[^"]*(?:"[^"]*"[^"]*)*$)/;

/**
 * Matches the forms of a term that the program writes: the severity, one log, and a comparison of a
 * field with a number or with a text without escaped characters.
 */
const term = /^(?:severity<WARNING|log_id\("[\w./-]+"\)|[a-z]\w*(?:\.\w+)*(?:=\d+|=~?"[^"\\]+"))$/;

/**
 * Matches one quoted value without wildcards. A wildcard, or a regular expression such as `=~"."`,
 * could match every account.
 */
const quoted = /^"([^"*?]+)"$/;

/**
 * Requires log exclusions to consist of comparisons, to keep warnings and errors, and to name one
 * log. An exclusion of data access logs must also name one service other than Secret Manager, and
 * one account. The accesses by all other accounts then stay logged. Source: Checkov CKV2_GCP_5,
 * which checks only that the logs are enabled.
 */
export const narrowLogExclusions: ResourceValidationPolicy = {
  name: 'logging-narrow-exclusions',
  description: 'Only routine entries of one log are excluded, and of data access logs one account.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('logExclusion', ({ filter = '', name = '' }, refuse) => {
    const terms = filter.split(conjunction);
    const wrong = terms.find((part) => !term.test(part));
    if (wrong !== undefined) {
      refuse(
        `The term \`${wrong}\` of the exclusion ${name} is not a comparison`,
        'An alternative, a negation, a bracket or a comment could make the exclusion match other entries',
        'Join comparisons such as httpRequest.status=200 and log_id("run.googleapis.com/requests") with AND',
      );
      return;
    }
    const termAfter = (field: string) =>
      terms.find((part) => part.startsWith(field))?.slice(field.length);
    if (!terms.includes('severity<WARNING')) {
      refuse(
        `The exclusion ${name} matches warnings and errors`,
        'Alerts and searches for the cause of a failure need them',
        'Add the term severity<WARNING with AND',
      );
    }
    const log = termAfter('log_id(');
    if (log === undefined) {
      refuse(
        `The exclusion ${name} matches every log`,
        'It would also drop logs that are added later',
        'Add a term such as log_id("run.googleapis.com/requests") with AND',
      );
    }
    // Logging ignores case in comparisons, except in regular expressions:
    // https://cloud.google.com/logging/docs/view/logging-query-language
    if (!log?.toLowerCase().startsWith('"cloudaudit.googleapis.com/')) return;
    const valueAfter = (field: string) => quoted.exec(termAfter(field) ?? '')?.[1];
    const service = valueAfter('protoPayload.serviceName=');
    if (
      service === undefined ||
      service.toLowerCase().includes('secretmanager') ||
      valueAfter('protoPayload.authenticationInfo.principalEmail=') === undefined
    ) {
      refuse(
        `The exclusion ${name} matches data access by more than one account, or to secrets`,
        'A leak could not be traced',
        'Add terms with = for protoPayload.serviceName and protoPayload.authenticationInfo.principalEmail',
      );
    }
  }),
};
