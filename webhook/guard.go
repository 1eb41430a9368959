package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ErrAddress says that a receiver is at an address that the service does not talk to.
var ErrAddress = errors.New("address refused")

// Guard decides which addresses messages may be sent to. It looks when a connection is made, at the address that the
// name was resolved to: what a name meant when it was registered, or a moment ago, proves nothing (DNS rebinding).
//
// The zero Guard lets through public addresses only, and https only.
type Guard struct{ allowed []netip.Prefix }

// NewGuard also allows the networks that are named, "10.1.0.0/16" or "127.0.0.1": receivers inside an office. In them
// http will do.
func NewGuard(networks []string) (Guard, error) {
	var g Guard
	for _, text := range networks {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil || addr.Zone() != "" {
				return Guard{}, fmt.Errorf("network %q: want an address or a network, e.g. 10.1.0.0/16", text)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		if prefix != prefix.Masked() {
			return Guard{}, fmt.Errorf("network %q: its address has bits beyond its mask; did you mean %s?", text, prefix.Masked())
		}
		if prefix.Addr().Is4In6() {
			return Guard{}, fmt.Errorf("network %q: write IPv4 networks as such", text)
		}
		g.allowed = append(g.allowed, prefix)
	}
	return g, nil
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, text := range list {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

// inside4 are the IPv4 networks that are not on the public internet (IANA IPv4 Special-Purpose Address Registry), and one
// address that is: 168.63.129.16, where Azure tells a machine about itself. Other clouds do so at 169.254.169.254,
// 169.254.170.2, 100.100.100.200 and 192.0.0.192, all within.
func inside4() []netip.Prefix {
	return prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32")
}

// inside6 are those within 2000::/3, which is all of IPv6 that is public, that are not (IANA IPv6 Special-Purpose Address
// Registry): protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112. Loopback, unique local, link-local
// and multicast addresses, NAT64 (64:ff9b::/96, 64:ff9b:1::/48) and the discard prefix are outside of 2000::/3.
func inside6() []netip.Prefix {
	return prefixes("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
}

// public reports whether an address is one of the public internet.
func public(addr netip.Addr) bool {
	within := func(p netip.Prefix) bool { return p.Contains(addr) }
	if addr.Is4() {
		return !slices.ContainsFunc(inside4(), within)
	}
	return addr.Zone() == "" && netip.MustParsePrefix("2000::/3").Contains(addr) && !slices.ContainsFunc(inside6(), within)
}

// Check says whether a connection to an address may be made; secure is https. The error wraps ErrAddress.
func (g Guard) Check(addr netip.Addr, secure bool) error {
	addr = addr.Unmap() // ::ffff:127.0.0.1 is 127.0.0.1
	switch {
	case slices.ContainsFunc(g.allowed, func(p netip.Prefix) bool { return p.Contains(addr) }):
		return nil
	case !public(addr):
		return fmt.Errorf("%w: it is not on the public internet", ErrAddress)
	case !secure:
		return fmt.Errorf("%w: over the public internet only https is used", ErrAddress)
	}
	return nil
}

// control is what a dialer calls with each address that it is about to connect to, after the name was resolved.
func (g Guard) control(secure bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: it cannot be read", ErrAddress)
		}
		return g.Check(to.Addr(), secure)
	}
}

// urlMost bounds the length of a receiver's URL.
const urlMost = 1000

// CheckURL says what is wrong with the URL of a receiver that is to be registered; nil where nothing can be said before a
// connection is made. The error is for the operator who registers it, and wraps ErrAddress where the address is the reason.
func (g Guard) CheckURL(raw string) error {
	if len(raw) > urlMost {
		return fmt.Errorf("it is longer than %d bytes", urlMost)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return errors.New("it is no URL") // the library's error quotes it
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("it begins with neither https:// nor http://")
	case u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return errors.New("it names no host")
	case u.User != nil:
		return errors.New("it holds a user or a password; the signature is what tells who sends")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return errors.New("it holds a fragment (#), which is never sent")
	case strings.HasSuffix(u.Host, ":"):
		return errors.New("its port is empty")
	case u.Port() != "":
		if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
			return errors.New("its port is none of 1 to 65535")
		}
	}
	if strings.ContainsAny(u.Hostname(), "%\\ ") {
		return errors.New("its host is no name and no address")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return g.Check(addr, u.Scheme == "https")
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case last == "" || last[0] >= '0' && last[0] <= '9':
		// 127.1, 0x7f.1, 2130706433: some resolvers take them for addresses.
		return fmt.Errorf("%w: its host is neither a name nor an address in the usual form", ErrAddress)
	case u.Scheme == "http" && len(g.allowed) == 0:
		return errors.New("it begins with http://; over the public internet only https is used")
	case (host == "localhost" || last == "localhost" || last == "internal" || last == "local") && len(g.allowed) == 0:
		return fmt.Errorf("%w: it is a name of this machine or of its network", ErrAddress)
	}
	return nil
}
