# shellcheck shell=bash
# Lays out a minimal Debian in a folder, for fresh.sh and image.sh, which source this file. What it needs of the machine
# that it runs on (mirrors, proxies, certificates, name servers) is read when it runs: some reach the world only so.

# debian_sources SUITE prints the Debian mirrors of this machine, one a line in the form of sources.list. On another system
# DEBIAN_MIRROR names one.
debian_sources() {
  local suite=$1 found=''
  if command -v apt-get >/dev/null; then
    # shellcheck disable=SC2016 # apt expands these
    found=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
      sort -u | awk -v s="$suite" '$3 == s || index($3, s "-") == 1')
  fi
  if [[ -z $found ]]; then
    found="deb ${DEBIAN_MIRROR:?set it to the URL of a Debian mirror: apt here knows none for $suite} $suite main"
  fi
  printf '%s\n' "$found"
}
# lay_out_debian SUITE FOLDER PACKAGE,... : Debian's smallest with certificates and the named packages.
lay_out_debian() {
  local suite=$1 debian=$2 mirror
  mirror=$(debian_sources "$suite" | awk -v s="$suite" '$3 == s { print $2; exit }')
  if ! debootstrap --variant=minbase --include="ca-certificates${3:+,$3}" "$suite" "$debian" "$mirror" >"$debian.log" 2>&1; then
    tail -n 20 "$debian.log" >&2
    return 1
  fi
  rm -rf "$debian"/var/cache/apt/archives/*.deb
  debian_sources "$suite" >"$debian/etc/apt/sources.list"
  apt-config dump Acquire::http Acquire::https >"$debian/etc/apt/apt.conf.d/99host" 2>/dev/null || true
  cp -L /etc/resolv.conf /etc/hosts "$debian/etc/"
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$debian/usr/local/share/ca-certificates/"
    chroot "$debian" update-ca-certificates >/dev/null 2>&1
  fi
}
