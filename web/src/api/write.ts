// biome-ignore lint/style/noRestrictedImports: this is what stands for it
import { type MutateOptions, type UseMutationOptions, useMutation } from "@tanstack/react-query";
import { useRef } from "react";

/**
 * A mutation that runs once at a time: what is asked for while it runs is left out. `isPending` is for the
 * look of the button; the second click of a double click comes before the page shows that.
 */
export function useWrite<Result, Input = void>(options: UseMutationOptions<Result, Error, Input>) {
  const mutation = useMutation(options);
  const isRunning = useRef(false);
  const mutate = (input: Input, callbacks: MutateOptions<Result, Error, Input> = {}): void => {
    if (isRunning.current) return;
    isRunning.current = true;
    const settled: MutateOptions<Result, Error, Input> = {
      ...callbacks,
      onSettled: (...args) => {
        isRunning.current = false;
        callbacks.onSettled?.(...args);
      },
    };
    mutation.mutate(...([input, settled] as Parameters<typeof mutation.mutate>));
  };
  return { ...mutation, mutate };
}
