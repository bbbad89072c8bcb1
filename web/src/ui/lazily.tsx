import {
  type ComponentType,
  createContext,
  type FunctionComponent,
  type ReactNode,
  use,
  useEffect,
  useState,
} from "react";

/** What stands where a part's code is not loaded yet; nothing without. */
export const Meanwhile = createContext<ReactNode>(null);

/** A component whose code comes when it is first shown, or asked for ahead. */
export interface Lazy<P> extends FunctionComponent<P> {
  /** Loads the code; a failure shows when the component is. */
  ahead: () => Promise<void>;
}

/**
 * A component whose code is loaded when it is first shown; what the Meanwhile around it gives stands there until then. It is
 * not React.lazy, for React holds back what follows a fallback of Suspense for 300 ms. Code that cannot be loaded, as when
 * a new version has taken its place, is an error of the component; shown again, it is tried again.
 */
export function lazily<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): Lazy<P> {
  let Loaded: ComponentType<P> | undefined;
  let loading: Promise<void> | undefined;
  const start = () => {
    loading ??= load().then(
      (module) => {
        Loaded = module.default;
      },
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each part, where its module begins
  function Lazily(props: P) {
    const meanwhile = use(Meanwhile);
    const [, setArrived] = useState(false);
    const [failure, setFailure] = useState<{ error: unknown }>();
    const [arrival] = useState(() => (Loaded ? undefined : start()));
    useEffect(() => {
      arrival?.then(
        () => setArrived(true),
        (error: unknown) => setFailure({ error }),
      );
    }, [arrival]);
    if (failure) throw failure.error;
    if (!Loaded) return meanwhile;
    return (
      <Meanwhile value={null}>
        <Loaded {...props} />
      </Meanwhile>
    );
  }
  return Object.assign(Lazily, { ahead: () => start().catch(() => {}) });
}
