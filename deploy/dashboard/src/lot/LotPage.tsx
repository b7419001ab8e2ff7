// The lot, live: how much is free, where, and each slot.
import { Suspense, lazy, useState } from "react";
import { useTranslation } from "../i18n";
import { Link } from "wouter";
import { useView } from "../live/context";
import { useMay } from "../session";
import { usePainted } from "../ui/painted";
import { Announcer } from "./Announcer";
import { Counters } from "./Counters";
import { Slots } from "./Slots";
import "./lot.css";

const SlotPanel = lazy(() => import("./SlotPanel"));
const Blind = lazy(() => import("./Blind"));
const Today = lazy(() => import("../history/Today"));

export function LotPage() {
  const hasLot = useView((view) => view.lot !== null);
  const isEmpty = useView((view) => view.lot?.slots.size === 0);
  const [opened, setOpened] = useState<string | null>(null);
  const isViewer = useMay("viewer");
  const isPainted = usePainted();

  if (!hasLot) return <Waiting />;
  if (isEmpty) return <Empty />;
  return (
    <div className="lot-page">
      {isViewer && isPainted && (
        <Suspense fallback={null}>
          <Blind />
        </Suspense>
      )}
      <div className="dims lot-head" data-alone={!isViewer || undefined}>
        <Counters />
        {isViewer && (
          <Suspense fallback={<section className="card today" />}>
            {isPainted && <Today />}
          </Suspense>
        )}
      </div>
      <Slots onOpen={setOpened} />
      <Announcer />
      {opened !== null && (
        <Suspense fallback={null}>
          <SlotPanel key={opened} id={opened} onClose={() => setOpened(null)} />
        </Suspense>
      )}
    </div>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <div className="stack" role="status" aria-label={t("app.loading")}>
      <div className="skeleton lot-waiting-head" />
      <div className="skeleton lot-waiting-slots" />
    </div>
  );
}

function Empty() {
  const { t } = useTranslation();
  const isAdmin = useMay("admin");
  return (
    <div className="card empty">
      <h1>{t("lot.empty")}</h1>
      {isAdmin && (
        <>
          <p>{t("lot.emptyAdmin")}</p>
          <Link className="button primary" href="/setup">
            {t("lot.toSetup")}
          </Link>
        </>
      )}
    </div>
  );
}
