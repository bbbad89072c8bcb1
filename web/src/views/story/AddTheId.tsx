import { useId } from "react";
import { CopyButton } from "../../ui/CopyButton";
import { ScrollBox } from "../../ui/ScrollBox";

const NGINX = `map $http_x_correlation_id $story_id {
    default $http_x_correlation_id;
    ""      $request_id;
}
log_format story '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                 '"$http_referer" "$http_user_agent" rt=$request_time request_id=$story_id';
access_log /var/log/nginx/access.log story;
proxy_set_header X-Correlation-ID $story_id;`;

const LOGGER = `class CorrelationId(logging.Filter):
    def filter(self, record):
        record.correlation_id = request.headers.get("X-Correlation-ID", "-") if has_request_context() else "-"
        return True

handler.addFilter(CorrelationId())
handler.setFormatter(logging.Formatter(
    "%(asctime)s %(levelname)s %(name)s correlation_id=%(correlation_id)s %(message)s"))`;

/** What makes every service write the id of a request; copyable. */
export function AddTheId({ open, nginx = false }: { open: boolean; nginx?: boolean }) {
  return (
    <details open={open} className="rounded-md border border-line bg-panel px-4 py-2">
      <summary className="cursor-pointer rounded-sm font-semibold pointer-coarse:py-2">
        {nginx ? "nginx does not say the id of this request: add it" : "Make every service say the id"}
      </summary>
      <p className="mt-2 max-w-prose text-muted">
        A line belongs to a request if it carries the request's id: as the field <code>correlation_id</code>{" "}
        or <code>request_id</code>, or as a word of its text. nginx makes the id and gives it to the backend,
        and both write it.
      </p>
      <Snippet title="nginx, within http { }" text={NGINX} />
      <Snippet title="The backend's logger, with Flask" text={LOGGER} />
    </details>
  );
}

function Snippet({ title, text }: { title: string; text: string }) {
  const id = useId();
  return (
    <div className="mt-3">
      <div className="flex items-center gap-2">
        <h3 id={id} className="text-muted">
          {title}
        </h3>
        <CopyButton label={`Copy: ${title}`} text={text} />
      </div>
      <ScrollBox label={title} className="mt-1 overflow-x-auto rounded-md border border-line bg-bg p-3">
        <pre className="font-mono text-code" dir="ltr">
          {text}
        </pre>
      </ScrollBox>
    </div>
  );
}
