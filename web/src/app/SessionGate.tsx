import { useSession } from "../api/queries";
import { AnchorProvider } from "../state/anchor";
import { ErrorState } from "../ui/States";
import { LoginView } from "../views/login/LoginView";
import { Shell } from "./Shell";

/** Shows the login until there is a session; the address stays, so that login leads to what was asked for. */
export function SessionGate() {
  const session = useSession();
  if (session.isPending) return <div className="h-full" aria-busy="true" />;
  if (session.isError) {
    return <ErrorState error={session.error} onRetry={() => session.refetch()} className="h-full" />;
  }
  if (!session.data) return <LoginView />;
  return (
    <AnchorProvider>
      <Shell session={session.data} />
    </AnchorProvider>
  );
}
