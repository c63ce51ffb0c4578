// Have the lists that passes are judged by, kept in the browser and asked for anew now and then.

import { useEffect, useMemo, useReducer } from "preact/hooks";
import { getPassLists } from "../data/api";
import { keep, kept } from "../data/memory";
import { HeldLists, type KeptLists } from "../passes/held";

const PASSES = "passes"; // public and signed: they stay over a log-out
const EVERY_MS = 60_000;

export function usePassLists(): HeldLists {
  const [, tick] = useReducer<number, void>((count) => count + 1, 0);
  const lists = useMemo(() => recalled(), []);
  useEffect(() => {
    const ask = (): void => {
      getPassLists()
        .then((offered) => {
          lists.take(offered, Date.now());
          keep(PASSES, lists.toKeep());
          tick();
        })
        .catch(() => undefined); // away or damaged: what is at hand goes on, and its age is shown
    };
    ask();
    addEventListener("online", ask);
    const timer = setInterval(ask, EVERY_MS);
    return () => {
      removeEventListener("online", ask);
      clearInterval(timer);
    };
  }, [lists]);
  return lists;
}

function recalled(): HeldLists {
  const lists = new HeldLists();
  const found = kept<KeptLists>(PASSES);
  try {
    if (found) lists.recall(found);
  } catch {
    return new HeldLists(); // spoilt memory is forgotten
  }
  return lists;
}
