import { QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import { Router } from "wouter";
import { createQueryClient } from "../api/queries";
import { basePath } from "../lib/base";
import { ZoneProvider } from "../state/zone";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { SessionGate } from "./SessionGate";

/** The page: error boundary, query cache, router under the server's prefix, session. */
export function App() {
  const [client] = useState(createQueryClient);
  return (
    <ErrorBoundary name="The page">
      <QueryClientProvider client={client}>
        <Router base={basePath}>
          <ZoneProvider>
            <SessionGate />
          </ZoneProvider>
        </Router>
      </QueryClientProvider>
    </ErrorBoundary>
  );
}
