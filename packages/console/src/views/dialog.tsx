import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface Props {
  readonly role?: 'alertdialog';
  readonly heading: string;
  /**
   * False if the user must reach the rest of the page while the dialog is open. Default: true.
   */
  readonly isModal?: boolean;
  /** Called when the user presses Escape. The dialog stays open until it is no longer rendered. */
  readonly onCancel: () => void;
  readonly children: ComponentChildren;
}

/**
 * A dialog, usually a modal one. It is open while it is rendered. When it closes, the focus returns
 * to the element that had it before.
 */
export function Dialog({ role, heading, isModal = true, onCancel, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (isModal) dialog?.showModal();
    else dialog?.show();
    return () => dialog?.close();
  }, [isModal]);
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
        // Reopens the dialog, because browsers close it at a second Escape without asking the page
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
