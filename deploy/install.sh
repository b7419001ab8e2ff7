#!/usr/bin/env bash
# One Debian machine or Raspberry Pi, from a clone to a running lot: sudo deploy/install.sh
#
#   install.sh [install]    install, or upgrade to what this clone is; asked again, it changes nothing
#   install.sh rollback     the release before this one; with --restore also the data as it was before the upgrade
#   install.sh uninstall    remove everything but data, settings and backups; with --purge those, too
#
#   --bin DIR      take parkd, parkctl and parktui, and the dashboard from DIR/dashboard, instead of building them
#   --tls NAME     serve https://NAME; with a certificate of its own until /etc/parking/tls holds another
set -euo pipefail
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "$0")/.." && pwd)
LIB=/usr/local/lib/parking
ETC=/etc/parking
DATA=/var/lib/parkd
BACKUPS=/var/backups/parking
UNITS=(parkd.service parkd-backup.service parkd-backup-failed.service parkd-backup.timer)
PROGRAMS=(parkd parkctl parktui)
RELEASES_KEPT=3
TRIES=60
# The oldest Node.js that builds the dashboard: major and minor.
NODE_MIN=(20 19)

say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

action=install bin='' tls='' restore='' purge=''
while [ $# -gt 0 ]; do
  case $1 in
    install | rollback | uninstall) action=$1 ;;
    --bin) bin=$(cd "${2:?--bin needs a folder}" && pwd); shift ;;
    --tls) tls=${2:?--tls needs a name}; shift ;;
    --restore) restore=yes ;;
    --purge) purge=yes ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) fail "unknown: $1 (--help lists what there is)" ;;
  esac
  shift
done

[ "$(id -u)" = 0 ] || fail "run it as root: sudo $0"
[ -d /run/systemd/system ] || fail "systemd does not run this machine; see deploy/compose.yaml for containers"

# Where a setting of the daemon says something else than the default.
setting() { sed -n "s/^$1=//p" "$ETC/parkd.env" 2>/dev/null | tail -1; }
release_of() { basename "$(readlink "$LIB/$1" 2>/dev/null || echo none)"; }
as_parkd() { (cd "$DATA" && runuser -u parkd -- env PARKD_DATA_DIR="$DATA" "$@"); }

packages() {
  local missing=()
  [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v curl >/dev/null || missing+=(curl)
  [ -n "$bin" ] || command -v cc >/dev/null || missing+=(gcc libc6-dev)
  [ ${#missing[@]} = 0 ] && return
  say "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Whoever called sudo has the toolchain, and should own what is built.
as_builder() {
  if [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
    runuser -u "$SUDO_USER" -- bash -lc "cd $(printf '%q' "$ROOT") && $*"
  else
    bash -lc "cd $(printf '%q' "$ROOT") && $*"
  fi
}

build() {
  as_builder "command -v cargo" >/dev/null ||
    fail "there is no cargo: install the Rust toolchain (1.95), or bring the programs with --bin DIR"
  say "building; a small board takes an hour the first time"
  as_builder "cargo build --release --locked -p parkd -p parkctl -p parktui --bins"
  bin=$(as_builder "cargo metadata --format-version 1 --no-deps" | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release
  if [ -e "$ROOT/deploy/dashboard/package.json" ]; then build_dashboard; fi
}

# Everything else works without it.
build_dashboard() {
  local found major minor
  found=$(as_builder "node --version" 2>/dev/null) || found=none
  IFS=. read -r major minor _ <<<"${found#v}"
  if [ "$found" = none ] || [ "$major" -lt "${NODE_MIN[0]}" ] || { [ "$major" = "${NODE_MIN[0]}" ] && [ "$minor" -lt "${NODE_MIN[1]}" ]; }; then
    say "the dashboard is left out: it needs Node.js $(IFS=.; echo "${NODE_MIN[*]}") or newer to be built, and there is: $found"
  elif ! as_builder "cd deploy/dashboard && npm ci --no-fund --no-audit --silent && npm run --silent build"; then
    say "the dashboard is left out: it cannot be built, as said above"
  fi
}

# Lays a release out beside those that are there, and says its name: the same content has the same name.
lay_out() {
  local stage=$LIB/releases/.new name
  rm -rf "$stage"
  install -d "$stage/bin" "$stage/dashboard"
  for program in "${PROGRAMS[@]}"; do
    [ -x "$bin/$program" ] && install -m 755 "$bin/$program" "$stage/bin/"
  done
  [ -x "$stage/bin/parkd" ] || fail "there is no parkd in $bin"
  install -m 755 "$ROOT"/deploy/systemd/{parkd-backup,parkd-backup-failed} "$stage/bin/"
  # With the release, so that a rollback has those that belong to it.
  cp -r "$ROOT/deploy/systemd" "$ROOT/deploy/nginx" "$stage/"
  if [ -e "$bin/dashboard/index.html" ]; then
    cp -r "$bin/dashboard/." "$stage/dashboard/"
  elif [ -e "$ROOT/deploy/dashboard/dist/index.html" ]; then
    cp -r "$ROOT/deploy/dashboard/dist/." "$stage/dashboard/"
  else
    cp "$ROOT/deploy/nginx/welcome/index.html" "$stage/dashboard/"
  fi
  chmod -R a+rX "$stage"
  name=$("$stage/bin/parkd" --version | cut -d' ' -f2)
  name+=-$(cd "$stage" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-10)
  if [ -d "$LIB/releases/$name" ]; then rm -rf "$stage"; else mv "$stage" "$LIB/releases/$name"; fi
  printf '%s' "$name"
}

# Makes a release the current or the previous one; there may be none.
point() {
  if [ "$2" = none ]; then rm -f "$LIB/$1"; else ln -sfn "releases/$2" "$LIB/$1.new" && mv -Tf "$LIB/$1.new" "$LIB/$1"; fi
}

# A release that was laid out by an older install.sh has no units and no site of its own: then those that are there stay.
has_own() { [ -d "$LIB/current/$1" ]; }

settings() {
  id parkd >/dev/null 2>&1 || useradd --system --home-dir "$DATA" --no-create-home --shell /usr/sbin/nologin parkd
  install -d -m 755 "$ETC"
  install -d -m 700 -o parkd -g parkd "$DATA" "$BACKUPS"
  if [ ! -e "$ETC/parkd.env" ]; then
    install -m 640 -g parkd /dev/null "$ETC/parkd.env"
    cat >"$ETC/parkd.env" <<'SETTINGS'
# Settings of parkd; parkd serve --help lists them. After a change: systemctl restart parkd
PARKD_LISTEN=127.0.0.1:8080
# nginx runs on this machine, and says who really asks.
PARKD_TRUSTED_PROXIES=127.0.0.1
SETTINGS
  fi
  for unit in "${UNITS[@]}"; do
    has_own systemd || break
    install -m 644 "$LIB/current/systemd/$unit" /etc/systemd/system/
  done
  for program in "${PROGRAMS[@]}"; do
    ln -sfn "$LIB/current/bin/$program" "/usr/local/bin/$program"
  done
  systemctl daemon-reload
}

site() {
  has_own nginx || return 0
  local places=/etc/nginx/parking/places.conf conf=parking.conf how=reload-or-restart
  install -d /etc/nginx/parking /var/cache/nginx /var/www/acme
  for file in "$LIB"/current/nginx/parking/*.conf; do
    # This one is the operator's once it is there.
    [ "$(basename "$file")" = places.conf ] && [ -e "$places" ] && continue
    install -m 644 "$file" /etc/nginx/parking/
  done
  if [ -n "$tls" ]; then
    certificate
  fi
  [ -e "$ETC/tls/fullchain.pem" ] && conf=parking-tls.conf
  # Live screens outlive a reload; another site needs a restart, or for a moment the one before answers still.
  cmp -s "$LIB/current/nginx/$conf" /etc/nginx/conf.d/parking.conf || how=restart
  install -m 644 "$LIB/current/nginx/$conf" /etc/nginx/conf.d/parking.conf
  # Debian's example answers for every name otherwise.
  [ "$(readlink /etc/nginx/sites-enabled/default 2>/dev/null)" = /etc/nginx/sites-available/default ] &&
    rm /etc/nginx/sites-enabled/default
  nginx -t -q || fail "nginx does not take the site; what it served before it serves still"
  systemctl enable -q nginx
  systemctl "$how" nginx
  comes answers "$([ $conf = parking.conf ] && echo http || echo https)://127.0.0.1/health/live" ||
    fail "nginx does not lead to parkd: see journalctl -u nginx"
}

certificate() {
  [ -e "$ETC/tls/fullchain.pem" ] && return
  install -d -m 750 "$ETC/tls"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj "/CN=$tls" \
    -addext "subjectAltName=DNS:$tls" -addext basicConstraints=critical,CA:FALSE \
    -keyout "$ETC/tls/privkey.pem" -out "$ETC/tls/fullchain.pem" 2>/dev/null
  chmod 600 "$ETC/tls/privkey.pem"
  say "https://$tls has a certificate that it signed itself; put another into $ETC/tls and reload nginx"
}

# What answers here may have signed its certificate itself.
answers() { curl -fsSk -o /dev/null "$1" 2>/dev/null; }

comes() {
  for _ in $(seq "$TRIES"); do
    "$@" && return
    sleep 0.5
  done
  return 1
}

restarts() {
  local listen
  listen=$(setting PARKD_LISTEN)
  systemctl restart parkd && comes answers "http://${listen:-127.0.0.1:8080}/health/ready"
}

do_install() {
  local earlier before new
  packages
  [ -n "$bin" ] || build
  install -d "$LIB/releases"
  before=$(release_of current)
  earlier=$(release_of previous)
  new=$(lay_out)
  if [ "$new" != "$before" ] && systemctl is-active -q parkd; then
    say "keeping the data as it is before $new in $BACKUPS/before-$new"
    rm -rf "$BACKUPS/before-$new"
    as_parkd "$LIB/current/bin/parkd" backup create "$BACKUPS/before-$new"
  fi
  if [ "$new" != "$before" ]; then
    point previous "$before"
    point current "$new"
  fi
  settings
  if [ "$new" != "$before" ] || ! systemctl is-active -q parkd; then
    systemctl enable -q parkd
    if ! restarts; then
      journalctl -u parkd -n 20 --no-pager >&2 || true
      [ "$before" = none ] && fail "parkd does not get ready; its log is above"
      point current "$before"
      point previous "$earlier"
      settings
      restarts || fail "neither $new nor $before gets ready; the log is above, the data as it was in $BACKUPS/before-$new"
      fail "$new does not get ready, its log is above; $before runs again"
    fi
  fi
  systemctl enable -q --now parkd-backup.timer
  site
  forget_old
  if [ -e "$ETC/tls/fullchain.pem" ]; then say "parkd $new runs at https://${tls:-$(hostname)}/"; else say "parkd $new runs at http://$(hostname)/"; fi
  say "the admin token: sudo cat $DATA/admin.token"
  say "the command line: sudo PARKD_DATA_DIR=$DATA parkctl status"
}

forget_old() {
  local keep
  keep="$(release_of current) $(release_of previous)"
  # Names hold no blanks: they are made above.
  find "$LIB/releases" -mindepth 1 -maxdepth 1 -printf '%T@ %f\n' | sort -rn | cut -d' ' -f2 | tail -n "+$((RELEASES_KEPT + 1))" |
    while read -r name; do
      case " $keep " in *" $name "*) ;; *) rm -rf "${LIB:?}/releases/$name" "$BACKUPS/before-$name" ;; esac
    done
}

do_rollback() {
  local from to kept
  from=$(release_of current)
  to=$(release_of previous)
  [ "$to" != none ] || fail "there is no release before $from"
  if [ -n "$restore" ]; then
    kept=$BACKUPS/before-$from
    [ -d "$kept" ] || fail "there is no backup $kept"
    [ -z "$(setting DATABASE_URL)$(setting OBJECTS_URL)" ] ||
      fail "the data is not in $DATA: stop parkd, restore $kept into an empty database with 'parkd backup restore', then roll back without --restore"
  fi
  systemctl stop parkd
  point current "$to"
  point previous "$from"
  if [ -n "$restore" ]; then
    mv "$DATA" "$DATA.$from-$(date +%s)"
    install -d -m 700 -o parkd -g parkd "$DATA"
    as_parkd "$LIB/current/bin/parkd" backup restore "$kept"
    cp -p "$DATA.$from"-*/admin.token "$DATA/" 2>/dev/null || true
    say "what was done since the upgrade is in $DATA.$from-… only"
  fi
  settings
  if restarts; then
    site
    say "$to runs again"
    return
  fi
  journalctl -u parkd -n 20 --no-pager >&2 || true
  fail "$to does not get ready, its log is above; if the data is too new for it: install.sh rollback (back to $from), then rollback --restore"
}

do_uninstall() {
  systemctl disable -q --now parkd.service parkd-backup.timer 2>/dev/null || true
  for unit in "${UNITS[@]}"; do rm -f "/etc/systemd/system/$unit"; done
  systemctl daemon-reload
  for program in "${PROGRAMS[@]}"; do
    [ "$(readlink "/usr/local/bin/$program")" = "$LIB/current/bin/$program" ] && rm "/usr/local/bin/$program"
  done
  rm -rf "$LIB" /etc/nginx/conf.d/parking.conf /var/cache/nginx/parking
  if [ -d /etc/nginx/sites-enabled ]; then
    [ -e /etc/nginx/sites-enabled/default ] || [ ! -e /etc/nginx/sites-available/default ] ||
      ln -s /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default
    systemctl restart nginx || true
  fi
  if [ -n "$purge" ]; then
    rm -rf "$DATA" "$ETC" "$BACKUPS" /etc/nginx/parking
    userdel parkd 2>/dev/null || true
    say "nothing is left"
  else
    say "data in $DATA, settings in $ETC and /etc/nginx/parking, backups in $BACKUPS are left; --purge removes them, too"
  fi
}

"do_$action"
