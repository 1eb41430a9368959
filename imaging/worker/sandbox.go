package worker

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Sandbox says what a worker gave up.
type Sandbox struct {
	// Landlock is the version of the kernel's Landlock, by which the worker can reach no file and, from 4 on, no TCP port; 0 where
	// the kernel has none.
	Landlock int `json:"landlock"`
	// Seccomp: the worker can make only those system calls that decoding needs: it opens nothing, connects to nothing and starts
	// nothing.
	Seccomp bool `json:"seccomp"`
	// AddressSpace is the bound of the worker's address space in bytes; 0 where there is none.
	AddressSpace int64 `json:"address_space"`
}

// Missing says in words what the kernel could not take away; empty where it took everything.
func (s Sandbox) Missing() string {
	var out []string
	if s.Landlock == 0 {
		out = append(out, "no Landlock")
	}
	if !s.Seccomp {
		out = append(out, "no seccomp")
	}
	return strings.Join(out, ", ")
}

// openFiles is how many descriptors a worker may have: its two pipes and what Go's runtime keeps. Nothing new can be opened
// anyway; this holds where the kernel has no seccomp.
const openFiles = 32

// enclose takes from this process what decoding does not need, for good. Models and libraries are loaded by now. What the
// kernel does not have is passed over and told; what it has and refuses is an error.
func enclose(limits Limits) (Sandbox, error) {
	var s Sandbox
	for resource, bound := range map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_NOFILE: openFiles} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: bound, Max: bound}); err != nil {
			return s, fmt.Errorf("limit of resource %d: %w", resource, err)
		}
	}
	if limits.AddressSpace > 0 && !raceEnabled {
		used, err := addressSpace()
		if err != nil {
			return s, err
		}
		s.AddressSpace = used + limits.AddressSpace
		bound := uint64(s.AddressSpace)
		if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: bound, Max: bound}); err != nil {
			return s, fmt.Errorf("limit of address space: %w", err)
		}
	}
	if version, err := ll.LandlockGetABIVersion(); err == nil && version > 0 {
		if err := landlock.V6.BestEffort().Restrict(); err != nil {
			return s, fmt.Errorf("landlock: %w", err)
		}
		s.Landlock = version
	}
	if seccomp.Supported() {
		filter, err := systemCalls()
		if err != nil {
			return s, err
		}
		if err := seccomp.LoadFilter(filter); err != nil {
			return s, fmt.Errorf("seccomp: %w", err)
		}
		s.Seccomp = true
	}
	return s, nil
}

// addressSpace is how much this process has reserved by now, in bytes: libraries, models, and what Go's runtime sets aside.
func addressSpace() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("look at own memory: %w", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("look at own memory: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// needed are the system calls of a process that computes, waits, and reads and writes what it has open. Those that one
// architecture does not have are left out there.
var needed = []string{
	"read", "write", "readv", "writev", "pread64", "pwrite64", "close", "lseek", "fstat",
	"poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "pipe2",
	"mmap", "munmap", "mprotect", "mremap", "madvise", "brk", "mincore", "membarrier", "get_mempolicy",
	"futex", "futex_waitv", "futex_wait", "futex_wake", "futex_requeue", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack", "restart_syscall",
	"nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "getrusage",
	"timer_create", "timer_settime", "timer_gettime", "timer_delete", "setitimer", "getitimer",
	"sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getcpu",
	"getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrandom", "arch_prctl",
	"exit", "exit_group",
}

// Values of arguments that are looked at.
const (
	prSetName = 15
	prSetVMA  = 0x53564d41
	// errnoNoSuchCall makes libraries fall back from clone3, whose flags lie in memory that a filter cannot read, to clone.
	errnoNoSuchCall = seccomp.Action(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS))
)

// systemCalls is the filter: what is not needed is answered EPERM, so that a library that tries something optional goes on
// without it.
func systemCalls() (seccomp.Filter, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return seccomp.Filter{}, fmt.Errorf("seccomp: %w", err)
	}
	names := slices.DeleteFunc(slices.Clone(needed), func(name string) bool {
		_, found := info.SyscallNames[name]
		return !found
	})
	only := func(name string, argument uint32, operation seccomp.Operation, value uint64) seccomp.NameWithConditions {
		return seccomp.NameWithConditions{Name: name, Conditions: seccomp.ArgumentConditions{{Argument: argument, Operation: operation, Value: value}}}
	}
	// A process may make threads, and no processes; signal itself, and nobody else; name itself and its memory.
	bounded := []seccomp.NameWithConditions{
		only("clone", 0, seccomp.BitsSet, unix.CLONE_THREAD),
		only("tgkill", 0, seccomp.Equal, uint64(os.Getpid())),
		only("prctl", 0, seccomp.Equal, prSetName),
		only("prctl", 0, seccomp.Equal, prSetVMA),
		only("fcntl", 1, seccomp.Equal, unix.F_GETFL),
		only("fcntl", 1, seccomp.Equal, unix.F_SETFL),
		only("fcntl", 1, seccomp.Equal, unix.F_GETFD),
		only("fcntl", 1, seccomp.Equal, unix.F_SETFD),
	}
	return seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls: []seccomp.SyscallGroup{
			{Names: names, NamesWithCondtions: bounded, Action: seccomp.ActionAllow},
			{Names: []string{"clone3"}, Action: errnoNoSuchCall},
		},
	}}, nil
}
