import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forMembers } from '../grants.ts';
import { forKind } from '../validation.ts';

/** A CEL string literal without quotation marks, escaped characters, `&` and wildcards. */
const literal = `(?:'[\\w:./-]+'|"[\\w:./-]+")`;
const number = `(?:'\\d+'|"\\d+")`;
/** A CEL comparison with one literal or with a list of literals. */
const comparison = `(?:==\\s*${literal}|in\\s*\\[\\s*${literal}(?:\\s*,\\s*${literal})*\\s*\\])`;

/** Matches the only form of a term that the program writes. */
const term = new RegExp(`^(?:assertion\\.\\w+|google\\.subject)\\s*${comparison}$`);
const repository = new RegExp(`^assertion\\.repository_id\\s*==\\s*${number}$`);
const owner = new RegExp(`^assertion\\.repository_owner_id\\s*==\\s*${number}$`);
const subject = new RegExp(`^google\\.subject\\s*${comparison}$`);

/**
 * Splits a CEL condition at each `&&`. The parts are terms of a conjunction only if all of them
 * match {@link term}, which {@link federationWithCondition} checks.
 */
function partsOf(condition: string): string[] {
  return condition.split('&&').map((part) => part.trim());
}

/** Reports whether at least one part of a condition matches a pattern. */
function requires(condition: string, form: RegExp): boolean {
  return partsOf(condition).some((part) => form.test(part));
}

/**
 * Requires a condition on every workload identity provider, and allows only comparisons with
 * literals, joined by `&&`. Without a condition, the provider accepts tokens of all repositories on
 * GitHub. Brackets, alternatives, negations, functions and comments could make a required term
 * ineffective. Source: Checkov CKV_GCP_118.
 */
export const federationWithCondition: ResourceValidationPolicy = {
  name: 'federation-condition',
  description: 'A workload identity provider has a condition that cannot be bypassed.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('workloadIdentityPoolProvider', ({ attributeCondition }, refuse) => {
    const wrong = partsOf(attributeCondition ?? '').find((part) => !term.test(part));
    if (wrong === undefined) return;
    refuse(
      attributeCondition
        ? `In attributeCondition, \`${wrong}\` is not a comparison with literals`
        : 'attributeCondition is missing',
      'All repositories on GitHub share one token issuer, so every workflow that the condition does not exclude can authenticate',
      "Join comparisons with &&, and put alternative values into one list: assertion.sub in ['...', '...']",
    );
  }),
};

/** The issuer of the tokens of GitHub Actions. */
const issuer = 'https://token.actions.githubusercontent.com';

/**
 * Requires GitHub as the issuer of federated tokens, and the keys that GitHub publishes. The other
 * rules check conditions on claims, and the signer of a token chooses its claims. Source: GitHub,
 * "Configuring OpenID Connect in Google Cloud Platform".
 */
export const federationWithGitHub: ResourceValidationPolicy = {
  name: 'federation-github-issuer',
  description: 'A workload identity provider accepts only tokens that GitHub issued.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('workloadIdentityPoolProvider', ({ oidc, aws, saml, x509 }, refuse) => {
    const isGitHub = oidc?.issuerUri === issuer && !oidc.jwksJson;
    if (isGitHub && !aws && !saml && !x509) return;
    refuse(
      'The provider accepts tokens that GitHub did not sign',
      'The signer of a token chooses its claims, so the condition on them would restrict nothing',
      `Set oidc.issuerUri to ${issuer}, without jwksJson, aws, saml and x509`,
    );
  }),
};

/**
 * Requires a condition on the numeric ids of one repository and its owner, because names can be
 * reused. Source: Google, "Configure Workload Identity Federation with deployment pipelines".
 */
export const federationWithOneRepository: ResourceValidationPolicy = {
  name: 'federation-one-repository',
  description:
    'A workload identity provider trusts one repository of one owner, identified by numeric ids.',
  enforcementLevel: 'mandatory',
  validateResource: forKind(
    'workloadIdentityPoolProvider',
    ({ attributeCondition = '' }, refuse) => {
      if (requires(attributeCondition, repository) && requires(attributeCondition, owner)) return;
      refuse(
        'attributeCondition does not compare assertion.repository_id and assertion.repository_owner_id with numeric ids',
        'Anyone can reuse the name of a deleted repository or owner, but not its numeric id',
        "Add assertion.repository_id == '...' && assertion.repository_owner_id == '...'",
      );
    },
  ),
};

/**
 * Requires a condition that lists the accepted values of the mapped subject. Source: Checkov
 * CKV_GCP_125.
 */
export const federationWithSubjects: ResourceValidationPolicy = {
  name: 'federation-literal-subjects',
  description: 'A workload identity provider lists the subjects that it trusts.',
  enforcementLevel: 'mandatory',
  validateResource: forKind(
    'workloadIdentityPoolProvider',
    ({ attributeCondition = '' }, refuse) => {
      if (requires(attributeCondition, subject)) return;
      refuse(
        'attributeCondition does not compare google.subject with literals',
        'Jobs on any branch, tag or pull request of the repository could authenticate, including unreviewed ones',
        "Add google.subject == 'REPOSITORY_ID:environment:...', or google.subject in ['...', '...']",
      );
    },
  ),
};

const claim = 'assertion\\.(?:repository_id|environment|event_name|ref)';
/** CEL strings that are joined with `+`: literals, and claims that contain no names. */
const joined = `(?:${claim}|${literal})(?:\\s*\\+\\s*(?:${claim}|${literal}))*`;
const optional = `\\(has\\(${claim}\\)\\s*\\?\\s*${joined}\\s*:\\s*${joined}\\)`;
const numericSubject = new RegExp(
  `^assertion\\.repository_id\\s*\\+\\s*(?:${joined}|${optional})$`,
);

/**
 * Requires a subject that contains the numeric repository id. GitHub's own `sub` may contain only
 * names, and names can be reused. Source: GitHub, "Immutable subject claims".
 */
export const federationWithNumericSubject: ResourceValidationPolicy = {
  name: 'federation-numeric-subject',
  description:
    "The subject of a federated job starts with the repository's numeric id and contains no names that can be reused.",
  enforcementLevel: 'mandatory',
  validateResource: forKind('workloadIdentityPoolProvider', ({ attributeMapping }, refuse) => {
    if (numericSubject.test(attributeMapping?.['google.subject'] ?? '')) return;
    refuse(
      'google.subject does not start with assertion.repository_id, or is not joined from claims without names and literals',
      'Since 2026-07-15, GitHub uses another format of `sub` for new, renamed and transferred repositories, and their jobs could not authenticate',
      "Map google.subject to assertion.repository_id + ':...'",
    );
  }),
};

const branch = /^assertion\.ref\s*==\s*(?:'refs\/heads\/[\w./-]+'|"refs\/heads\/[\w./-]+")$/;
const protectedBranch = /^assertion\.ref_protected\s*==\s*(?:'true'|"true")$/;
const pullRequest = /^assertion\.event_name\s*==\s*(?:'pull_request'|"pull_request")$/;

/**
 * Requires a condition on one protected branch. Otherwise a job on any branch could use an
 * environment that has no branch rule. A provider for pull requests is exempt if its subjects do
 * not contain the environment. Source: GitHub, "Deployments and environments".
 */
export const federationWithOneBranch: ResourceValidationPolicy = {
  name: 'federation-one-branch',
  description:
    'Federated jobs run on one protected branch, or for pull requests without an environment.',
  enforcementLevel: 'mandatory',
  validateResource: forKind(
    'workloadIdentityPoolProvider',
    ({ attributeCondition = '', attributeMapping }, refuse) => {
      const reviewed =
        requires(attributeCondition, branch) && requires(attributeCondition, protectedBranch);
      const readsEnvironment = /assertion\.environment/.test(
        attributeMapping?.['google.subject'] ?? '',
      );
      if (reviewed || (requires(attributeCondition, pullRequest) && !readsEnvironment)) return;
      refuse(
        'attributeCondition does not compare assertion.ref with one branch and assertion.ref_protected with true',
        'A job on an unreviewed branch could use the environment and deploy with its identity',
        "Add assertion.ref == 'refs/heads/main' && assertion.ref_protected == 'true', and use a separate provider for pull requests",
      );
    },
  ),
};

const oneSubject =
  /^principal:\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[\w-]+\/subject\/[^*]+$/;

/**
 * Requires a single subject as the member of a federation grant, and rejects principal sets.
 * Sources: Checkov CKV_GCP_125; Google, "Best practices for using Workload Identity Federation".
 */
export const bindingsToOneSubject: ResourceValidationPolicy = {
  name: 'federation-one-subject',
  description: 'Roles for federated jobs are granted to single subjects.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse, grant) => {
    const isSet = member.startsWith('principalSet:');
    if (!isSet && (oneSubject.test(member) || grant.role !== 'roles/iam.workloadIdentityUser'))
      return;
    refuse(
      `${member} is not a single subject`,
      'All subjects in the pool, or all subjects with the same attribute, would get the role',
      'Grant the role to principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/subject/SUBJECT',
    );
  }),
};
