import { type FormEvent, type ReactNode, useState } from "react";
import { errorText } from "../../api/client";
import { type Saved, useRemove, useSave } from "../../api/notify";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";

interface FormDialogProps {
  title: string;
  what: Saved["what"];
  /** The number of what is changed, null for a new one. */
  id: number | null;
  /** What goes with it when it is deleted. */
  loses: string;
  read: (form: FormData) => Saved["input"];
  onClose: () => void;
  children: ReactNode;
}

/** A dialog with a form that stores or deletes a channel or a rule; it stays open when that is refused. */
export function FormDialog({ title, what, id, loses, read, onClose, children }: FormDialogProps) {
  const save = useSave();
  const remove = useRemove();
  const [sure, setSure] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const input = read(new FormData(event.currentTarget));
    save.mutate({ what, id, input } as Saved, { onSuccess: onClose });
  };
  const failure = save.error ?? remove.error;
  return (
    <Modal title={title} place="center" onClose={onClose}>
      <form onSubmit={submit} className="grid gap-3">
        {children}
        {failure && (
          <p role="alert" className="text-error first-letter:uppercase">
            {errorText(failure)}
          </p>
        )}
        <div className="flex flex-wrap items-center gap-2 border-t border-line pt-3">
          <Button type="submit" look="primary" disabled={save.isPending}>
            {save.isPending ? "Saving …" : "Save"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          {id !== null && !sure && (
            <Button look="quiet" className="ml-auto" onClick={() => setSure(true)}>
              Delete …
            </Button>
          )}
          {id !== null && sure && (
            <Button
              className="ml-auto text-error"
              disabled={remove.isPending}
              onClick={() => remove.mutate({ what, id }, { onSuccess: onClose })}
            >
              Delete it {loses}
            </Button>
          )}
        </div>
      </form>
    </Modal>
  );
}
