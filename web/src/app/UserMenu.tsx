import { CircleHelp, LogOut, Moon, Sun } from "lucide-react";
import { useLogout } from "../api/queries";
import type { Session } from "../api/types";
import { useTheme } from "../state/theme";
import { Menu, MenuItem, MenuLine, MenuNote } from "../ui/Menu";

/** Who is logged in, help, theme, log out. */
export function UserMenu({ session, onHelp }: { session: Session; onHelp: () => void }) {
  const logout = useLogout();
  const [theme, toggleTheme] = useTheme();
  const { name, role } = session.user;
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={`User ${name}`}
          className="flex size-8 shrink-0 items-center justify-center rounded-full bg-select text-meta font-semibold text-accent uppercase pointer-coarse:size-10"
        >
          {name.slice(0, 1)}
        </button>
      }
    >
      <MenuNote>
        <span className="font-semibold text-text">{name}</span> · {role}
        <br />
        Version {session.version}
      </MenuNote>
      <MenuLine />
      <MenuItem onSelect={toggleTheme}>
        {theme === "dark" ? <Sun size={14} aria-hidden /> : <Moon size={14} aria-hidden />}
        {theme === "dark" ? "Light theme" : "Dark theme"}
      </MenuItem>
      <MenuItem onSelect={onHelp}>
        <CircleHelp size={14} aria-hidden />
        Keyboard and help
      </MenuItem>
      <MenuItem onSelect={() => logout.mutate()}>
        <LogOut size={14} aria-hidden />
        Log out
      </MenuItem>
    </Menu>
  );
}
