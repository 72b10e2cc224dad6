import { types } from '../../resources.ts';
import type { Resource } from '../harness/violations.ts';
import { account, type Cases } from './cases.ts';

const byEnvironment = "assertion.repository_id + ':environment:' + assertion.environment";

const provider = (attributeCondition?: string, subject: string = byEnvironment): Resource => ({
  type: types.workloadIdentityPoolProvider,
  props: {
    workloadIdentityPoolId: 'github',
    attributeMapping: { 'google.subject': subject },
    ...(attributeCondition === undefined ? {} : { attributeCondition }),
  },
});

const repository = "assertion.repository_id == '123'";
const owner = "assertion.repository_owner_id == '456'";
const subject = "google.subject == '123:environment:prod'";
const main = "assertion.ref == 'refs/heads/main' && assertion.ref_protected == 'true'";
const pullRequest = "assertion.event_name == 'pull_request'";

const oneSubject = provider(`${repository} && ${owner} && ${subject}`);
const twoSubjects = provider(
  `${repository} &&\n${owner} &&\ngoogle.subject in ["123:pull_request", '123:main']`,
);

const pool =
  'iam.googleapis.com/projects/308006323670/locations/global/workloadIdentityPools/github';

const impersonator = (member: string, role = 'roles/iam.workloadIdentityUser'): Resource => ({
  type: 'gcp:serviceaccount/iAMMember:IAMMember',
  props: { serviceAccountId: 'deploy', role, member },
});

export const federationCases: Cases = {
  'federation-condition': {
    accepts: { 'one subject': [oneSubject], 'two subjects': [twoSubjects] },
    refuses: {
      none: [/is missing.*Every workflow of every repository.*Join comparisons/, provider()],
      'an empty one': [/is missing/, provider('')],
      'an alternative': [
        /alternative or a negation/,
        provider(`${repository} && ${owner} && ${subject} || true`),
      ],
      'a negation': [
        /alternative or a negation/,
        provider(`!(${repository} && ${owner} && ${subject})`),
      ],
      'a choice': [/alternative or a negation/, provider(`true ? true : ${subject}`)],
      'a comment': [
        /alternative or a negation/,
        provider(`true // && ${repository} && ${owner} && ${subject}`),
      ],
    },
  },
  'federation-one-repository': {
    accepts: { 'numbers of both': [oneSubject, twoSubjects] },
    refuses: {
      none: [/does not compare.*a number cannot.*Add assertion.repository_id/, provider()],
      'names in place of numbers': [
        /a number cannot/,
        provider(
          `assertion.repository == 'o/r' && assertion.repository_owner == 'o' && ${subject}`,
        ),
      ],
      'a name as the number': [
        /does not compare/,
        provider(`assertion.repository_id == 'o/r' && ${owner}`),
      ],
      'no owner': [/assertion.repository_owner_id/, provider(`${repository} && ${subject}`)],
      'no repository': [/assertion.repository_id/, provider(`${owner} && ${subject}`)],
      'a comparison that is turned round': [
        /does not compare/,
        provider(`${repository} == false && ${owner}`),
      ],
    },
  },
  'federation-literal-subjects': {
    accepts: { 'one subject': [oneSubject], 'two subjects': [twoSubjects] },
    refuses: {
      none: [
        /with literals.*unreviewed ones.*Add google.subject/,
        provider(`${repository} && ${owner}`),
      ],
      'a prefix': [
        /with literals/,
        provider(`${repository} && ${owner} && google.subject.startsWith('123:')`),
      ],
      'a pattern': [
        /with literals/,
        provider(`${repository} && ${owner} && google.subject == '123:*'`),
      ],
      'an empty list': [
        /with literals/,
        provider(`${repository} && ${owner} && google.subject in []`),
      ],
      'the subject of GitHub': [
        /with literals/,
        provider(`${repository} && ${owner} && assertion.sub == 'repo:o/r:x'`),
      ],
    },
  },
  'federation-numeric-subject': {
    accepts: {
      'the number and the environment': [provider(subject)],
      'the number and what is constant': [
        provider(subject, "assertion.repository_id + ':pull_request'"),
      ],
    },
    refuses: {
      none: [
        /is not made of.*in another form.*Map google.subject/,
        { ...provider(subject), props: {} },
      ],
      'the subject of GitHub': [/is not made of/, provider(subject, 'assertion.sub')],
      'a name beside the number': [
        /is not made of/,
        provider(subject, 'assertion.repository_id + assertion.repository'),
      ],
      'the environment alone': [/is not made of/, provider(subject, 'assertion.environment')],
    },
  },
  'federation-one-branch': {
    accepts: {
      'a protected branch': [provider(`${subject} && ${main}`)],
      'pull requests without an environment': [
        provider(`${subject} && ${pullRequest}`, "assertion.repository_id + ':pull_request'"),
      ],
    },
    refuses: {
      'an environment from any branch': [
        /does not compare assertion.ref.*nobody reviewed/,
        provider(subject),
      ],
      'a branch that is not protected': [
        /ref_protected/,
        provider(`${subject} && assertion.ref == 'refs/heads/main'`),
      ],
      'branches by a pattern': [
        /one branch/,
        provider(`${subject} && assertion.ref.startsWith('refs/heads/')`),
      ],
      'an environment in a pull request': [/one branch/, provider(`${subject} && ${pullRequest}`)],
      'the event that runs for whoever opens a pull request': [
        /one branch/,
        provider(
          `${subject} && assertion.event_name == 'pull_request_target'`,
          'assertion.repository_id',
        ),
      ],
    },
  },
  'federation-one-subject': {
    accepts: {
      'one subject': [impersonator(`principal://${pool}/subject/123:environment:prod`)],
      'a service account in another role': [
        impersonator(account, 'roles/iam.serviceAccountTokenCreator'),
      ],
    },
    refuses: {
      'the whole pool': [
        /All subjects of the pool.*Name principal:/,
        impersonator(`principalSet://${pool}/*`),
      ],
      'all of an attribute': [
        /share an attribute/,
        impersonator(`principalSet://${pool}/attribute.repository/o/r`),
      ],
      'a set in another role': [
        /not one subject/,
        impersonator(`principalSet://${pool}/*`, 'roles/run.developer'),
      ],
      'a pattern': [/not one subject/, impersonator(`principal://${pool}/subject/*`)],
      'a service account': [/not one subject/, impersonator(account)],
    },
  },
};
