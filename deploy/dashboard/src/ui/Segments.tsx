// One of a few, side by side: radio buttons of the browser, which bring keys and names along.
import { useId } from "react";

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

export function Segments<T extends string>({ label, value, options, onChange }: Props<T>) {
  const name = useId();
  return (
    <div className="segments" role="radiogroup" aria-label={label}>
      {options.map(([key, word]) => (
        <label key={key}>
          <input type="radio" className="visually-hidden" name={name} value={key} checked={key === value} onChange={() => onChange(key)} />
          {word}
        </label>
      ))}
    </div>
  );
}
