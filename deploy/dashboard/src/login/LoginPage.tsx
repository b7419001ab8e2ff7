// A token for a cookie.
import type { SubmitEvent } from "react";
import { useState } from "react";
import { useTranslation } from "../i18n";
import { Refusal, answer, api } from "../api/client";
import type { Identity } from "../api/types";
import { useWords } from "../i18n/problem";
import "./login.css";

interface Props {
  isOver: boolean;
  onDone: (identity: Identity) => void;
}

export function LoginPage({ isOver, onDone }: Props) {
  const { t } = useTranslation();
  const words = useWords();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token") as string;
    setIsBusy(true);
    setProblem(null);
    try {
      onDone(answer(await api.POST("/api/login", { body: { token } })));
    } catch (error) {
      setIsBusy(false);
      const status = error instanceof Refusal ? error.problem.status : null;
      setProblem(status === 401 ? t("login.wrong") : status === 403 ? t("login.camera") : status === 429 ? t("login.limited") : words(error));
    }
  }

  return (
    <main className="login">
      <form className="login-card" onSubmit={submit}>
        <img src="/icon.svg" alt="" width="44" height="44" />
        <h1>{t("login.title")}</h1>
        <p className="muted">{isOver ? t("login.over") : t("login.lead")}</p>
        <label className="field">
          <span>{t("login.token")}</span>
          <input
            name="token"
            type="password"
            autoComplete="current-password"
            spellCheck={false}
            required
            autoFocus
            aria-invalid={problem !== null}
            aria-describedby={problem ? "login-problem" : "login-help"}
          />
        </label>
        {problem && (
          <p id="login-problem" className="problem" role="alert">
            {problem}
          </p>
        )}
        <button className="button primary" type="submit" disabled={isBusy}>
          {t("login.submit")}
        </button>
        <p id="login-help" className="fine">
          {t("login.help")}
        </p>
      </form>
    </main>
  );
}
