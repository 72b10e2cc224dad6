import { types } from '../../resources.ts';
import type { Resource } from '../harness/violations.ts';
import { account, type Cases } from './cases.ts';

const byEnvironment = "assertion.repository_id + ':environment:' + assertion.environment";

const issuerUri = 'https://token.actions.githubusercontent.com';

const provider = (
  attributeCondition?: string,
  subject: string = byEnvironment,
  trust: Resource['props'] = { oidc: { issuerUri } },
): Resource => ({
  type: types.workloadIdentityPoolProvider,
  props: {
    workloadIdentityPoolId: 'github',
    ...trust,
    attributeMapping: { 'google.subject': subject },
    ...(attributeCondition === undefined ? {} : { attributeCondition }),
  },
});

const repository = "assertion.repository_id == '123'";
const owner = "assertion.repository_owner_id == '456'";
const subject = "google.subject == '123:environment:prod'";
const main = "assertion.ref == 'refs/heads/main' && assertion.ref_protected == 'true'";
const pullRequest = "assertion.event_name == 'pull_request'";

const required = `${repository} && ${owner} && ${subject} && ${main}`;

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

const trusting = (trust: Resource['props']) => provider(required, byEnvironment, trust);

export const federationCases: Cases = {
  'federation-github-issuer': {
    accepts: { 'the issuer of GitHub Actions': [oneSubject] },
    refuses: {
      'another issuer': [
        /GitHub did not sign.*chooses its claims.*Set oidc.issuerUri/,
        trusting({ oidc: { issuerUri: 'https://tokens.example.com' } }),
      ],
      'an issuer whose name begins with that of GitHub': [
        /GitHub did not sign/,
        trusting({ oidc: { issuerUri: `${issuerUri}.example.com` } }),
      ],
      'keys that GitHub does not publish': [
        /GitHub did not sign/,
        trusting({ oidc: { issuerUri, jwksJson: '{"keys":[]}' } }),
      ],
      'no issuer': [/GitHub did not sign/, trusting({})],
      ...Object.fromEntries(
        ['aws', 'saml', 'x509'].map((kind) => [
          kind,
          [/GitHub did not sign/, trusting({ oidc: { issuerUri }, [kind]: { a: 'b' } })],
        ]),
      ),
    },
  },
  'federation-condition': {
    accepts: {
      'one subject': [oneSubject],
      'two subjects': [twoSubjects],
      'a protected branch': [
        provider(
          `${repository} && ${owner} && ${main} && assertion.event_name in ['push', 'schedule']`,
        ),
      ],
    },
    refuses: {
      none: [/is missing.*every workflow.*Join comparisons/, provider()],
      'an empty condition': [/is missing/, provider('')],
      'an alternative': [
        /is not a comparison with literals/,
        provider(`${repository} && ${owner} && ${subject} || true`),
      ],
      'a negation': [
        /is not a comparison with literals/,
        provider(`!(${repository} && ${owner} && ${subject})`),
      ],
      'a conditional expression': [
        /is not a comparison with literals/,
        provider(`true ? true : ${subject}`),
      ],
      'a required term in a quoted text': [
        /is not a comparison/,
        provider(`assertion.actor == "a && ${repository} && ${owner} && ${subject} && b"`),
      ],
      'an alternative after an escaped quotation mark': [
        /is not a comparison/,
        provider(`assertion.actor == 'a\\'' || true || ${repository} && ${owner} && ${subject}`),
      ],
      'a comment': [
        /is not a comparison with literals/,
        provider(`true // && ${repository} && ${owner} && ${subject}`),
      ],
      'the required terms in a list': [
        /`true in \[true, true` is not a comparison/,
        provider(`true in [true, true && ${required} && true]`),
      ],
      'the required terms in a map': [
        /is not a comparison/,
        provider(`'a' in {'a': true && ${required} && true}`),
      ],
      'the required terms in a negated bracket': [
        /`\(true` is not a comparison/,
        provider(`(true && ${required} && true) == false`),
      ],
      'the required terms in the argument of a function': [
        /is not a comparison/,
        provider(`size([true && ${required} && true]) == 1`),
      ],
      'a comparison of a comparison': [
        /`.*== false` is not a comparison/,
        provider(`${repository} && ${owner} && ${subject} == false`),
      ],
      'a comparison of a claim with itself': [
        /is not a comparison/,
        provider(`${required} && assertion.ref == assertion.ref`),
      ],
      'a term that is always true': [/`true` is not/, provider(`${required} && true`)],
      'an empty term': [/`` is not a comparison/, provider(`${required} &&`)],
      'a list with an alternative': [
        /is not a comparison/,
        provider(`${required} && assertion.ref in ['refs/heads/main', assertion.ref]`),
      ],
      'a text with an escape sequence': [
        /is not a comparison/,
        provider(`${required} && assertion.ref == '\\x27'`),
      ],
      'a text in three quotation marks': [
        /is not a comparison/,
        provider(`assertion.ref == '''a && ${required} && a'''`),
      ],
    },
  },
  'federation-one-repository': {
    accepts: { 'numeric ids of repository and owner': [oneSubject, twoSubjects] },
    refuses: {
      none: [/does not compare.*but not its numeric id.*Add assertion.repository_id/, provider()],
      'names instead of numeric ids': [
        /but not its numeric id/,
        provider(
          `assertion.repository == 'o/r' && assertion.repository_owner == 'o' && ${subject}`,
        ),
      ],
      'a name as the numeric id': [
        /does not compare/,
        provider(`assertion.repository_id == 'o/r' && ${owner}`),
      ],
      'no owner': [/assertion.repository_owner_id/, provider(`${repository} && ${subject}`)],
      'no repository': [/assertion.repository_id/, provider(`${owner} && ${subject}`)],
      'a negated comparison': [/does not compare/, provider(`${repository} == false && ${owner}`)],
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
      "GitHub's own subject": [
        /with literals/,
        provider(`${repository} && ${owner} && assertion.sub == 'repo:o/r:x'`),
      ],
    },
  },
  'federation-numeric-subject': {
    accepts: {
      'the numeric id and the environment': [provider(subject)],
      'the numeric id and a constant': [
        provider(subject, "assertion.repository_id + ':pull_request'"),
      ],
      'the numeric id, and the environment if there is one': [
        provider(
          subject,
          "assertion.repository_id + (has(assertion.environment) ? ':environment:' + assertion.environment : ':main')",
        ),
      ],
    },
    refuses: {
      none: [
        /does not start with.*another format.*Map google.subject/,
        { ...provider(subject), props: {} },
      ],
      "GitHub's own subject": [/does not start with/, provider(subject, 'assertion.sub')],
      'a name after the numeric id': [
        /does not start with/,
        provider(subject, 'assertion.repository_id + assertion.repository'),
      ],
      'a name in brackets': [
        /does not start with/,
        provider(subject, "assertion.repository_id + assertion['repository']"),
      ],
      'a constant that depends on the numeric id': [
        /does not start with/,
        provider(subject, "assertion.repository_id == '1' ? '123:main' : '123:main'"),
      ],
      'a part of the numeric id': [
        /does not start with/,
        provider(subject, 'assertion.repository_id.substring(0, 1) + assertion.environment'),
      ],
      'the environment alone': [/does not start with/, provider(subject, 'assertion.environment')],
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
        /does not compare assertion.ref.*unreviewed branch/,
        provider(subject),
      ],
      'an unprotected branch': [
        /ref_protected/,
        provider(`${subject} && assertion.ref == 'refs/heads/main'`),
      ],
      'a pattern of branches': [
        /one branch/,
        provider(`${subject} && assertion.ref.startsWith('refs/heads/')`),
      ],
      'an environment in a pull request': [/one branch/, provider(`${subject} && ${pullRequest}`)],
      'the event pull_request_target, which runs for pull requests from forks': [
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
      'a service account with another role': [
        impersonator(account, 'roles/iam.serviceAccountTokenCreator'),
      ],
    },
    refuses: {
      'the whole pool': [
        /All subjects in the pool.*Grant the role to principal:/,
        impersonator(`principalSet://${pool}/*`),
      ],
      'all subjects with an attribute': [
        /with the same attribute/,
        impersonator(`principalSet://${pool}/attribute.repository/o/r`),
      ],
      'a principal set with another role': [
        /not a single subject/,
        impersonator(`principalSet://${pool}/*`, 'roles/run.developer'),
      ],
      'a pattern': [/not a single subject/, impersonator(`principal://${pool}/subject/*`)],
      'a service account': [/not a single subject/, impersonator(account)],
    },
  },
};
