// How long after the one before each picture came, and how large it was: a camera that struggles shows here first.
import { useMemo } from "react";
import { useTranslation } from "../i18n";
import type { Camera, Capture } from "../api/types";
import { useFormat } from "../session";
import { LineChart } from "./LineChart";

export function PictureChart({ camera, captures }: { camera: Camera; captures: readonly Capture[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const taken = useMemo(() => captures.map((capture) => ({ at: Date.parse(capture.captured_at), bytes: capture.bytes })), [captures]);
  const gaps = useMemo(() => taken.slice(1).map(({ at }, before) => ({ at, value: (at - (taken[before]?.at ?? at)) / 1_000 })), [taken]);
  const sizes = useMemo(() => taken.map(({ at, bytes }) => ({ at, value: bytes })), [taken]);
  return (
    <>
      <LineChart label={t("cameras.gaps")} readings={gaps} words={format.seconds} expected={camera.interval_s} />
      <LineChart label={t("cameras.sizes")} readings={sizes} words={format.bytes} />
    </>
  );
}
