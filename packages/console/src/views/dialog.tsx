import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface Props {
  readonly role?: 'alertdialog';
  readonly heading: string;
  /** Called when the user presses Escape. The dialog stays open until it is no longer rendered. */
  readonly onCancel: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog. It is open while it is rendered, and returns the focus when it no longer is. */
export function Dialog({ role, heading, onCancel, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      role={role}
      part="dialog"
      aria-labelledby="dialog-heading"
      onCancel={(event) => {
        event.preventDefault();
        onCancel();
      }}
      onClose={({ currentTarget: dialog }) => {
        // Browsers close a dialog at a second Escape without asking
        // (https://html.spec.whatwg.org/multipage/interaction.html#close-request).
        if (!dialog.isConnected || dialog.open) return;
        dialog.showModal();
        onCancel();
      }}
    >
      <h2 id="dialog-heading">{heading}</h2>
      {children}
    </dialog>
  );
}
