import type { ReactElement } from "react";
import { Menu, MenuChoice, MenuNote, type MenuOption } from "../ui/Menu";

interface EnvMenuProps {
  trigger: ReactElement;
  note: string;
  value: string;
  options: readonly MenuOption[];
  onChange: (value: string) => void;
}

/** The environments to choose from. */
export default function EnvMenu({ trigger, note, ...choice }: EnvMenuProps) {
  return (
    <Menu trigger={trigger}>
      {note && <MenuNote>{note}</MenuNote>}
      <MenuChoice {...choice} />
    </Menu>
  );
}
