# Thin names over cargo commands.

.PHONY: run test fuzz tools bench bench-tui lint fmt

# A parking lot, live on this machine: builds, starts the demo, prints what to type next.
run:
	cargo build -p parkd -p parkctl --bins
	exec "$${CARGO_TARGET_DIR:-target}/debug/parkd" serve --demo

# Everything that can be tested, against real servers, which are installed first.
test: tools
	cargo test --workspace --exclude parkd-fuzz --all-features

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

lint:
	cargo fmt --all -- --check
	cargo clippy --workspace --exclude parkd-fuzz --all-targets --all-features -- -D warnings
	cargo check -p improv --target thumbv6m-none-eabi

fmt:
	cargo fmt --all
