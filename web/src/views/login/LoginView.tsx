import { type FormEvent, useEffect, useId } from "react";
import { errorText } from "../../api/client";
import { useLogin } from "../../api/queries";
import { Button } from "../../ui/Button";
import { Mark } from "../../ui/Mark";

/** Asks for user and password, and says where the password is. */
export function LoginView() {
  const login = useLogin();
  useEffect(() => {
    document.title = "Log in · TovPlay logs";
  }, []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    login.mutate({ user: String(form.get("user")).trim(), password: String(form.get("password")) });
  };
  return (
    <main className="flex min-h-full items-center justify-center p-4">
      <form
        onSubmit={submit}
        className="grid w-full max-w-sm gap-4 rounded-md border border-line bg-panel p-6"
      >
        <div className="grid gap-2">
          <Mark size={28} />
          <h1 className="text-title font-semibold">TovPlay logs</h1>
          <p className="text-muted">Log in to read the logs and health of these machines.</p>
        </div>
        <Field label="User" name="user" type="text" autoComplete="username" defaultValue="admin" />
        <Field label="Password" name="password" type="password" autoComplete="current-password" autoFocus />
        {login.isError && (
          <p role="alert" className="text-error">
            {errorText(login.error)}
          </p>
        )}
        <Button type="submit" look="primary" size="lg" disabled={login.isPending}>
          {login.isPending ? "Logging in …" : "Log in"}
        </Button>
        <p className="border-t border-line pt-4 text-meta text-muted">
          The password for <code className="font-mono">admin</code> was made at first start and is in the file{" "}
          <code className="font-mono">admin-password</code> of the dashboard’s data folder. Lost it? Set a new
          one on its machine with <code className="font-mono whitespace-nowrap">dashboard passwd admin</code>.
        </p>
      </form>
    </main>
  );
}

interface FieldProps {
  label: string;
  name: string;
  type: "text" | "password";
  autoComplete: string;
  defaultValue?: string;
  autoFocus?: boolean;
}

function Field({ label, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-semibold">
        {label}
      </label>
      <input
        id={id}
        required
        maxLength={1000}
        autoCapitalize="none"
        spellCheck={false}
        className="h-9 w-full rounded-md border border-line bg-bg px-3 pointer-coarse:h-11 pointer-coarse:text-[1rem]"
        {...input}
      />
    </div>
  );
}
