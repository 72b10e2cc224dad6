import { Failure } from './cli.ts';
import { type Answer, call } from './http.ts';

/**
 * Returns the environment variables of GitHub Actions, or undefined if one is missing.
 * https://docs.github.com/actions/reference/workflows-and-actions/variables
 */
function actions() {
  const { GITHUB_API_URL: api, GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token } = process.env;
  return api && repository && token ? { api, repository, token } : undefined;
}

type Method = 'GET' | 'POST' | 'PATCH';

async function send(path: string, method: Method, body?: object): Promise<Answer> {
  const github = actions();
  if (github === undefined)
    throw new Failure('GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN must be set.');
  const answer = await call(`${github.api}/repos/${github.repository}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${github.token}`,
      Accept: 'application/vnd.github+json',
      'X-GitHub-Api-Version': '2022-11-28',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (answer.status >= 400)
    throw new Failure(`GitHub responded to ${method} ${path.split('?')[0]} with ${answer.status}.`);
  return answer;
}

/**
 * Returns the first entry of a list that satisfies a condition. Reads the list page by page:
 * https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
 *
 * @param path the list's path, without a query
 */
async function find<Entry>(
  path: string,
  isWanted: (entry: Entry) => boolean,
): Promise<Entry | undefined> {
  for (let page = 1; ; page++) {
    const { text, headers } = await send(`${path}?per_page=100&page=${page}`, 'GET');
    const found = (JSON.parse(text) as Entry[]).find(isWanted);
    if (found !== undefined || !headers.get('Link')?.includes('rel="next"')) return found;
  }
}

/** Reports whether the script runs in a GitHub job that has a token. */
export function onGitHub(): boolean {
  return actions() !== undefined;
}

/** Posts a comment on a pull request. Replaces an earlier comment with the same heading. */
export async function comment(pullRequest: string, heading: string, text: string): Promise<void> {
  const body = `${heading}\n\n${text}`;
  const path = `/issues/${pullRequest}/comments`;
  const earlier = await find<{ id: number; body?: string }>(path, (each) =>
    Boolean(each.body?.startsWith(heading)),
  );
  if (earlier) await send(`/issues/comments/${earlier.id}`, 'PATCH', { body });
  else await send(path, 'POST', { body });
}

/** Opens an issue. If an open issue has the same title, comments on it instead. */
export async function openIssue(title: string, body: string): Promise<void> {
  // GitHub lists pull requests among the issues. By default, it lists the open ones.
  const earlier = await find<{ number: number; title: string; pull_request?: object }>(
    '/issues',
    (issue) => issue.title === title && issue.pull_request === undefined,
  );
  if (earlier) await send(`/issues/${earlier.number}/comments`, 'POST', { body });
  else await send('/issues', 'POST', { title, body });
}
