import '../page/page.css';
import { render } from 'preact';
import { createFormat } from '../format.ts';
import styles from '../styles.css';
import { english } from '../texts.ts';
import operatorStyles from './operators.css';
import { Ended, Page } from './page.tsx';
import { connect, openSession, RequestError } from './service.ts';

/**
 * The name in `sessionStorage` under which the session is stored, so that the page can be reloaded.
 * Unlike a cookie, the session is never sent to another port of this machine.
 */
const storedSession = 'session';

const root = (document.querySelector('#operators') as HTMLElement).attachShadow({ mode: 'open' });
root.adoptedStyleSheets = [styles, operatorStyles].map((text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
});

/** Ends the session on this page: removes everything shown, and shows the reason. */
function end(reason: string): void {
  sessionStorage.removeItem(storedSession);
  render(<Ended reason={reason} />, root);
}

/**
 * Returns the session of this tab. If the address contains a token, exchanges the token for a
 * session.
 */
async function findSession(): Promise<string | null> {
  const token = location.hash.slice(1);
  // Removes the token from the address bar and the history.
  if (token !== '') history.replaceState(history.state, '', location.pathname);
  const known = sessionStorage.getItem(storedSession);
  if (token === '') return known;
  try {
    const session = await openSession(token);
    sessionStorage.setItem(storedSession, session);
    return session;
  } catch (error) {
    if (known === null) throw error;
    return known;
  }
}

// If the operator enters the address of a new run on the same port, only the fragment changes, and
// the browser does not load the page again.
addEventListener('hashchange', () => location.reload());

try {
  const session = await findSession();
  if (session === null) {
    end('This tab has no session.');
  } else {
    const service = connect(session);
    const about = await service.about();
    if (about.live) document.title = `LIVE · ${document.title}`;
    const ui = { service, about, texts: english, format: createFormat(english.locale), end };
    render(<Page ui={ui} />, root);
  }
} catch (error) {
  end(error instanceof RequestError ? error.message : String(error));
}
