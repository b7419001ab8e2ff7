// The page for who is let in: which lot, and which page of it.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Suspense, lazy, useEffect, useMemo, useState } from "react";
import { useTranslation } from "./i18n";
import { Link, Route, Switch } from "wouter";
import { Refusal, answer, api } from "./api/client";
import type { Lot } from "./api/types";
import { Boundary } from "./ui/Boundary";
import type { Entered } from "./login/Gate";
import { LiveLot } from "./live/context";
import type { Kept } from "./live/cache";
import { keptLot } from "./live/cache";
import { LotPage } from "./lot/LotPage";
import { chooseLot, rememberLot } from "./lots";
import type { Session } from "./session";
import { SessionContext, useMay } from "./session";
import { Shell } from "./shell/Shell";

const Kiosk = lazy(() => import("./lot/Kiosk"));
const CamerasPage = lazy(() => import("./cameras/CamerasPage"));
const CameraPage = lazy(() => import("./cameras/CameraPage"));
const RegionsPage = lazy(() => import("./regions/RegionsPage"));
const HistoryPage = lazy(() => import("./history/HistoryPage"));
const SessionsPage = lazy(() => import("./records/SessionsPage"));
const EventsPage = lazy(() => import("./records/EventsPage"));
const TokensPage = lazy(() => import("./records/TokensPage"));
const SetupPage = lazy(() => import("./setup/SetupPage"));

function newQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        // A refusal is an answer: asking again does not change it.
        retry: (failures, error) => !(error instanceof Refusal) && failures < 2,
      },
    },
  });
}

export default function Inside({ entered }: { entered: Entered }) {
  // One for each who enters: what somebody else has read is nothing to the next.
  const [queries] = useState(newQueries);
  return (
    <QueryClientProvider client={queries}>
      <Lots entered={entered} />
    </QueryClientProvider>
  );
}

interface Chosen {
  lotId: string;
  lots: readonly Lot[];
  kept: Kept | null;
}

function Lots({ entered }: { entered: Entered }) {
  const { identity, lots: told, kept, logIn, logOut, doubt, met } = entered;
  // What was looked at last is shown before anybody has answered.
  const [chosen, setChosen] = useState<Chosen | null>(kept && { lotId: kept.lot.lot.id, lots: [], kept });

  useEffect(() => {
    // Somebody is asking; meanwhile there is something to look at.
    if (told === null && kept) return;
    void (async () => {
      const lots = told ?? (await api.GET("/api/lots").then(answer).catch((): Lot[] => []));
      const lotId = await chooseLot(lots);
      const found = lotId === kept?.lot.lot.id ? kept : await keptLot(lotId);
      // Who is told again which lots there are goes on looking at the same.
      setChosen((before) => (before && (lots.length === 0 || lots.some(({ id }) => id === before.lotId)) ? { ...before, lots } : { lotId, lots, kept: found }));
    })();
  }, [told, kept]);

  const session = useMemo<Session | null>(() => {
    if (!chosen) return null;
    const go = (id: string) => {
      rememberLot(id);
      void keptLot(id).then((kept) => setChosen((before) => before && { ...before, lotId: id, kept }));
    };
    return { identity, lotId: chosen.lotId, lots: chosen.lots, chooseLot: go, logIn, logOut };
  }, [chosen, identity, logIn, logOut]);

  if (!chosen || !session) return null;
  const isKiosk = new URLSearchParams(location.search).has("kiosk");
  return (
    <SessionContext value={session}>
      <LiveLot key={chosen.lotId} lotId={chosen.lotId} kept={chosen.kept} onDoubt={doubt} onMet={met}>
        {isKiosk ? (
          <Suspense fallback={null}>
            <Kiosk />
          </Suspense>
        ) : (
          <Shell>
            <Pages />
          </Shell>
        )}
      </LiveLot>
    </SessionContext>
  );
}

function Pages() {
  const isViewer = useMay("viewer");
  const isAdmin = useMay("admin");
  return (
    <Boundary>
      <Suspense fallback={<div className="page-loading" role="status" />}>
        <Switch>
          <Route path="/" component={LotPage} />
          {isViewer && <Route path="/cameras" component={CamerasPage} />}
          {isViewer && <Route path="/cameras/:camera" component={CameraPage} />}
          {isAdmin && <Route path="/cameras/:camera/regions" component={RegionsPage} />}
          {isViewer && <Route path="/history" component={HistoryPage} />}
          {isViewer && <Route path="/sessions" component={SessionsPage} />}
          {isViewer && <Route path="/events" component={EventsPage} />}
          {isAdmin && <Route path="/setup" component={SetupPage} />}
          {isAdmin && <Route path="/tokens" component={TokensPage} />}
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Boundary>
  );
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <div className="empty">
      <h1>{t("notFound.title")}</h1>
      <Link href="/">{t("notFound.back")}</Link>
    </div>
  );
}
