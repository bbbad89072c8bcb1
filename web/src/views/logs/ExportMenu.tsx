import { Download } from "lucide-react";
import { exportUrl } from "../../api/lines";
import type { Bounds } from "../../api/queries";
import { useView } from "../../state/useView";
import { IconButton } from "../../ui/Button";
import { Menu, MenuItem, MenuNote } from "../../ui/Menu";

/** Every line of the view as a file. */
export default function ExportMenu({ bounds }: { bounds: Bounds }) {
  const { view } = useView();
  return (
    <Menu
      trigger={
        <IconButton label="Export the lines">
          <Download size={16} aria-hidden />
        </IconButton>
      }
    >
      <MenuNote>All lines of this time and these filters</MenuNote>
      <MenuItem onSelect={() => download(exportUrl(view, bounds, "ndjson"))}>Lines of JSON (NDJSON)</MenuItem>
      <MenuItem onSelect={() => download(exportUrl(view, bounds, "csv"))}>Table (CSV)</MenuItem>
    </Menu>
  );
}

// A link with "download": an error then is a failed download, and does not replace the page.
function download(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}
