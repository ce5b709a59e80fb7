import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ChangeAnswer, ChangeKind, LockView } from '../messages.js';
import { NameText } from './name-text.js';
import { requestChange } from './request-change.js';
import { visibleText } from './visible-text.js';

interface Action {
  readonly kind: ChangeKind;
  readonly title: string;
  /** What it does, before it is done. */
  readonly warning: string;
}

const ACTIONS: readonly Action[] = [
  {
    kind: 'ask',
    title: 'Ask for it',
    warning: 'Each holder is asked to release the lock. What a holder does is up to its program.',
  },
  {
    kind: 'release',
    title: 'Release',
    warning:
      'Every lease on the lock ends now, and the next in the queue gets it. A holder that goes on all the same is no longer alone.',
  },
  {
    kind: 'steal',
    title: 'Steal',
    warning:
      'Every lease on the lock ends now, and this view holds it, before all who wait, until it is released here or the view ends.',
  },
];

/** What somebody is about to do, and to which holders: those that were shown when the dialog was opened. */
interface Opened {
  readonly action: Action;
  /** Their fencing tokens. */
  readonly seen: readonly number[];
}

/** What can be done to a lock from here, where changes are allowed. */
export function LockActions({ lock }: { readonly lock: LockView }) {
  const seen = lock.held.map(({ fencingToken }) => fencingToken);
  const [opened, setOpened] = useState<Opened>();
  const [answer, setAnswer] = useState<ChangeAnswer>();
  const done = (given: ChangeAnswer | undefined): void => {
    setOpened(undefined);
    if (given !== undefined) setAnswer(given);
  };
  return (
    <section class="actions" aria-label="Changes">
      {ACTIONS.map((one) => (
        <button
          key={one.kind}
          type="button"
          class={one.kind}
          onClick={() => setOpened({ action: one, seen })}
        >
          {lock.isOurs && one.kind === 'release' ? 'Give it back' : one.title}…
        </button>
      ))}
      <p role="status" class={answer?.isDone === false ? 'refused' : 'done'}>
        {answer?.message ?? ''}
      </p>
      {opened === undefined ? null : <ConfirmDialog {...opened} name={lock.name} onDone={done} />}
    </section>
  );
}

interface DialogProps extends Opened {
  readonly name: string;
  /** With the answer of the server, or without where it was not asked. */
  readonly onDone: (answer?: ChangeAnswer) => void;
}

/** Nothing is done before the name of the lock has been typed, as it is shown. */
function ConfirmDialog({ action, seen, name, onDone }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  // Before anything else can be typed.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const isConfirmed = typed === visibleText(name);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!isConfirmed || isBusy) return;
    setIsBusy(true);
    const answer = await requestChange({ kind: action.kind, name, seen });
    // Closed before it is gone: only then the focus goes back to the button that has opened it.
    dialog.current?.close();
    onDone(answer);
  };
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={() => onDone()}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="dialog-title">
          {action.title}: <NameText text={name} />
        </h2>
        <p>{action.warning}</p>
        <NameInput value={typed} onInput={setTyped} />
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={!isConfirmed || isBusy}>
            {action.title}
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface NameInputProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
}

function NameInput({ value, onInput }: NameInputProps) {
  return (
    <label>
      Type the name of the lock to confirm
      <input
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        dir="auto"
      />
    </label>
  );
}
