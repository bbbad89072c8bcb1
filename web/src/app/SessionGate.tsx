import { useSession } from "../api/queries";
import { AnchorProvider } from "../state/anchor";
import { ErrorState } from "../ui/States";
import { LoginView } from "../views/login/LoginView";
import { Shell } from "./Shell";

/** Shows the login until there is a session; the address stays, so that login leads to what was asked for. */
export function SessionGate() {
  const session = useSession();
  if (session.isPending) return <div className="h-full" aria-busy="true" />;
  if (session.data === undefined) {
    return <ErrorState error={session.error} onRetry={() => session.refetch()} className="h-full" />;
  }
  // A known session stays through a dashboard that is away for a moment: each panel says so by itself.
  if (session.data === null) return <LoginView />;
  return (
    <AnchorProvider>
      <Shell session={session.data} />
    </AnchorProvider>
  );
}
