import { Component, type ErrorInfo, type ReactNode } from "react";
import { Button } from "./Button";

interface Props {
  /** What broke, for the message: "This panel", "The page". */
  name: string;
  children: ReactNode;
}

/** Keeps a fault in one part from blanking the page. */
export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    // biome-ignore lint/suspicious/noConsole: the only place where the fault's details can be read
    console.error(error, info.componentStack);
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div role="alert" className="flex h-full flex-col items-center justify-center gap-3 p-8 text-center">
        <p className="font-semibold">{this.props.name} could not be shown.</p>
        <p className="max-w-prose text-muted">
          This is a fault of the page, not of your logs. Try again, or reload the page. What went wrong:{" "}
          <code className="font-mono text-code">{error.message}</code>
        </p>
        <div className="flex gap-2">
          <Button onClick={() => this.setState({ error: null })}>Try again</Button>
          <Button onClick={() => window.location.reload()}>Reload the page</Button>
        </div>
      </div>
    );
  }
}
