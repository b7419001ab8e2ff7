// The frame around every page: where to go, how the connection is, who is logged in.
import type { ReactNode } from "react";
import { Suspense, lazy, useEffect, useRef, useState } from "react";
import { useTranslation } from "../i18n";
import { Link, useLocation } from "wouter";
import type { Role } from "../api/types";
import { useView } from "../live/context";
import { useMay, useSession } from "../session";
import type { IconName } from "../ui/icons";
import { Icon } from "../ui/icons";
import { ConnectionNotice, ConnectionPill } from "./Connection";
import { Update } from "./Update";
import "./shell.css";

const SettingsMenu = lazy(() => import("./SettingsMenu"));

const IDLE_MS = 3_000;

interface Page {
  name: IconName & ("lot" | "cameras" | "history" | "sessions" | "events" | "setup" | "tokens");
  path: string;
  needs: Role | null;
}

const PAGES: readonly Page[] = [
  { name: "lot", path: "/", needs: null },
  { name: "cameras", path: "/cameras", needs: "viewer" },
  { name: "history", path: "/history", needs: "viewer" },
  { name: "sessions", path: "/sessions", needs: "viewer" },
  { name: "events", path: "/events", needs: "viewer" },
  { name: "setup", path: "/setup", needs: "admin" },
  { name: "tokens", path: "/tokens", needs: "admin" },
];

export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const name = useView((view) => view.lot?.lot.name);
  const link = useView((view) => view.status.state);
  const { lotId } = useSession();
  const [path] = useLocation();
  useEffect(() => {
    document.title = `${name ?? lotId} · ${t("app.name")}`;
  }, [name, lotId, t, path]);

  return (
    <div className="shell" data-link={link}>
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <header className="topbar">
        <div className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span className="brand-name">{name ?? lotId}</span>
        </div>
        <div className="row">
          <ConnectionPill />
          <Settings />
        </div>
      </header>
      <Navigation />
      <main id="content" className="content" tabIndex={-1}>
        <Update />
        <ConnectionNotice />
        {children}
      </main>
    </div>
  );
}

/** The menu is loaded when nothing else is to do, or when somebody wants it. */
function Settings() {
  const { t } = useTranslation();
  const [isIdle, setIsIdle] = useState(false);
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsIdle(true), IDLE_MS);
    return () => clearTimeout(timer);
  }, []);
  const button = (
    <button className="button square quiet" type="button" aria-label={t("menu.label")} aria-haspopup="menu" onClick={() => setIsAsked(true)}>
      <Icon name="user" />
    </button>
  );
  if (!isIdle && !isAsked) return button;
  return (
    <Suspense fallback={button}>
      <SettingsMenu isOpenAtOnce={isAsked} />
    </Suspense>
  );
}

function Navigation() {
  const { t } = useTranslation();
  const [path] = useLocation();
  const may = { viewer: useMay("viewer"), attendant: useMay("attendant"), admin: useMay("admin"), camera: false };
  const pages = PAGES.filter((page) => page.needs === null || may[page.needs]);
  const frame = useRef<HTMLElement>(null);
  // On a phone not all have room side by side: the one where one is comes into sight.
  useEffect(() => {
    const nav = frame.current;
    const here = nav?.querySelector<HTMLElement>("[aria-current]");
    if (nav && here) nav.scrollLeft = here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  }, [path]);
  return (
    <nav ref={frame} className="nav" aria-label={t("nav.label")}>
      {pages.map((page) => {
        const isHere = page.path === "/" ? path === "/" : path.startsWith(page.path);
        return (
          <Link key={page.name} href={page.path} className="nav-link" aria-current={isHere ? "page" : undefined}>
            <Icon name={page.name} />
            <span>{t(`nav.${page.name}`)}</span>
          </Link>
        );
      })}
    </nav>
  );
}
