// Why something did not work, on the page.
import { useWords } from "../i18n/problem";

export function ProblemNote({ error }: { error: unknown }) {
  const words = useWords();
  if (error === null || error === undefined) return null;
  return (
    <p className="problem" role="alert">
      {words(error)}
    </p>
  );
}
