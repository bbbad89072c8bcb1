import { Moon, RotateCw, Search, Share, Sun } from "lucide-react";
import { Link, useLocation } from "wouter";
import type { Session } from "../api/types";
import { withTail } from "../state/filters";
import { useTheme } from "../state/theme";
import { linkTo, useView } from "../state/useView";
import { Button, IconButton } from "../ui/Button";
import { Mark } from "../ui/Mark";
import { EnvSelect } from "./EnvSelect";
import { PALETTE_KEYS } from "./presets";
import { RangePicker } from "./RangePicker";
import { controlsOf, OVERVIEW } from "./routes";
import { TopTabs } from "./Tabs";
import { UserButton } from "./UserButton";
import { useReload } from "./useReload";

interface HeaderProps {
  session: Session;
  onHelp: () => void;
  onPalette: () => void;
  onShare: () => void;
}

/** Name, tabs, and what holds for more than one view: environment, range, theme, user. */
export function Header({ session, onHelp, onPalette, onShare }: HeaderProps) {
  const { view } = useView();
  const controls = controlsOf(useLocation()[0]);
  const reload = useReload();
  const [theme, toggleTheme] = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-panel px-2 md:gap-4 md:px-4">
      <Link
        href={linkTo(OVERVIEW.path, withTail(view, false))}
        className="flex items-center justify-center gap-2 font-semibold whitespace-nowrap pointer-coarse:h-10 pointer-coarse:min-w-10"
        aria-label="TovPlay logs, overview"
      >
        <Mark />
        <span className="hidden sm:inline">TovPlay logs</span>
      </Link>
      <TopTabs />
      <div className="ml-auto flex min-w-0 items-center gap-1">
        <span className="hidden sm:block">
          <Button size="sm" look="quiet" onClick={onPalette} title={`Search or jump, ${PALETTE_KEYS}`}>
            <Search size={14} aria-hidden />
            <span className="sr-only">Search or jump</span>
            <kbd className="hidden font-sans text-meta lg:inline">{PALETTE_KEYS}</kbd>
          </Button>
        </span>
        {controls.env && <EnvSelect />}
        {controls.range && <RangePicker />}
        {controls.reload && (
          <IconButton label="Load the newest" onClick={reload}>
            <RotateCw size={16} aria-hidden />
          </IconButton>
        )}
        <span className="hidden sm:block">
          <IconButton label="Share this view" onClick={onShare}>
            <Share size={16} aria-hidden />
          </IconButton>
        </span>
        <span className="hidden md:block">
          <IconButton label={`Use the ${other} theme`} onClick={toggleTheme}>
            {theme === "dark" ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
          </IconButton>
        </span>
        <UserButton session={session} onHelp={onHelp} onPalette={onPalette} onShare={onShare} />
      </div>
    </header>
  );
}
