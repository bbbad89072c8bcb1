import { Download } from "lucide-react";
import { useState } from "react";
import { type ExportFormat, exportUrl, useCost } from "../../api/lines";
import type { Bounds } from "../../api/queries";
import type { LogsCost } from "../../api/types";
import { useAnyCost } from "../../state/anchor";
import { useView } from "../../state/useView";
import { IconButton } from "../../ui/Button";
import { CostQuestion } from "../../ui/CostQuestion";
import { Menu, MenuItem, MenuNote } from "../../ui/Menu";
import { Modal } from "../../ui/Modal";

/** Every line of the view as a file. */
export default function ExportMenu({ bounds }: { bounds: Bounds }) {
  const { view } = useView();
  const anyCost = useAnyCost();
  const loadCost = useCost(view, bounds);
  const [asked, setAsked] = useState<{ cost: LogsCost; format: ExportFormat } | null>(null);
  const close = () => setAsked(null);
  const save = (format: ExportFormat) => download(exportUrl(view, bounds, format));
  const start = async (format: ExportFormat) => {
    const cost = anyCost ? null : await loadCost();
    if (cost?.huge) setAsked({ cost, format });
    else save(format);
  };
  return (
    <>
      <Menu
        trigger={
          <IconButton label="Export the lines">
            <Download size={16} aria-hidden />
          </IconButton>
        }
      >
        <MenuNote>All lines of this time and these filters</MenuNote>
        <MenuItem onSelect={() => start("ndjson")}>Lines of JSON (NDJSON)</MenuItem>
        <MenuItem onSelect={() => start("csv")}>Table (CSV)</MenuItem>
      </Menu>
      {asked && (
        <Modal title="A large export" place="center" onClose={close}>
          <CostQuestion
            cost={asked.cost}
            bounds={bounds}
            onNarrow={close}
            onAccept={() => {
              save(asked.format);
              close();
            }}
          />
        </Modal>
      )}
    </>
  );
}

// A link with "download": an error then is a failed download, and does not replace the page.
function download(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}
