package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
)

// overlays are the pictures with measurements drawn in that a call asks for: where each is written, in the order of the
// files. None where the call does not ask.
type overlays []string

// planOverlays decides where overlays go: one file's to the path itself, unless that is a folder; those of several files
// into a folder, which is made, under their own names.
func planOverlays(to string, paths []string) (overlays, error) {
	if to == "" {
		return nil, nil
	}
	info, err := os.Stat(to)
	folder := err == nil && info.IsDir() || strings.HasSuffix(to, string(filepath.Separator))
	if len(paths) == 1 && !folder {
		if photo, e := os.Stat(paths[0]); e == nil && err == nil && os.SameFile(photo, info) {
			return nil, usageError("--overlay %s: that is the photo itself", to)
		}
		return overlays{to}, nil
	}
	if err == nil && !folder {
		return nil, usageError("--overlay %s: there are %d photos, so this must be a folder", to, len(paths))
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return nil, usageError("--overlay: %w", err)
	}
	out := make(overlays, len(paths))
	taken := map[string]int{}
	for i, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		if taken[name]++; taken[name] > 1 {
			name += "-" + strconv.Itoa(taken[name])
		}
		out[i] = filepath.Join(to, name+".overlay.jpg")
	}
	return out, nil
}

// draw writes the overlay of file i. Of what cannot be decoded there is none, which its findings say already.
func (o overlays) draw(ctx context.Context, analyzer *imaging.Analyzer, i int, data []byte, m filing.Measurements) error {
	if len(o) == 0 || m.Decode == nil || !m.Decode.Complete {
		return nil
	}
	picture, err := analyzer.Overlay(ctx, data, m)
	switch {
	case errors.Is(err, imaging.ErrUnsupported), errors.Is(err, imaging.ErrDamaged), errors.Is(err, imaging.ErrTooManyPixels):
		return nil
	case err != nil:
		return err
	}
	// The picture shows an identity document: it is for whoever asked for it.
	if err := os.WriteFile(o[i], picture, 0o600); err != nil {
		return fmt.Errorf("--overlay: %w", err)
	}
	return nil
}
