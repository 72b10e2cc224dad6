import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forMembers } from '../grants.ts';
import { forKind } from '../validation.ts';

const literal = `(?:'[^'*]+'|"[^"*]+")`;
const number = `(?:'\\d+'|"\\d+")`;
const repository = new RegExp(`^assertion\\.repository_id\\s*==\\s*${number}$`);
const owner = new RegExp(`^assertion\\.repository_owner_id\\s*==\\s*${number}$`);
const subject = new RegExp(
  `^google\\.subject\\s*(?:==\\s*${literal}|in\\s*\\[\\s*${literal}(?:\\s*,\\s*${literal})*\\s*\\])$`,
);

/**
 * Reports whether a CEL condition only joins terms with `&&`. Alternatives, negations and comments
 * could disable a term.
 */
function isConjunction(condition: string): boolean {
  return !/\|\||!|\?|\/\//.test(condition.replaceAll(/'[^']*'|"[^"]*"/g, ''));
}

/** Reports whether at least one term of a conjunction matches a pattern. */
function requires(condition: string, form: RegExp): boolean {
  return condition.split('&&').some((term) => form.test(term.trim()));
}

/**
 * Requires a condition on every workload identity provider. Without one, the provider accepts
 * tokens of all repositories on GitHub. Source: Checkov CKV_GCP_118.
 */
export const federationWithCondition: ResourceValidationPolicy = {
  name: 'federation-condition',
  description: 'A workload identity provider has a condition that nothing gets around.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('workloadIdentityPoolProvider', ({ attributeCondition }, refuse) => {
    if (attributeCondition && isConjunction(attributeCondition)) return;
    refuse(
      attributeCondition
        ? 'attributeCondition has an alternative or a negation'
        : 'attributeCondition is missing',
      'Every workflow of every repository on GitHub has tokens of the same issuer, and all that it does not exclude come in',
      "Join comparisons with &&; several values go into one list: assertion.sub in ['...', '...']",
    );
  }),
};

/**
 * Requires a condition on the numeric ids of one repository and its owner, because names can be
 * reused. Source: Google, "Configure Workload Identity Federation with deployment pipelines".
 */
export const federationWithOneRepository: ResourceValidationPolicy = {
  name: 'federation-one-repository',
  description: 'A workload identity provider trusts one repository of one owner, by their numbers.',
  enforcementLevel: 'mandatory',
  validateResource: forKind(
    'workloadIdentityPoolProvider',
    ({ attributeCondition = '' }, refuse) => {
      if (requires(attributeCondition, repository) && requires(attributeCondition, owner)) return;
      refuse(
        'attributeCondition does not compare assertion.repository_id and assertion.repository_owner_id with numbers',
        'A name that its owner gives up can be taken by anyone, a number cannot',
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
  description: 'A workload identity provider names the subjects that it trusts.',
  enforcementLevel: 'mandatory',
  validateResource: forKind(
    'workloadIdentityPoolProvider',
    ({ attributeCondition = '' }, refuse) => {
      if (requires(attributeCondition, subject)) return;
      refuse(
        'attributeCondition does not compare google.subject with literals',
        'Any branch, tag or pull request of the repository could come in, its unreviewed ones too',
        "Add google.subject == 'REPOSITORY_ID:environment:...', or google.subject in ['...', '...']",
      );
    },
  ),
};

/**
 * Requires a subject that contains the numeric repository id. GitHub's own `sub` can consist only
 * of names, which can be reused. Source: GitHub, "Immutable subject claims".
 */
export const federationWithNumericSubject: ResourceValidationPolicy = {
  name: 'federation-numeric-subject',
  description:
    "A subject is made of the repository's number and of claims that hold no name of it.",
  enforcementLevel: 'mandatory',
  validateResource: forKind('workloadIdentityPoolProvider', ({ attributeMapping }, refuse) => {
    const mapping = attributeMapping?.['google.subject'] ?? '';
    const claims = [...mapping.matchAll(/assertion\.(\w+)/g)].map(([, claim]) => claim as string);
    const others = claims.filter(
      (claim) => !['repository_id', 'environment', 'event_name', 'ref'].includes(claim),
    );
    if (/^assertion\.repository_id\b/.test(mapping) && others.length === 0) return;
    refuse(
      'google.subject is not made of assertion.repository_id',
      'Since 2026-07-15 GitHub writes `sub` in another form for new, renamed and transferred repositories, whose jobs would not come in',
      "Map google.subject to assertion.repository_id + ':...'",
    );
  }),
};

const branch = /^assertion\.ref\s*==\s*(?:'refs\/heads\/[^'*]+'|"refs\/heads\/[^"*]+")$/;
const protectedBranch = /^assertion\.ref_protected\s*==\s*(?:'true'|"true")$/;
const pullRequest = /^assertion\.event_name\s*==\s*(?:'pull_request'|"pull_request")$/;

/**
 * Requires a condition on one protected branch, except for pull requests without a GitHub
 * environment. Otherwise a job on any branch could use an environment that has no branch rule.
 * Source: GitHub, "Deployments and environments".
 */
export const federationWithOneBranch: ResourceValidationPolicy = {
  name: 'federation-one-branch',
  description:
    'Jobs come in from one protected branch, or as pull requests that have no environment.',
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
        'attributeCondition does not compare assertion.ref with one branch, and assertion.ref_protected with true',
        'A branch that nobody reviewed could name the environment, and deploy as it',
        "Add assertion.ref == 'refs/heads/main' && assertion.ref_protected == 'true'; for pull requests, a provider of their own",
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
  description: 'Who comes in through federation is given roles as one subject.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse, grant) => {
    const isSet = member.startsWith('principalSet:');
    if (!isSet && (oneSubject.test(member) || grant.role !== 'roles/iam.workloadIdentityUser'))
      return;
    refuse(
      `${member} is not one subject`,
      'All subjects of the pool, or all that share an attribute, would get the role',
      'Name principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/subject/SUBJECT',
    );
  }),
};
