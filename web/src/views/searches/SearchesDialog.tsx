import { Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Link, useLocation } from "wouter";
import { errorText } from "../../api/client";
import { useIsAdmin } from "../../api/queries";
import { useDeleteSearch, useSaveSearch, useSearches } from "../../api/searches";
import type { SavedSearch, SavedSearchInput } from "../../api/types";
import { ISSUES, LINES } from "../../app/routes";
import { savedView, searchLink } from "../../lib/searches";
import { useView } from "../../state/useView";
import { Button, IconButton } from "../../ui/Button";
import { Modal } from "../../ui/Modal";
import { SmallErrorState } from "../../ui/States";

/** Everybody's saved searches, and a field that adds the one at hand. */
export default function SearchesDialog({ onClose }: { onClose: () => void }) {
  const [path] = useLocation();
  const kind = path === LINES.path ? "lines" : path === ISSUES.path ? "issues" : null;
  const query = useSearches();
  const searches = query.data?.searches ?? [];
  return (
    <Modal title="Saved searches" place="center" onClose={onClose}>
      {kind && <SaveForm kind={kind} />}
      {query.isError && !query.data && (
        <SmallErrorState what="Saved searches" error={query.error} onRetry={() => query.refetch()} />
      )}
      {query.data && searches.length === 0 && (
        <p className="text-muted">Nobody has saved a search yet. All users see those that are.</p>
      )}
      <ul className="-mx-4">
        {searches.map((search) => (
          <Row key={search.id} search={search} onOpen={onClose} />
        ))}
      </ul>
    </Modal>
  );
}

function SaveForm({ kind }: { kind: SavedSearchInput["path"] }) {
  const { view } = useView();
  const save = useSaveSearch();
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ name, path: kind, view: savedView(view) }, { onSuccess: () => setName("") });
  };
  return (
    <form onSubmit={submit} className="mb-3 grid gap-2 border-b border-line pb-3">
      <div className="flex gap-2">
        <input
          data-focus
          aria-label="Name of this search"
          placeholder="Name of this search"
          required
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.target.value)}
          className="h-8 min-w-0 flex-1 rounded-md border border-line bg-bg px-2.5 pointer-coarse:h-10 pointer-coarse:text-[1rem]"
        />
        <Button type="submit" look="primary" disabled={save.isPending}>
          Save
        </Button>
      </div>
      {save.error && (
        <p role="alert" className="text-error first-letter:uppercase">
          {errorText(save.error)}
        </p>
      )}
    </form>
  );
}

function Row({ search, onOpen }: { search: SavedSearch; onOpen: () => void }) {
  const remove = useDeleteSearch();
  const admin = useIsAdmin();
  const { name, path, own, created_by } = search;
  return (
    <li
      data-search-saved={search.id}
      className="flex flex-wrap items-center gap-x-2 pr-2 pl-4 hover:bg-hover"
    >
      <Link
        href={searchLink(search)}
        onClick={onOpen}
        className="min-w-0 flex-1 py-1.5 pointer-coarse:py-2.5"
      >
        <span className="block truncate" dir="auto">
          {name}
        </span>
        <span className="block truncate text-meta text-muted">
          {path === "lines" ? "Logs" : "Issues"} · {own ? "yours" : `by ${created_by}`}
        </span>
      </Link>
      {(own || admin) && (
        <IconButton
          label={`Delete ${name}`}
          disabled={remove.isPending}
          onClick={() => remove.mutate(search.id)}
        >
          <Trash2 size={14} aria-hidden />
        </IconButton>
      )}
      {remove.error && (
        <p role="alert" className="basis-full pb-1.5 text-error first-letter:uppercase">
          {errorText(remove.error)}
        </p>
      )}
    </li>
  );
}
