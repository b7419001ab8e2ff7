// Catches what breaks below it, and offers to load the page again: it may be a part of a build that is gone.
import type { ReactNode } from "react";
import { Component } from "react";
import i18next from "i18next";

export class Boundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <div className="empty" role="alert">
        <h1>{i18next.t("app.broken")}</h1>
        <button className="button" type="button" onClick={() => location.reload()}>
          {i18next.t("app.reload")}
        </button>
      </div>
    );
  }
}
