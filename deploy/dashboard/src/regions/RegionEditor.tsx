// Draws where a camera sees which slot, and says what it may do about them. Nothing is changed before it is saved, and all of it at once then.
import { useMutation } from "@tanstack/react-query";
import type { ChangeEvent, KeyboardEvent } from "react";
import { useEffect, useReducer, useRef, useState } from "react";
import { api, change } from "../api/client";
import type { Camera, CameraRegions, Capture } from "../api/types";
import { useTranslation } from "../i18n";
import { useSession } from "../session";
import { Segments } from "../ui/Segments";
import { Icon } from "../ui/icons";
import { ProblemNote } from "../ui/Problem";
import { download } from "../ui/csv";
import type { Drawing } from "./drawing";
import { BadFile, MODES, ROW_MAX, begin, find, parse, reduce, saved, unseen } from "./drawing";
import { RegionList } from "./RegionList";
import { Surface, ZOOM_MAX, ZOOM_STEP } from "./Surface";
import { fresh } from "./shape";

interface Props {
  camera: Camera;
  capture: Capture;
  known: CameraRegions;
  /** Of the slots that may be drawn, those most likely first. */
  codes: readonly string[];
}

export function RegionEditor({ camera, capture, known, codes }: Props) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const [editor, dispatch] = useReducer(reduce, null, () => begin(asSaved(known), codes));
  const [kept, setKept] = useState<Drawing>(editor.now);
  const [rev, setRev] = useState(known.rev);
  const [zoom, setZoom] = useState(1);
  const [isDrawing, setIsDrawing] = useState(false);
  const [parts, setParts] = useState(5);
  const [badFile, setBadFile] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const selected = find(editor, editor.selected);
  const whole = saved(editor.now);
  const isChanged = editor.now !== kept;
  useLeaveWarning(isChanged, t("regions.leave"));

  const save = useMutation({
    mutationFn: async (drawing: Drawing) => {
      const body = saved(drawing);
      if (!body) return;
      const regions = body.regions.map(({ slot, polygon }) => ({ slot, polygon: polygon.map(([x, y]) => [x, y]) }));
      const drawn = await change((key) =>
        api.PUT("/api/cameras/{camera}/regions", {
          params: { path: { camera: camera.id }, query: { lot: lotId }, header: { "If-Match": `"${rev}"`, "Idempotency-Key": key } },
          body: { mode: body.mode, regions, anchor: capture.id },
        }),
      );
      setRev(drawn.rev);
      setKept(drawing);
    },
  });

  function exportFile() {
    const { mode, regions } = editor.now;
    const rows = regions.flatMap(({ slot, polygon }) => (slot === null ? [] : [{ slot, polygon }]));
    download(`${camera.id}-regions.json`, JSON.stringify({ camera: camera.id, mode, regions: rows }, null, 2) + "\n", "application/json");
  }
  async function importFile(event: ChangeEvent<HTMLInputElement>) {
    const [chosen] = event.target.files ?? [];
    event.target.value = "";
    if (!chosen) return;
    try {
      const drawing = parse(await chosen.text(), editor.now.mode);
      const strange = drawing.regions.find(({ slot }) => !codes.includes(slot));
      if (strange) return setBadFile(t("regions.strangeSlot", { slot: strange.slot }));
      setBadFile(null);
      dispatch({ type: "replace", drawing });
    } catch (error) {
      const at = error instanceof BadFile ? error.at : null;
      setBadFile(at === null ? t("regions.badFile") : t("regions.badRegion", { at }));
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "z") dispatch({ type: event.shiftKey ? "redo" : "undo" });
    else if (key === "y") dispatch({ type: "redo" });
    else return;
    event.preventDefault();
  };

  const tool = (label: string, onClick: () => void, isDisabled = false, isPressed?: boolean) => (
    <button className="button small" type="button" disabled={isDisabled} aria-pressed={isPressed} onClick={onClick}>
      {label}
    </button>
  );
  return (
    <div className="regions" onKeyDown={onKeyDown}>
      <section className="card stack regions-main" aria-label={t("regions.picture")}>
        <div className="row wrap" role="toolbar" aria-label={t("regions.tools")}>
          {tool(t("regions.draw"), () => setIsDrawing(!isDrawing), false, isDrawing)}
          {tool(t("regions.add"), () => dispatch({ type: "add", polygon: fresh([0.5, 0.5]) }))}
          {tool(t("regions.copy"), () => selected && dispatch({ type: "copy", key: selected.key }), !selected)}
          {tool(t("regions.remove"), () => selected && dispatch({ type: "remove", key: selected.key }), !selected)}
          <label className="row fine">
            {t("regions.parts")}
            <input className="input regions-parts" type="number" min={2} max={ROW_MAX} value={parts} onChange={(event) => setParts(event.target.valueAsNumber || 2)} />
          </label>
          {tool(t("regions.split"), () => selected && dispatch({ type: "split", key: selected.key, parts }), selected?.polygon.length !== 4)}
          {tool(t("regions.undo"), () => dispatch({ type: "undo" }), editor.past.length === 0)}
          {tool(t("regions.redo"), () => dispatch({ type: "redo" }), editor.future.length === 0)}
          <button className="button small" type="button" aria-label={t("lot.zoomIn")} disabled={zoom >= ZOOM_MAX} onClick={() => setZoom(Math.min(zoom * ZOOM_STEP, ZOOM_MAX))}>
            <Icon name="plus" size={16} />
          </button>
          <button className="button small" type="button" aria-label={t("lot.zoomOut")} disabled={zoom <= 1} onClick={() => setZoom(Math.max(zoom / ZOOM_STEP, 1))}>
            <Icon name="minus" size={16} />
          </button>
        </div>
        <p className="fine regions-hint" role="status">
          {t(isDrawing ? "regions.hintDrawing" : "regions.hint")}
        </p>
        <Surface
          capture={capture}
          editor={editor}
          dispatch={dispatch}
          zoom={zoom}
          onZoom={setZoom}
          isDrawing={isDrawing}
          onDrawn={(polygon) => {
            if (polygon) dispatch({ type: "add", polygon });
            else setIsDrawing(false);
          }}
        />
        <div className="row wrap">
          {tool(t("regions.export"), exportFile, editor.now.regions.length === 0)}
          {tool(t("regions.import"), () => file.current?.click())}
          <input ref={file} type="file" accept="application/json,.json" className="visually-hidden" tabIndex={-1} aria-label={t("regions.import")} onChange={(event) => void importFile(event)} />
        </div>
        {badFile !== null && (
          <p className="problem" role="alert">
            {badFile}
          </p>
        )}
      </section>
      <section className="card stack regions-side" aria-label={t("regions.title")}>
        <div className="stack regions-mode">
          <h2>{t("regions.mode")}</h2>
          <Segments label={t("regions.mode")} value={editor.now.mode} options={MODES.map((mode) => [mode, t(`regions.modes.${mode}`)])} onChange={(mode) => dispatch({ type: "mode", mode })} />
          <p className="fine">{t(`regions.modeHelp.${editor.now.mode}`)}</p>
        </div>
        {selected && (
          <label className="field">
            <span>{t("regions.slot")}</span>
            <select value={selected.slot ?? ""} onChange={(event) => dispatch({ type: "assign", key: selected.key, slot: event.target.value || null })}>
              <option value="">{t("regions.noSlot")}</option>
              {[...(selected.slot === null ? [] : [selected.slot]), ...unseen(editor)].map((code) => (
                <option key={code}>{code}</option>
              ))}
            </select>
          </label>
        )}
        <ProblemNote error={save.error} />
        {whole === null && <p className="fine">{t("regions.unfinished")}</p>}
        <div className="row wrap">
          <button className="button primary" type="button" disabled={!isChanged || whole === null || save.isPending} onClick={() => save.mutate(editor.now)}>
            {t("common.save")}
          </button>
          {save.isSuccess && !isChanged && (
            <span className="badge good" role="status">
              {t("setup.saved")}
            </span>
          )}
        </div>
        <RegionList camera={camera} editor={editor} isSaved={!isChanged} onSelect={(key) => dispatch({ type: "select", key })} />
      </section>
    </div>
  );
}

function asSaved({ mode, regions }: CameraRegions) {
  return { mode, regions: regions.map(({ slot, polygon }) => ({ slot, polygon: polygon.map(([x = 0, y = 0]) => [x, y] as const) })) };
}

/** What was drawn and not saved is not lost by a slip: by closing the page, nor by a link of it. */
function useLeaveWarning(isChanged: boolean, question: string) {
  useEffect(() => {
    if (!isChanged) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    const ask = (event: MouseEvent) => {
      if (!(event.target as Element).closest("a[href]") || confirm(question)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("beforeunload", warn);
    document.addEventListener("click", ask, true);
    return () => {
      removeEventListener("beforeunload", warn);
      document.removeEventListener("click", ask, true);
    };
  }, [isChanged, question]);
}
