import { Bell, ChartColumn, CircleHelp, LogOut, Moon, Search, Sun } from "lucide-react";
import type { ReactElement } from "react";
import { useLocation } from "wouter";
import { useLogout } from "../api/queries";
import type { Session } from "../api/types";
import { withTail } from "../state/filters";
import { useTheme } from "../state/theme";
import { linkTo, useView } from "../state/useView";
import { Menu, MenuItem, MenuLine, MenuNote } from "../ui/Menu";
import { NOTIFICATIONS, USAGE } from "./routes";

interface UserMenuProps {
  trigger: ReactElement;
  session: Session;
  onHelp: () => void;
  onPalette: () => void;
}

/** Who is logged in, settings, help, theme, log out. */
export default function UserMenu({ trigger, session, onHelp, onPalette }: UserMenuProps) {
  const logout = useLogout();
  const [theme, toggleTheme] = useTheme();
  const { view } = useView();
  const [, navigate] = useLocation();
  const { name, role } = session.user;
  return (
    <Menu trigger={trigger}>
      <MenuNote>
        <span className="font-semibold text-text">{name}</span> · {role}
        <br />
        Version {session.version}
      </MenuNote>
      <MenuLine />
      <MenuItem onSelect={onPalette}>
        <Search size={14} aria-hidden />
        Search or jump
      </MenuItem>
      <MenuItem onSelect={() => navigate(linkTo(USAGE.path, withTail(view, false)))}>
        <ChartColumn size={14} aria-hidden />
        {USAGE.name}
      </MenuItem>
      {role === "admin" && (
        <MenuItem onSelect={() => navigate(linkTo(NOTIFICATIONS, view))}>
          <Bell size={14} aria-hidden />
          Notifications
        </MenuItem>
      )}
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
