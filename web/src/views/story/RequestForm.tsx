import { type FormEvent, useState } from "react";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";

/** Asks for the id of a request. */
export function RequestForm({ request }: { request: string }) {
  const { view, setView } = useView();
  const [text, setText] = useState(request);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") setView({ ...view, request: text.trim() });
  };
  return (
    <form onSubmit={submit} className="flex min-w-0 flex-1 gap-2 sm:max-w-xl">
      <input
        aria-label="Correlation id or request id"
        placeholder="Correlation id or request id"
        value={text}
        onChange={(event) => setText(event.target.value)}
        spellCheck={false}
        autoCapitalize="off"
        className="h-8 min-w-0 flex-1 rounded-md border border-line bg-panel px-2.5 font-mono text-code pointer-coarse:h-10 pointer-coarse:text-[1rem]"
      />
      <Button type="submit">Tell</Button>
    </form>
  );
}
