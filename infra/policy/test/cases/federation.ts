import { types } from '../../resources.ts';
import type { Resource } from '../harness/violations.ts';
import { account, type Cases } from './cases.ts';

const provider = (attributeCondition?: string): Resource => ({
  type: types.workloadIdentityPoolProvider,
  props: { workloadIdentityPoolId: 'github', ...(attributeCondition === undefined ? {} : { attributeCondition }) },
});

const repository = "assertion.repository_id == '123'";
const owner = "assertion.repository_owner_id == '456'";
const subject = "assertion.sub == 'repo:o/r:environment:prod'";

const oneSubject = provider(`${repository} && ${owner} && ${subject}`);
const twoSubjects = provider(
  `${repository} &&\n${owner} &&\nassertion.sub in ["repo:o/r:pull_request", 'repo:o/r:ref:refs/heads/main']`,
);

const pool = 'iam.googleapis.com/projects/308006323670/locations/global/workloadIdentityPools/github';

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
      'an alternative': [/alternative or a negation/, provider(`${repository} && ${owner} && ${subject} || true`)],
      'a negation': [/alternative or a negation/, provider(`!(${repository} && ${owner} && ${subject})`)],
      'a choice': [/alternative or a negation/, provider(`true ? true : ${subject}`)],
      'a comment': [/alternative or a negation/, provider(`true // && ${repository} && ${owner} && ${subject}`)],
    },
  },
  'federation-one-repository': {
    accepts: { 'numbers of both': [oneSubject, twoSubjects] },
    refuses: {
      none: [/does not compare.*a number cannot.*Add assertion.repository_id/, provider()],
      'names in place of numbers': [
        /a number cannot/,
        provider(`assertion.repository == 'o/r' && assertion.repository_owner == 'o' && ${subject}`),
      ],
      'a name as the number': [/does not compare/, provider(`assertion.repository_id == 'o/r' && ${owner}`)],
      'no owner': [/assertion.repository_owner_id/, provider(`${repository} && ${subject}`)],
      'no repository': [/assertion.repository_id/, provider(`${owner} && ${subject}`)],
      'a comparison that is turned round': [/does not compare/, provider(`${repository} == false && ${owner}`)],
    },
  },
  'federation-literal-subjects': {
    accepts: { 'one subject': [oneSubject], 'two subjects': [twoSubjects] },
    refuses: {
      none: [/with literals.*unreviewed ones.*Add assertion.sub/, provider(`${repository} && ${owner}`)],
      'a prefix': [/with literals/, provider(`${repository} && ${owner} && assertion.sub.startsWith('repo:o/r:')`)],
      'a pattern': [/with literals/, provider(`${repository} && ${owner} && assertion.sub == 'repo:o/r:*'`)],
      'an empty list': [/with literals/, provider(`${repository} && ${owner} && assertion.sub in []`)],
    },
  },
  'federation-one-subject': {
    accepts: {
      'one subject': [impersonator(`principal://${pool}/subject/repo:o/r:environment:prod`)],
      'a service account in another role': [impersonator(account, 'roles/iam.serviceAccountTokenCreator')],
    },
    refuses: {
      'the whole pool': [/All subjects of the pool.*Name principal:/, impersonator(`principalSet://${pool}/*`)],
      'all of an attribute': [/share an attribute/, impersonator(`principalSet://${pool}/attribute.repository/o/r`)],
      'a set in another role': [/not one subject/, impersonator(`principalSet://${pool}/*`, 'roles/run.developer')],
      'a pattern': [/not one subject/, impersonator(`principal://${pool}/subject/*`)],
      'a service account': [/not one subject/, impersonator(account)],
    },
  },
};
