// What the address of a page says beside its path: what is looked at survives a reload, and can be sent to somebody.
import { useSearchParams } from "wouter";

export function useAddress() {
  const [search, setSearch] = useSearchParams();
  const get = (name: string) => search.get(name) ?? "";
  /** What is empty is left out. */
  const set = (values: Readonly<Record<string, string>>) => {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(values)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    // The way back leads to something else.
    if (next.toString() !== search.toString()) setSearch(next);
  };
  return { search, get, set };
}
