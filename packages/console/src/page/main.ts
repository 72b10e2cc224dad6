import '../main.ts';
import './page.css';
import { find } from './find.ts';
import { setUpSignIn } from './sign-in.ts';

const keys = find<HTMLElementTagNameMap['andamio-keys']>('andamio-keys');

const signIn = await setUpSignIn({
  draft: () => keys.draft,
  onSignedIn(getToken, draft) {
    // After a token has expired, the element keeps its content and reads the keys again.
    if (keys.hidden) {
      keys.hidden = false;
      keys.draft = draft as typeof keys.draft;
      keys.getToken = getToken;
    } else {
      void keys.refresh();
    }
  },
  onSignedOut() {
    keys.hidden = true;
    keys.getToken = undefined;
  },
});

if (signIn !== undefined) {
  const { maxExpiresInDays } = signIn.settings;
  if (maxExpiresInDays !== null) keys.setAttribute('max-days', String(maxExpiresInDays));
  keys.addEventListener('andamio-auth-required', () => signIn.askAgain());
}
