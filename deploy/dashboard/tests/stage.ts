// What a file of tests plays on: one browser, one daemon with the small lot, and nginx before it unless the test is of the daemon alone.
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import type { Visit } from "./browser";
import { launch, visit } from "./browser";
import { Daemon, LOT } from "./daemon";
import { Nginx } from "./nginx";

export class Stage {
  private constructor() {}
  browser!: Browser;
  daemon!: Daemon;
  private nginx: Nginx | null = null;

  /** Set up before the first test of the file that calls this, and taken down after its last. */
  static set({ isBare = false, isEmpty = false, flags = [] as readonly string[] } = {}): Stage {
    const stage = new Stage();
    beforeAll(async () => {
      const proxied = isBare ? [] : ["--trusted-proxies", "127.0.0.1"];
      [stage.browser, stage.daemon] = await Promise.all([launch(), Daemon.start(...proxied, ...flags)]);
      if (!isBare) stage.nginx = await Nginx.before(stage.daemon);
      if (!isEmpty) await stage.daemon.fill(LOT);
    });
    afterAll(async () => {
      await stage.browser.close();
      await stage.nginx?.end();
      await stage.daemon.end();
    });
    return stage;
  }

  get url(): string {
    return (this.nginx ?? this.daemon).url;
  }

  visit(options: BrowserContextOptions = {}): Promise<Visit> {
    return visit(this.browser, this.url, options);
  }
}
