import { UserRound } from "lucide-react";
import { useUserNames } from "../../api/issues";
import { Button } from "../../ui/Button";
import { Menu, MenuItem, MenuLine, MenuNote } from "../../ui/Menu";

interface AssignMenuProps {
  user: string;
  isBusy: boolean;
  onAssign: (name: string) => void;
}

/** To whom issues can be assigned: oneself first, nobody last. */
export function AssignMenu({ user, isBusy, onAssign }: AssignMenuProps) {
  return (
    <Menu
      trigger={
        <Button size="sm" aria-disabled={isBusy}>
          <UserRound size={14} aria-hidden className="max-sm:hidden" />
          Assign
        </Button>
      }
    >
      <MenuItem onSelect={() => onAssign(user)}>To me ({user})</MenuItem>
      <Others user={user} onAssign={onAssign} />
      <MenuLine />
      <MenuItem onSelect={() => onAssign("")}>To nobody</MenuItem>
    </Menu>
  );
}

// Rendered, and so asked for, while the menu is open.
function Others({ user, onAssign }: Omit<AssignMenuProps, "isBusy">) {
  const { data, isError } = useUserNames();
  if (isError && !data)
    return <MenuNote>The other users could not be loaded. Open the menu again to retry.</MenuNote>;
  return data?.names
    .filter((name) => name !== user)
    .map((name) => (
      <MenuItem key={name} onSelect={() => onAssign(name)}>
        <span dir="auto">{name}</span>
      </MenuItem>
    ));
}
