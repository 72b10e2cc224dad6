import { Failure } from './cli.ts';

/**
 * Returns the environment variables of GitHub Actions, or undefined if one is missing.
 * https://docs.github.com/actions/reference/workflows-and-actions/variables
 */
function actions() {
  const { GITHUB_API_URL: api, GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token } = process.env;
  return api && repository && token ? { api, repository, token } : undefined;
}

async function request(
  path: string,
  method: 'GET' | 'POST' | 'PATCH',
  body?: object,
): Promise<unknown> {
  const github = actions();
  if (github === undefined)
    throw new Failure('GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN must be set.');
  const response = await fetch(`${github.api}/repos/${github.repository}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${github.token}`,
      Accept: 'application/vnd.github+json',
      'X-GitHub-Api-Version': '2022-11-28',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok)
    throw new Failure(
      `GitHub responded to ${method} ${path.split('?')[0]} with ${response.status}.`,
    );
  return response.json();
}

/** Reports whether the script runs in a GitHub job that has a token. */
export function onGitHub(): boolean {
  return actions() !== undefined;
}

/** Posts a comment on a pull request. Replaces an earlier comment with the same heading. */
export async function comment(pullRequest: string, heading: string, text: string): Promise<void> {
  const body = `${heading}\n\n${text}`;
  const path = `/issues/${pullRequest}/comments`;
  const comments = (await request(`${path}?per_page=100`, 'GET')) as {
    id: number;
    body?: string;
  }[];
  const earlier = comments.find((each) => each.body?.startsWith(heading));
  if (earlier) await request(`/issues/comments/${earlier.id}`, 'PATCH', { body });
  else await request(path, 'POST', { body });
}

/** Opens an issue. If an open issue has the same title, comments on it instead. */
export async function openIssue(title: string, body: string): Promise<void> {
  const open = (await request('/issues?state=open&per_page=100', 'GET')) as {
    number: number;
    title: string;
  }[];
  const earlier = open.find((issue) => issue.title === title);
  if (earlier) await request(`/issues/${earlier.number}/comments`, 'POST', { body });
  else await request('/issues', 'POST', { title, body });
}
