import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// base "./": the built page holds no absolute address, so that it works under
// any prefix; the server writes the <base href> that fits the request.
export default defineConfig({
  base: "./",
  plugins: [react(), tailwindcss()],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // Inlined data: addresses are refused by the page's content security policy.
    assetsInlineLimit: 0,
    // Few files: what the page begins with is one, and small parts that views share are not one each.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "page", tags: ["$initial"], priority: 1 },
            { name: "shared", minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 8000 },
          ],
        },
      },
    },
  },
  server: {
    proxy: { "/api": process.env.DASHBOARD_URL ?? "http://127.0.0.1:7778" },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    testTimeout: 30_000, // ends a test that hangs, also on a busy machine
  },
});
