#!/usr/bin/env bash
# The main job on simulated devices: two beds mid-session and a free one, the daemon, the page, a live view. Called by ./dev run.
#   tools/demo.sh BINDIR [--seconds N]
set -euo pipefail
bin=$1
shift
seconds=0
case $#,${1:-} in
0,) ;;
2,--seconds) seconds=$2 ;;
*) seconds=no ;;
esac
if ! [[ $seconds =~ ^[0-9]{1,6}$ ]]; then
    echo "usage: ./dev run [--seconds N]" >&2
    exit 2
fi

dir=$(mktemp -d /tmp/vigil-run.XXXXXX)
pids=()
finish() {
    trap - EXIT INT TERM
    # The daemon first, so that it does not report the simulators as lost.
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
    rm -rf "$dir"
}
trap finish EXIT
trap 'finish; exit 0' INT TERM

start() { "$@" >>"$dir/sim.log" 2>&1 & pids+=($!); }
await() { for _ in $(seq 200); do [ -e "$1" ] && return 0; sleep 0.05; done; echo "no $1" >&2; return 1; }

# A free port for the Modbus unit.
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

mkdir "$dir/state"
cat >"$dir/vigil.yaml" <<YAML
version: 1
node: simulation
require_clock_sync: no
state_dir: $dir/state
endpoints:
  stream: ipc://$dir/stream.sock
  view: ipc://$dir/view.sock
  operate: ipc://$dir/operate.sock
beds:
  - id: bed-1
    name: Room 1
  - id: bed-2
    name: Room 2
  - id: bed-3
    name: Room 3
devices:
  - id: oxi-1
    bed: bed-1
    model: Nonin Xpod 3012
    link: tty:$dir/oxi-1
  - id: cuff-1
    bed: bed-1
    model: SunTech Advantage A+
    link: tty:$dir/cuff-1
  - id: oxi-2
    bed: bed-2
    driver: nonin
    link: tty:$dir/oxi-2
  - id: oxi-3
    bed: bed-3
    driver: nonin
    link: tty:$dir/oxi-3
  - id: cuff-3
    bed: bed-3
    model: SunTech Advantage A+
    link: tty:$dir/cuff-3
  - id: vm-2
    bed: bed-2
    driver: modbus
    link: modbus-tcp:127.0.0.1:$port
    unit: 17
    options:
      map: $PWD/config/modbus/vm2.yaml
profiles:
  - name: hypertensive
  - name: cautious
protocols:
  - name: im
  - name: iv-40
  - name: sl
  - name: esk-56
  - name: esk-84
YAML
ln -s "$PWD/config/limits" "$dir/limits"
ln -s "$PWD/config/protocols" "$dir/protocols"

# A desk and a room that are heard by nobody: they play into the null device of ALSA. Without the
# program there are no sinks, for one that is named and not there is an alarm.
sinks=no
[ -x "$bin/vigil-annunciator" ] && sinks=yes
if [ $sinks = yes ]; then
    cat >>"$dir/vigil.yaml" <<YAML
sinks:
  - id: desk
    role: remote
  - id: room-1
    role: room
YAML
fi

"$bin/vigild" --config "$dir/vigil.yaml" 2>"$dir/vigild.log" &
pids+=($!)
start "$bin/vigil-sim" oximeter --pty "$dir/oxi-1" --seed 1 --course-at -1500
start "$bin/vigil-sim" oximeter --pty "$dir/oxi-2" --seed 2 --fault "10 spo2 8 83" --fault "120 spo2 25 82" \
    --fault "420 spo2 25 81" --fault "900 spo2 25 83"
start "$bin/vigil-sim" oximeter --pty "$dir/oxi-3" --seed 5
start "$bin/vigil-sim" cuff --pty "$dir/cuff-3" --seed 6 --determination-s 10
start "$bin/vigil-sim" cuff --pty "$dir/cuff-1" --seed 3 --course-at -1500 --determination-s 10
start "$bin/vigil-sim" modbus --tcp "$port" --map vm2 --seed 4 --determination-s 12
await "$dir/operate.sock"
sound() { # SINK ROLE
    start "$bin/vigil-annunciator" --sink "$1" --role "$2" --device null \
        --tones "$PWD/config/tones/soft.yaml" --stream "ipc://$dir/stream.sock" \
        --operate "ipc://$dir/operate.sock"
}
if [ $sinks = yes ]; then
    sound desk remote
    sound room-1 room
fi

# The page, with somebody who may sign in.
page_port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
if [ -x "$bin/vigil-dashboard" ]; then
    mkdir -m 700 "$dir/page"
    cat >"$dir/dashboard.yaml" <<YAML
version: 1
title: Vigil on simulated devices
port: ${VIGIL_PAGE_PORT:-$page_port}
state_dir: $dir/page
tones: $PWD/config/tones/soft.yaml
nodes:
  - id: simulation
    stream: ipc://$dir/stream.sock
    view: ipc://$dir/view.sock
    operate: ipc://$dir/operate.sock
YAML
    for person in nurse:nurse clinician:clinician; do
        printf 'vigil-demo\n2468\n' | "$bin/vigil-dashboard" --config "$dir/dashboard.yaml" user add "${person%:*}" \
            --role "${person#*:}" --name "Demo ${person%:*}"
    done
    start "$bin/vigil-dashboard" --config "$dir/dashboard.yaml"
fi

ctl() { VIGIL_SOCKET_DIR="$dir" VIGIL_OPERATOR=demo "$bin/vigilctl" "$@"; }

# What a nurse would do: open sessions, answer what the gate asks, note the dose, ask the cuffs to
# measure, have staff told first in one of the rooms.
story() {
    await "$dir/cuff-1"
    for _ in $(seq 100); do ctl --json status | grep -q '"dev":"cuff-1"[^}]*"online":true' && break; sleep 0.1; done
    ctl session open bed-1 --patient DEMO-1 --protocol im
    ctl session open bed-2 --patient DEMO-2
    for f in identity consent fasting escort contraindications equipment room_air alarm_test; do ctl fact $f yes --bed bed-1; done
    ctl weight 70 kg --bed bed-1
    for bp in 118/74 117/73 119/75; do ctl reading $bp --bed bed-1; done
    ctl baseline --bed bed-1
    [ $sinks = no ] || for _ in $(seq 50); do ctl --json sinks | grep -q '"ok":false' || break; sleep 0.1; done
    ctl dose bolus bed-1 --drug ketamine --amount 35 --unit mg --route im --checked-by second
    ctl nibp start bed-1 cuff-1
    ctl nibp start bed-2 vm-2
    [ $sinks = no ] || ctl quiet on --bed bed-2
}
story >>"$dir/story.log" 2>&1 &

echo "Vigil on simulated devices: state in $dir, Ctrl-C ends. Not a medical device; every value is TEST."
if [ -f "$dir/dashboard.yaml" ]; then
    page=http://127.0.0.1:${VIGIL_PAGE_PORT:-$page_port}/
    echo "The page: $page  sign in as nurse or clinician, password vigil-demo, PIN 2468"
    # The live view takes the whole terminal: first the address is read, or a browser opened.
    if [ "$seconds" = 0 ] && [ -t 0 ] && [ -t 1 ]; then
        [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || xdg-open "$page" >/dev/null 2>&1 || true
        read -r -p "Enter: live view in this terminal, too. Ctrl-C: end. " _ || true
    fi
fi
if [ "$seconds" -gt 0 ]; then
    ctl watch --seconds "$seconds"
else
    ctl watch
fi
if ! kill -0 "${pids[0]}" 2>/dev/null; then
    echo "vigild ended by itself:" >&2
    cat "$dir/vigild.log" >&2
    exit 1
fi
