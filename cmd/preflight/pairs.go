package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
)

// sidePair are the files of a document's two sides.
type sidePair struct{ front, back string }

// sidePairs are those of one call, in its order.
type sidePairs []sidePair

// splitPairs reads FRONT,BACK. Names may hold commas themselves: then it is split where both files exist.
func splitPairs(args []string) (sidePairs, error) {
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	var out sidePairs
	for _, arg := range args {
		front, back, ok := strings.Cut(arg, ",")
		for at := len(front); ok && (!exists(front) || !exists(back)); {
			next := strings.IndexByte(arg[at+1:], ',')
			if next < 0 {
				front, back, _ = strings.Cut(arg, ",") // what is missing is said when it is its turn
				break
			}
			at += 1 + next
			front, back = arg[:at], arg[at+1:]
		}
		if front == "" || back == "" {
			return nil, fmt.Errorf("--pair %s: want two files, FRONT,BACK", arg)
		}
		for _, p := range out {
			if p.front == back || p.back == front {
				return nil, fmt.Errorf("--pair %s: a file cannot be the front here and the back there", arg)
			}
		}
		if front == back {
			return nil, fmt.Errorf("--pair %s: that is one file twice", arg)
		}
		out = append(out, sidePair{front, back})
	}
	return out, nil
}

// with returns the paths and, after them, the files of the pairs that are not among them.
func (s sidePairs) with(paths []string) []string {
	for _, p := range s {
		for _, side := range []string{p.front, p.back} {
			if !slices.Contains(paths, side) {
				paths = append(paths, side)
			}
		}
	}
	return paths
}

// pages tells which side a file shows.
func (s sidePairs) pages() map[string]filing.Page {
	out := map[string]filing.Page{}
	for _, p := range s {
		out[p.front], out[p.back] = filing.PageFront, filing.PageBack
	}
	return out
}

// judge checks pairs of which both sides could be read.
func (s sidePairs) judge(files []filing.FileReport, material string) []filing.PairReport {
	find := func(path string) *filing.FileReport {
		if i := slices.IndexFunc(files, func(r filing.FileReport) bool { return r.File == path }); i >= 0 {
			return &files[i]
		}
		return nil
	}
	var out []filing.PairReport
	for _, p := range s {
		front, back := find(p.front), find(p.back)
		if front == nil || back == nil {
			continue
		}
		in := checks.PairInput{SameBytes: front.SHA256 == back.SHA256, Material: material, FrontKind: front.Kind, BackKind: back.Kind}
		if front.Measurements != nil && back.Measurements != nil {
			in.Front, in.Back = *front.Measurements, *back.Measurements
		}
		r := checks.Pair(in)
		out = append(out, filing.PairReport{
			Front: p.front, Back: p.back, ScaleRatio: r.ScaleRatio, Basis: r.Basis, Verdict: filing.VerdictOf(r.Findings), Findings: r.Findings,
		})
	}
	return out
}
