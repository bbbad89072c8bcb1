import type { Session } from "../api/types";
import { lazily } from "../ui/lazily";
import { Later } from "./Later";

const UserMenu = lazily(() => import("./UserMenu"));

interface UserButtonProps {
  session: Session;
  onHelp: () => void;
  onPalette: () => void;
  onShare: () => void;
}

/** The user's letter, which opens the user's menu. */
export function UserButton(props: UserButtonProps) {
  const { name } = props.session.user;
  const trigger = (
    <button
      type="button"
      aria-label={`User ${name}`}
      className="flex size-8 shrink-0 items-center justify-center rounded-full bg-select text-meta font-semibold text-accent uppercase pointer-coarse:size-10"
    >
      {name.slice(0, 1)}
    </button>
  );
  return (
    <Later meanwhile={trigger}>
      <UserMenu trigger={trigger} {...props} />
    </Later>
  );
}
