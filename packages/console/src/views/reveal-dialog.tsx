import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Reveal } from '../account/account.ts';
import { CopyButton } from './copy-button.tsx';
import { Dialog } from './dialog.tsx';
import type { Ui } from './ui.ts';

/**
 * The dialog that shows a new secret. It closes only after the user has copied the secret or has
 * confirmed that they do not need it. No attribute contains the secret, and it is removed from the
 * document when the dialog closes.
 */
export function RevealDialog({ ui, reveal }: { readonly ui: Ui; readonly reveal: Reveal }) {
  const { texts, format, account, baseUrl } = ui;
  const { secret, previousExpiry } = reveal;
  const [isTaken, setTaken] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const [isHidden, setHidden] = useState(false);
  const [result, setResult] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const keepOpen = useRef<HTMLButtonElement>(null);

  useLayoutEffect(() => {
    const input = field.current;
    return () => {
      if (input) input.value = '';
    };
  }, []);
  useEffect(() => {
    if (isAsking) keepOpen.current?.focus();
  }, [isAsking]);

  const close = () => {
    if (isTaken) account.closeReveal();
    else setAsking(true);
  };
  const keep = () => {
    setAsking(false);
    field.current?.focus();
  };
  const onCopied = (isCopied: boolean) => {
    if (isCopied) setTaken(true);
    else {
      setHidden(false);
      field.current?.focus();
      field.current?.select();
    }
    setResult(isCopied ? texts.copied : texts.copyFailed);
  };
  const command = `curl -H "X-API-Key: $ANT_API_KEY" ${baseUrl}/api/v1/apikey/verify`;
  return (
    <Dialog heading={texts.revealHeading} onCancel={() => (isAsking ? keep() : close())}>
      <p>
        <bdi class="name">{reveal.name}</bdi>
      </p>
      <p>{texts.revealText}</p>
      <label class="field">
        {texts.yourKey}
        <textarea
          ref={field}
          readOnly
          rows={2}
          class="secret"
          part="secret"
          autocomplete="off"
          spellcheck={false}
          value={isHidden ? `${secret.slice(0, 8)}${'•'.repeat(secret.length - 8)}` : secret}
          onFocus={({ currentTarget }) => currentTarget.select()}
          onCopy={({ currentTarget: { selectionStart, selectionEnd } }) => {
            if (!isHidden && (selectionEnd ?? 0) - (selectionStart ?? 0) === secret.length)
              setTaken(true);
          }}
        />
      </label>
      <div class="buttons start">
        <CopyButton
          text={() => secret}
          label={texts.copy}
          copiedLabel={texts.copied}
          isFirst
          onResult={onCopied}
        />
        <CopyButton
          text={() => `ANT_API_KEY=${secret}`}
          label={texts.copyEnv}
          copiedLabel={texts.copied}
          onResult={onCopied}
        />
        <button type="button" onClick={() => setHidden(!isHidden)}>
          {isHidden ? texts.unhide : texts.hide}
        </button>
      </div>
      <p role="alert" class={result === texts.copied ? 'unseen' : 'result'}>
        {result}
      </p>
      <h3>{texts.tryIt}</h3>
      <p>{texts.tryItHint}</p>
      <div class="command">
        <code>{command}</code>
        <CopyButton
          text={() => command}
          label={texts.copyCurl}
          copiedLabel={texts.copied}
          onResult={(isCopied) => setResult(isCopied ? texts.copied : texts.copyFailedOther)}
        />
      </div>
      {previousExpiry !== undefined && (
        <p>
          {Date.parse(previousExpiry) <= account.now()
            ? texts.previousExpired
            : texts.previousWorksUntil(format.time(previousExpiry))}
        </p>
      )}
      {isAsking ? (
        <div class="question">
          <p role="alert">{texts.notCopied}</p>
          <div class="buttons">
            <button type="button" class="danger" onClick={() => account.closeReveal()}>
              {texts.closeAnyway}
            </button>
            <button type="button" class="primary" ref={keepOpen} onClick={keep}>
              {texts.keepOpen}
            </button>
          </div>
        </div>
      ) : (
        <div class="buttons">
          <button type="button" onClick={close}>
            {texts.stored}
          </button>
        </div>
      )}
    </Dialog>
  );
}
