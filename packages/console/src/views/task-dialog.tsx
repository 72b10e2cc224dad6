import { newIdempotencyKey } from '@andamio/schema/idempotency-key';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Fields, WriteOptions } from '../account/account.ts';
import type { Problem } from '../account/problem.ts';
import { Dialog } from './dialog.tsx';
import { ProblemText, useSecondsUntil } from './problem-text.tsx';
import type { Ui } from './ui.ts';

interface Props {
  readonly ui: Ui;
  readonly heading: string;
  readonly submit: string;
  readonly isDangerous?: boolean;
  /** What the user has entered. The account keeps it while the user signs in. */
  readonly fields?: Fields;
  /**
   * A text that identifies the input of the form. A repeated request with the same input has the
   * same `Idempotency-Key`.
   */
  readonly contents: string;
  /** Returns the problem that must be fixed before the form can be sent, if there is one. */
  readonly check?: () => Problem | undefined;
  readonly onSubmit: (options: WriteOptions) => Promise<Problem | undefined>;
  /** Renders the fields. */
  readonly children: (problem: Problem | undefined) => ComponentChildren;
}

/**
 * A dialog with a form that creates or changes a key. It closes after the change, or when the user
 * cancels. It sends one request at a time. A retry after an error has the same `Idempotency-Key`,
 * so the service makes the change only once, even if an answer is lost.
 *
 * While the user is signed out, the dialog is not modal, so that the user can sign in on the page.
 * It keeps what the user has entered, and the `Idempotency-Key`.
 */
export function TaskDialog(props: Props) {
  const { ui, heading, submit, isDangerous = false, fields, contents } = props;
  const { check, onSubmit, children } = props;
  const { texts, account } = ui;
  const [phase, setPhase] = useState<'idle' | 'working' | 'repeating'>('idle');
  const doubt: Problem = { text: texts.errors.unknownOutcome, isInDoubt: true };
  const [problem, setProblem] = useState(account.isInDoubt ? doubt : undefined);
  if (fields) account.form.fields = fields;
  const isWorking = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  const left = useSecondsUntil(problem?.retryAt);

  const cancel = () => {
    // The dialog stays open while a request is pending, because a late answer may contain a secret.
    if (!isWorking.current) account.close();
  };
  const send = async () => {
    if (isWorking.current || left > 0) return;
    const found = check?.();
    setProblem(found);
    if (found) return;
    const { form } = account;
    const request =
      form.request?.contents === contents
        ? form.request
        : { contents, idempotencyKey: newIdempotencyKey() };
    form.request = request;
    isWorking.current = true;
    setPhase('working');
    const failed = await onSubmit({
      idempotencyKey: request.idempotencyKey,
      onRetry: () => setPhase('repeating'),
    });
    isWorking.current = false;
    setPhase('idle');
    setProblem(failed);
  };
  // The focus moves to the field that must be changed.
  useEffect(() => {
    if (problem?.field)
      form.current?.querySelector<HTMLElement>(`[name=${problem.field}]`)?.focus();
  }, [problem]);

  // After the user has signed in again, only a doubt about the change remains.
  const { isSignedOut } = account.state;
  useEffect(() => {
    if (!isSignedOut && problem?.kind === 'signed-out')
      setProblem(problem.isInDoubt ? doubt : undefined);
  }, [isSignedOut]);

  const isBusy = phase !== 'idle';
  return (
    <Dialog
      {...(isDangerous && { role: 'alertdialog' })}
      heading={heading}
      isModal={!isSignedOut}
      onCancel={cancel}
    >
      <form
        ref={form}
        noValidate
        aria-busy={isBusy}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {children(problem)}
        {problem && <ProblemText problem={problem} ui={ui} />}
        <p role="status" class="progress">
          {{ idle: '', working: texts.working, repeating: texts.stillTrying }[phase]}
        </p>
        <div class="buttons">
          <button type="button" autofocus={isDangerous} aria-disabled={isBusy} onClick={cancel}>
            {texts.cancel}
          </button>
          <button
            type="submit"
            class={isDangerous ? 'danger' : 'primary'}
            aria-disabled={isBusy || left > 0}
          >
            {submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
