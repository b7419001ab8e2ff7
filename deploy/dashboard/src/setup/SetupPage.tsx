// How the lot is made up: its slots, where they lie, a whole plan from a file, and the lot itself.
import { Tabs } from "@base-ui/react/tabs";
import { useTranslation } from "../i18n";
import { useAddress } from "../ui/address";
import { PageHead } from "../ui/Page";
import { ImportSlots } from "./ImportSlots";
import { LotForm } from "./LotForm";
import { MapEditor } from "./MapEditor";
import { SlotList } from "./SlotList";
import "./setup.css";

const PARTS = { slots: SlotList, map: MapEditor, import: ImportSlots, lot: LotForm } as const;
type Part = keyof typeof PARTS;

export default function SetupPage() {
  const { t } = useTranslation();
  const { get, set } = useAddress();
  const asked = get("part");
  const part: Part = asked in PARTS ? (asked as Part) : "slots";
  return (
    <Tabs.Root value={part} onValueChange={(part: Part) => set({ part })}>
      <PageHead title={t("nav.setup")}>
        <Tabs.List className="segments tabs" aria-label={t("nav.setup")}>
          {(Object.keys(PARTS) as Part[]).map((name) => (
            <Tabs.Tab key={name} value={name} aria-pressed={undefined}>
              {t(`setup.parts.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </PageHead>
      {(Object.entries(PARTS) as [Part, () => React.ReactNode][]).map(([name, Content]) => (
        <Tabs.Panel key={name} value={name}>
          <Content />
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}
