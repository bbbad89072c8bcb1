import {
  Bell,
  ChartColumn,
  CircleHelp,
  Clock,
  LogOut,
  Moon,
  Search,
  Share,
  Snowflake,
  Sun,
} from "lucide-react";
import type { ReactElement } from "react";
import { useLocation } from "wouter";
import { useLogout } from "../api/queries";
import type { Session } from "../api/types";
import { withTail } from "../state/filters";
import { useTheme } from "../state/theme";
import { linkTo, useView } from "../state/useView";
import { useZone } from "../state/zone";
import { Menu, MenuItem, MenuLine, MenuNote } from "../ui/Menu";
import { NOTIFICATIONS, SNAPSHOTS, USAGE } from "./routes";

interface UserMenuProps {
  trigger: ReactElement;
  session: Session;
  onHelp: () => void;
  onPalette: () => void;
  onShare: () => void;
}

const LOCAL_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Who is logged in, settings, theme, zone of times, help, log out. */
export default function UserMenu({ trigger, session, onHelp, onPalette, onShare }: UserMenuProps) {
  const logout = useLogout();
  const [theme, toggleTheme] = useTheme();
  const [zone, chooseZone] = useZone();
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
      <MenuItem onSelect={onShare}>
        <Share size={14} aria-hidden />
        Share this view
      </MenuItem>
      <MenuItem onSelect={() => navigate(linkTo(SNAPSHOTS, view))}>
        <Snowflake size={14} aria-hidden />
        Snapshots
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
      <MenuItem onSelect={() => chooseZone(zone === "utc" ? "local" : "utc")}>
        <Clock size={14} aria-hidden />
        {zone === "utc" ? `Times in my zone, ${LOCAL_ZONE}` : "Times in UTC"}
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
